"""Stage 3: drafts become jobs, or every problem at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from batchrunner.catalog import Catalog, Role, Rule
from batchrunner.catalog.picture_limits import SentAs
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems, Severity
from batchrunner.domain.request import is_signed
from batchrunner.manifest import keys
from batchrunner.manifest.drafts import Draft
from batchrunner.manifest.field_errors import field_errors
from batchrunner.manifest.image_links import is_link, link_fault
from batchrunner.manifest.layers import PROFILE_RANK, Value
from batchrunner.manifest.local_images import ImageError, Pictures, shape_fault
from batchrunner.manifest.picture_faults import picture_faults
from batchrunner.manifest.placeholders import WORD, placeholders
from batchrunner.manifest.wire_values import wire_value
from batchrunner.manifest.yaml import nodes


@dataclass(slots=True)
class Validator:
    """Judges the drafts of one manifest, one after the other; it knows what it has seen.

    `is_fragment`: what is not written may be given by the manifest that includes it, and is not missed.
    """

    catalog: Catalog
    manifest: str
    profile: str
    pictures: Pictures
    problems: Problems
    is_fragment: bool = False
    _requests: dict[str, str] = field(default_factory=dict)
    _lacking: dict[Code, Location] = field(default_factory=dict)

    def job(self, draft: Draft, output: str) -> Job | None:
        """The job behind a draft; None where it has problems."""
        model = draft.model
        body = {name: wire_value(value.node, model.fields[name]) for name, value in _own_fields(draft)}
        wrong = {*draft.wrong, *self._foreign_fields(draft), *self._required(draft)}
        wrong.update(self._placeholders(draft))
        wrong.update(self._shapes(draft, body))
        wrong.update(self._images(draft, body, wrong))
        known = model.rules if not (wrong or self.is_fragment) else self._applicable(model.rules, body, wrong)
        broken = [rule for rule in known if rule.breaks(body)]
        told = {rule.fields[0] for rule in broken if rule.severity is Severity.ERROR}
        for rule in broken:
            if rule.severity is Severity.ERROR or rule.fields[0] not in told:
                self.problems.add(self._problem(rule, draft, body))
        if wrong or any(rule.severity is Severity.ERROR for rule in broken):
            return None
        written = {**draft.fields, **({"model": draft.model_said} if draft.model_said else {})}
        locations = {name: value.node.location for name, value in written.items()}
        layers = {name: value.layer for name, value in written.items() if value.layer}
        cells = {name: value.place for name, value in written.items() if value.place != value.node.location}
        identity = JobId(self.manifest, self.profile, draft.id, draft.take)
        job = Job(
            identity,
            body,
            self.catalog.request_of(model.slug, body),
            output,
            draft.tags,
            draft.origin.place,
            locations,
            layers,
            cells,
            draft.origin.columns,
        )
        self._note_equals(job)
        return job

    def _applicable(self, rules: Iterable[Rule], body: Mapping[str, object], wrong: set[str]) -> list[Rule]:
        """The rules of which all is known that they speak of."""
        lacking = self.is_fragment
        return [
            rule for rule in rules if not (wrong & set(rule.fields) or (lacking and set(rule.fields) - body.keys()))
        ]

    def _problem(self, rule: Rule, draft: Draft, body: Mapping[str, object]) -> Problem:
        location, name = self._rule_place(rule, draft, body), rule.fields[0]
        return Problem(rule.code, location, rule.message, rule.hint, name, draft.names, given=rule.severity)

    def _rule_place(self, rule: Rule, draft: Draft, body: Mapping[str, object]) -> Location:
        """What is empty and would fix it, else the first field that a row gives, else the first that is written.

        What a whole batch lacks, and is only worth a look, is told once: at the first job that lacks it.
        """
        written = [draft.fields[name] for name in rule.fields if name in draft.fields]
        given = [value.place for value in written if value.cells]
        empty = {name: draft.empty[name] for name in rule.fields if name in draft.empty}
        missing = [place for name, place in empty.items() if rule.fixed_by(name, draft.model.fields[name], body)]
        missing.sort(key=lambda place: place.file != draft.origin.place.file)  # first what the row leaves open
        found = [*missing, *given, *(value.location for value in written), *empty.values()]
        if found:
            return found[0]
        return (
            draft.location if rule.severity is Severity.ERROR else self._lacking.setdefault(rule.code, draft.location)
        )

    def _add(self, code: Code, name: str, node: nodes.Node, said: str, hint: str | None, draft: Draft) -> None:
        value = draft.fields[name]
        self.problems.add(Problem(code, value.place_of(node), said + value.origin, hint, name, draft.names))

    def _foreign_fields(self, draft: Draft) -> Iterator[str]:
        for name in sorted(draft.fields.keys() - draft.model.fields.keys()):
            said, hint = f"the model {draft.model.slug} has no `{name}`", "remove it"
            chosen = draft.model_said
            if chosen and chosen.rank == PROFILE_RANK and draft.fields[name].rank < PROFILE_RANK:
                said += f", and {chosen.layer} names that model"
                hint = f"to leave it out there, write `drop: [{name}]` into the profile"
            by_row = chosen is not None and chosen.cells and draft.fields[name].cells
            location = draft.fields[name].place if by_row else draft.fields[name].location
            self.problems.add(Problem(Code.UNKNOWN_KEY, location, said, hint, name, draft.names))
            yield name

    def _required(self, draft: Draft) -> Iterator[str]:
        for name in draft.model.required:
            if name not in draft.fields and name not in draft.wrong and not self.is_fragment:
                said, hint = f"`{name}` is missing", f"write `{name}: …`"
                location = draft.empty.get(name, draft.location)
                if name in draft.empty:
                    said, hint = f"`{name}` is empty here", "fill it in; a variable may have a default: `${…:-text}`"
                self.problems.add(Problem(Code.MISSING_KEY, location, said, hint, name, draft.names))
                yield name

    def _placeholders(self, draft: Draft) -> Iterator[str]:
        for name, value in _own_fields(draft):
            for node in placeholders(value.node):
                said = f"`{draft.said(name)}` still says {WORD}{value.origin}"
                cells = (cell.location for cell in value.cells if any(placeholders(cell)))
                place, hint = next(cells, node.location), "write what you want there instead"
                self.problems.add(Problem(Code.PLACEHOLDER, place, said, hint, name, draft.names))
                yield name

    def _shapes(self, draft: Draft, body: Mapping[str, object]) -> Iterator[str]:
        for name, value in body.items():
            for code, node, said, hint in field_errors(
                draft.model, name, draft.said(name), value, draft.fields[name].node
            ):
                self._add(code, name, node, said, hint, draft)
                yield name

    def _images(self, draft: Draft, body: dict[str, object], wrong: set[str]) -> Iterator[str]:
        """Links are looked at, local pictures are looked into; a picture takes the place of its path in the body."""
        for name in [each for each in draft.model.links if each in body]:
            node = draft.fields[name].node
            if not isinstance(body[name], list):
                if name not in wrong:
                    body[name] = self._image(str(body[name]), name, node, draft, body)
            else:
                pairs = zip(_as_list(body[name]), _items(draft.fields[name].node), strict=False)
                sound = [(text, node) for text, node in pairs if isinstance(text, str) and _is_sound(text, node)]
                body[name] = [self._image(text, name, node, draft, {}) for text, node in sound]
            if body[name] is None or None in _as_list(body[name]):
                yield name

    def _image(self, text: str, name: str, node: nodes.Node, draft: Draft, body: Mapping[str, object]) -> object:
        """What the job sends: the link, or the local picture. None where it is a problem."""
        if is_link(text):
            self._look_at_link(text, name, node, draft)
            return text
        limits = draft.model.pictures.get(name)
        if limits is None or SentAs.UPLOAD not in limits.accepts:
            kind = draft.model.links[name]
            said = f"`{draft.said(name)}` takes links only, and `{keys.shortened(text)}` is a local file"
            hint = f"put the {kind} where the service can fetch it, and write `https://…`"
            self._add(Code.BAD_LINK, name, node, said, hint, draft)
            return None
        found = self.pictures.picture(text, draft.fields[name])
        faults = [found] if isinstance(found, ImageError) else picture_faults(found, limits)
        for fault in faults:
            self._add(fault.code, name, node, f"`{draft.said(name)}` {fault.message}", fault.hint, draft)
        if isinstance(found, ImageError) or any(fault.code.severity is Severity.ERROR for fault in faults):
            return None
        shape = shape_fault(found, draft.model.value(body, Role.ASPECT_RATIO)) if body else None
        if shape is not None:
            self._add(shape.code, name, node, f"`{draft.said(name)}` {shape.message}", shape.hint, draft)
        return found.image

    def _look_at_link(self, text: str, name: str, node: nodes.Node, draft: Draft) -> None:
        if text.casefold().startswith("http://"):
            self._add(
                Code.PLAIN_LINK,
                name,
                node,
                f"`{draft.said(name)}` is fetched without encryption",
                "write `https://…`",
                draft,
            )
        if is_signed(text):
            said = f"`{draft.said(name)}` is a signed link: it stops working, often within hours"
            self._add(Code.SIGNED_LINK, name, node, said, "use a lasting link, or a local file", draft)

    def _note_equals(self, job: Job) -> None:
        """Two jobs that ask for the same are two clips, paid twice; takes of one job are meant so."""
        who = job.identity
        first = self._requests.setdefault(job.request.fingerprint, who.job)
        if first != who.job:
            said = f"{who.job} and {first} ask for the same clip: each is paid for"
            hint = "remove one, or write `takes: 2` if two are wanted"
            problem = Problem(Code.EQUAL_REQUESTS, job.location, said, hint, None, (job.name,))
            self.problems.add(problem)


def _is_sound(text: str, node: nodes.Node) -> bool:
    return link_fault(text) is None and not any(placeholders(node))


def _own_fields(draft: Draft) -> Iterator[tuple[str, Value]]:
    """The written fields, in the documentation's order."""
    return ((name, draft.fields[name]) for name in draft.model.fields if name in draft.fields)


def _items(node: nodes.Node) -> tuple[nodes.Node, ...]:
    return node.items if isinstance(node, nodes.Sequence) else ()


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
