"""Drafts: wanted clips, expanded but unchecked; and how a job's filled values become them."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from batchrunner.catalog import Catalog, Model
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.job_origin import JobOrigin
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.layers import Value
from batchrunner.manifest.model_fields import ModelFields
from batchrunner.manifest.yaml import nodes

_LONGEST_NAME = 128
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{_LONGEST_NAME - 1}}}")
MOST_JOBS = 100_000
_MOST_TAKES = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """One wanted clip, expanded but unchecked.

    `fields` are the request fields that were written; `wrong` names keys that have a problem already; `empty` has
    the places of cells and of `null` that left a key out; `named_at` is where its id stands, `model_said` how its model
    was written. The fields are those of the `model`; `words` has what the author called them where that differs.
    """

    id: str
    take: int
    model: Model
    fields: Mapping[str, Value]
    tags: tuple[str, ...]
    output: Value | None
    origin: JobOrigin
    wrong: frozenset[str] = frozenset()
    empty: Mapping[str, Location] = field(default_factory=dict)
    named_at: Location | None = None
    model_said: Value | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def location(self) -> Location:
        """Where its job is written: what no row gives is missing there."""
        return self.origin.location

    def said(self, name: str) -> str:
        """What its author called a field."""
        return self.words.get(name, name)

    @property
    def name(self) -> str:
        """What people and files call it; empty where it has no usable id."""
        return self.id if self.take == 1 else f"{self.id}.{self.take}"

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, for a problem that says which jobs it hits."""
        return (self.name,) if self.name else ()


@dataclass(frozen=True, slots=True)
class Drafts:
    """A whole manifest, expanded but unchecked; `lines` are its files', for snippets."""

    name: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    drafts: tuple[Draft, ...] = ()
    profiles: tuple[str, ...] = ()
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class ResolvedValues:
    """A job's values with their variables filled.

    `wrong` names those that could not be filled; `empty` those that an empty cell left out, with the cell's place.
    """

    values: dict[str, Value] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    empty: dict[str, Location] = field(default_factory=dict)


@dataclass(slots=True)
class DraftBuilder:
    """Turns values into drafts; it knows which ids are taken, and whether it reads a mere fragment."""

    catalog: Catalog
    problems: Problems
    is_fragment: bool
    top: Location
    _taken: dict[str, tuple[str, Location]] = field(default_factory=dict)
    _tried: int = 0
    _is_told: bool = False

    def is_full(self, location: Location) -> bool:
        """Whether a manifest may have no more drafts, disabled ones included; then one problem says so."""
        if max(len(self._taken), self._tried) < MOST_JOBS:
            return False
        if not self._is_told:
            said = f"the manifest has more than {MOST_JOBS:,} jobs"
            self.problems.add(Problem(Code.TOO_MANY, location, said, "split it into several", "jobs"))
        self._is_told = True
        return True

    def drafts(self, filled: ResolvedValues, origin: JobOrigin, *, is_named: bool = True) -> Iterator[Draft]:
        """One draft a take; none where the job is disabled.

        `is_named`: its id is not known to be wrong already.
        """
        self._tried += 1
        right = {name: value for name, value in filled.values.items() if self._is_right(name, value)}
        wrong = frozenset(filled.wrong | (filled.values.keys() - right.keys()))
        if _is_disabled(right):
            return
        # a job without a usable name or model is still judged: all its mistakes are shown at once
        job_id = (self._id(right, filled.empty) or "") if is_named else ""
        model = self._model(right, wrong, job_id, filled.empty.get("model"))
        if model is None:
            return
        if not self.is_fragment and ("model" not in right or _text(right["model"]) != model.slug):
            wrong |= {"model"}
        naming = ModelFields(self.catalog, model, self.problems)
        fields, words = naming.of(right, (job_id,) if job_id else ())
        wrong = frozenset(naming.field_for(name) or name for name in wrong) if wrong else wrong
        empty = {naming.field_for(name) or name: place for name, place in filled.empty.items()}
        for take in range(1, (self._number_of_takes(right) if job_id else 1) + 1):
            draft = Draft(job_id, take, model, fields, _tags(right), right.get("output"), origin, wrong, empty)
            named_at = right["id"].place if job_id else None
            if named_at and self._is_new(draft.name, named_at):
                yield replace(draft, named_at=named_at, model_said=right.get("model"), words=words)
            else:
                yield replace(draft, wrong=wrong | {"id"}, words=words)

    def _is_right(self, name: str, value: Value) -> bool:
        if name not in keys.MERGED:
            return True  # a request field: the model's schema judges it
        return keys.has_kind(name, value.node, keys.MERGED[name].kind, self.problems, value.origin, value.place)

    def _id(self, values: Mapping[str, Value], empty: Mapping[str, Location]) -> str | None:
        value = values.get("id")
        if "id" in empty and value is None:
            said = "the cell that names the job is empty"
            self.problems.add(Problem(Code.BAD_ID, empty["id"], said, "give each row a name of its own", "id"))
        if value is None or not isinstance(value.node, nodes.Scalar):
            return None
        job_id = text_of(value.node)
        if NAME.fullmatch(job_id):
            return job_id
        said = f'"{keys.shortened(job_id)}" cannot be an id'
        self.problems.add(Problem(Code.BAD_ID, value.place, said, hint_for_name(job_id), "id"))
        return None

    def _model(
        self, values: Mapping[str, Value], wrong: frozenset[str], job_id: str, empty: Location | None
    ) -> Model | None:
        """The model that a job asks, or by which it is judged where it names none; None where nothing is near.

        `empty` is the cell that left it out.
        """
        value = values.get("model")
        if value is None:
            first = self.catalog.default
            if "model" not in wrong and not self.is_fragment:  # the manifest that includes it will name one
                hint = f"write `model: {first.slug}` at the top of the manifest"
                said = "`model` is empty here" if empty else "no `model` is given"
                jobs = (job_id,) if job_id else ()
                self.problems.add(Problem(Code.MISSING_KEY, empty or self.top, said, hint, "model", jobs))
            return first
        slug = _text(value)
        if found := self.catalog.find(slug):
            return found
        near = nearest_name(slug, self.catalog.slugs)
        hint = f"did you mean `{near}`?" if near else "`batchrunner models` lists the known ones"
        said = f'there is no model "{keys.shortened(slug)}"'
        self.problems.add(Problem(Code.UNKNOWN_MODEL, value.place, said + value.origin, hint, "model"))
        return self.catalog.find(near) if near else None

    def _number_of_takes(self, values: Mapping[str, Value]) -> int:
        value = values.get("takes")
        takes = value.node.value if value and isinstance(value.node, nodes.Scalar) else 1
        if isinstance(takes, int) and 1 <= takes <= _MOST_TAKES:
            return takes
        if value:
            said = f"`takes` must be from 1 to {_MOST_TAKES}, not {keys.described(value.node)}{value.origin}"
            is_more = isinstance(takes, int) and takes > 0
            hint = "write several jobs" if is_more else "to leave a job out, write `enabled: false`"
            self.problems.add(Problem(Code.WRONG_VALUE, value.place, said, hint, "takes"))
        return 1

    def _is_new(self, name: str, location: Location) -> bool:
        """Ids name files: they must differ even on a disk that ignores case."""
        if name.casefold() not in self._taken:
            self._taken[name.casefold()] = (name, location)
            return True
        first, taken_at = self._taken[name.casefold()]
        hint = "give each job an id of its own"
        said = f'the id "{name}" is taken by the job at {taken_at}'
        if first != name:
            said = f'the id "{name}" is that of the job at {taken_at} on a disk that ignores case: "{first}"'
        elif taken_at == location:
            said = f'the id "{name}" comes up more than once here'
            hint = "name the row or the axes in it: `${row.shot}`, `${matrix.angle}`"
        self.problems.add(Problem(Code.DUPLICATE_ID, location, said, hint, "id"))
        return False


def _text(value: Value) -> str:
    return text_of(value.node) if isinstance(value.node, nodes.Scalar) else ""


def hint_for_name(name: str) -> str:
    """A hint for a name that cannot be one, with the nearest that can."""
    if len(name) > _LONGEST_NAME and NAME.fullmatch(name[:_LONGEST_NAME]):
        return f"use at most {_LONGEST_NAME} characters"
    better = slug(name)
    return "use letters, digits, `.`, `_` and `-`" + (f": `{better}`" if better else "")


def slug(name: str) -> str:
    """The nearest name that can be an id; empty where nothing is left of it."""
    if NAME.fullmatch(name):
        return name
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    better = re.sub(r"[^A-Za-z0-9._-]+", "-", plain.replace("ß", "ss")).strip("-._")[:_LONGEST_NAME]
    return better if NAME.fullmatch(better) else ""


def _is_disabled(values: Mapping[str, Value]) -> bool:
    value = values.get("enabled")
    return value is not None and isinstance(value.node, nodes.Scalar) and value.node.value is False


def _tags(values: Mapping[str, Value]) -> tuple[str, ...]:
    items = keys.texts_of(values["tags"].node) if "tags" in values else ()
    return tuple(dict.fromkeys(text_of(item) for item in items))
