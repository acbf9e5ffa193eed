"""Drafts: wanted clips, expanded but unchecked; and how a job's filled values become them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from batchrunner.catalog import find, models
from batchrunner.manifest import keys, nodes
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.layers import Value
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems, nearest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
MOST_JOBS = 100_000
_MOST_TAKES = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """One wanted clip, expanded but unchecked.

    `fields` are the request fields that were written; `wrong` names keys that have a problem already; `empty` has
    the places of cells that left a key out.
    """

    id: str
    take: int
    model: str
    fields: Mapping[str, Value]
    tags: tuple[str, ...]
    output: Value | None
    place: Place
    wrong: frozenset[str] = frozenset()
    empty: Mapping[str, Place] = field(default_factory=dict)

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
class Filled:
    """A job's values with their variables filled.

    `wrong` names those that could not be filled; `empty` those that an empty cell left out, with the cell's place.
    """

    values: dict[str, Value] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    empty: dict[str, Place] = field(default_factory=dict)


@dataclass(slots=True)
class Drafting:
    """Turns values into drafts; it knows which ids are taken, and whether it reads a mere fragment."""

    problems: Problems
    is_fragment: bool
    _taken: dict[str, Place] = field(default_factory=dict)

    def is_full(self, place: Place) -> bool:
        """Whether there are as many drafts as a manifest may have; then a problem says so."""
        if len(self._taken) < MOST_JOBS:
            return False
        said = f"the manifest has more than {MOST_JOBS:,} jobs"
        self.problems.add(Problem(Code.TOO_MANY, place, said, "split it into several", "jobs"))
        return True

    def drafts(self, filled: Filled, place: Place) -> Iterator[Draft]:
        """One draft a take; none where the job is disabled or has no usable name."""
        right = {name: value for name, value in filled.values.items() if self._is_right(name, value)}
        wrong = frozenset(filled.wrong | (filled.values.keys() - right.keys()))
        if _is_disabled(right):
            return
        model = self._model(right, wrong, place)
        if model is None:
            return
        # a job without a usable name is still judged: all its mistakes are shown at once
        job_id = self._id(right, filled.empty) or ""
        fields = {name: value for name, value in right.items() if name not in keys.JOB}
        for take in range(1, (self._number_of_takes(right) if job_id else 1) + 1):
            draft = Draft(job_id, take, model, fields, _tags(right), right.get("output"), place, wrong, filled.empty)
            is_named = bool(job_id) and self._is_new(draft.name, right["id"].node.place)
            yield draft if is_named else replace(draft, wrong=wrong | {"id"})

    def _is_right(self, name: str, value: Value) -> bool:
        if name not in keys.JOB:
            return True  # a request field: the model's schema judges it
        return keys.has_kind(name, value.node, keys.JOB[name].kind, self.problems, value.origin)

    def _id(self, values: Mapping[str, Value], empty: Mapping[str, Place]) -> str | None:
        node = values["id"].node if "id" in values else None
        if "id" in empty and node is None:
            said = "the cell that names the job is empty"
            self.problems.add(Problem(Code.BAD_ID, empty["id"], said, "give each row a name of its own", "id"))
        if not isinstance(node, nodes.Scalar):
            return None
        job_id = text_of(node)
        if NAME.fullmatch(job_id):
            return job_id
        better = re.sub(r"[^A-Za-z0-9._-]+", "-", job_id).strip("-._")[:128]
        hint = "use letters, digits, `.`, `_` and `-`" + (f": `{better}`" if NAME.fullmatch(better) else "")
        said = f'"{keys.shortened(job_id)}" cannot be an id'
        self.problems.add(Problem(Code.BAD_ID, node.place, said, hint, "id"))
        return None

    def _model(self, values: Mapping[str, Value], wrong: frozenset[str], place: Place) -> str | None:
        value = values.get("model")
        if value is None and self.is_fragment:
            return next(iter(models()))  # the manifest that includes it will name one
        if value is None:
            if "model" not in wrong:
                hint = f"write `model: {next(iter(models()))}` at the top of the manifest"
                self.problems.add(Problem(Code.MISSING_KEY, place, "the job has no `model`", hint, "model"))
            return None
        slug = text_of(value.node) if isinstance(value.node, nodes.Scalar) else ""
        if find(slug):
            return slug
        near = nearest(slug, models())
        hint = f"did you mean `{near}`?" if near else f"known models: {', '.join(models())}"
        said = f'there is no model "{keys.shortened(slug)}"'
        self.problems.add(Problem(Code.UNKNOWN_MODEL, value.node.place, said, hint, "model"))
        return None

    def _number_of_takes(self, values: Mapping[str, Value]) -> int:
        value = values.get("takes")
        takes = value.node.value if value and isinstance(value.node, nodes.Scalar) else 1
        if isinstance(takes, int) and 1 <= takes <= _MOST_TAKES:
            return takes
        if value:
            said = f"`takes` must be from 1 to {_MOST_TAKES}{value.origin}"
            hint = "`enabled: false` leaves a job out"
            self.problems.add(Problem(Code.WRONG_VALUE, value.node.place, said, hint, "takes"))
        return 1

    def _is_new(self, name: str, place: Place) -> bool:
        """Ids name files: they must differ even on a disk that ignores case."""
        first = self._taken.get(name.casefold())
        if first is None:
            self._taken[name.casefold()] = place
            return True
        said = f'the id "{name}" is taken by the job at {first}'
        if first == place:
            said = f'the id "{name}" comes up more than once here'
        hint = "give each job an id of its own; a generated one names its row or its axes: `${row.shot}`"
        self.problems.add(Problem(Code.DUPLICATE_ID, place, said, hint, "id"))
        return False


def _is_disabled(values: Mapping[str, Value]) -> bool:
    value = values.get("enabled")
    return value is not None and isinstance(value.node, nodes.Scalar) and value.node.value is False


def _tags(values: Mapping[str, Value]) -> tuple[str, ...]:
    items = keys.texts_of(values["tags"].node) if "tags" in values else ()
    return tuple(dict.fromkeys(text_of(item) for item in items))
