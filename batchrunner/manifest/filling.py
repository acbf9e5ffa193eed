"""Filling: what `${…}` can mean at each place of a manifest, and how much all of it may become."""

from collections.abc import Mapping
from dataclasses import replace

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.manifest import keys
from batchrunner.manifest.drafts import ResolvedValues
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.layers import Value
from batchrunner.manifest.matrix import Combination
from batchrunner.manifest.permissions import Reach
from batchrunner.manifest.rows.reader import Row
from batchrunner.manifest.variables import (
    MOST_BYTES,
    Scope,
    VariableProblem,
    has_variable,
    size_of,
    substitute,
    text_node,
    too_long,
    used,
)
from batchrunner.manifest.yaml import nodes

MOST_FILLED_BYTES = 100 * 1024 * 1024  # of all jobs together

_NOWHERE = Location("", 1, 1)
_NO_JOB = dict.fromkeys(
    ("row", "matrix"), "it can be used only in jobs; here, `vars`, `env` and `manifest` can be used"
)
_WHY_NOT = {
    "row": "it can be used only in a job with `rows:`",
    "matrix": "it can be used only in a job with `matrix:`",
    "job": "`${job.id}` and `${job.model}` can be used only in `output`",
}


class Filling:
    """Fills the values of one manifest, and counts their bytes.

    `lists` are the request fields that hold several values. A fragment may lack variables: its manifest may give them.
    """

    def __init__(
        self, manifest: str, reach: Reach, lists: frozenset[str], problems: Problems, *, is_fragment: bool
    ) -> None:
        self._reach = reach
        self._problems = problems
        self._is_fragment = is_fragment
        self._lists = lists | {"tags"}
        self._bytes = 0
        self._full_at: Location | None = None
        environment = {name: text_node(text, _NOWHERE) for name, text in reach.permissions.environment.items()}
        spaces = {"env": environment, "manifest": {"name": text_node(manifest, _NOWHERE)}}
        permissions = reach.permissions
        self._names = Scope(spaces, _NO_JOB, permitted=permissions.variables, withheld=permissions.others)

    def names(self, variables: Mapping[str, nodes.Node]) -> Scope:
        """What variables can mean outside of jobs, beside these of `vars`."""
        return replace(self._names, spaces={"vars": variables, **self._names.spaces})

    def job_names(self, variables: Mapping[str, nodes.Node], row: Row | None, combination: Combination | None) -> Scope:
        """What they can mean in a job of this row and this combination."""
        spaces: dict[str, Mapping[str, nodes.Node]] = {"vars": variables, **self._names.spaces}
        if row is not None:
            spaces["row"] = row.cells
        if combination is not None:
            spaces["matrix"] = combination
        return replace(self._names, spaces=spaces, why_not=_WHY_NOT)

    def filled(self, merged: Mapping[str, Value], names: Scope) -> ResolvedValues:
        """These values with their variables filled."""
        filled = ResolvedValues()
        for name, value in merged.items():
            try:
                self._fill(name, value, names, filled)
                self._count(name, filled)
            except VariableProblem as error:
                self._add(_at_cell(error.problem, value, names))
                filled.wrong.add(name)
        return filled

    def is_full(self, location: Location) -> bool:
        """Whether a manifest may have no more; then one problem says so."""
        if self._bytes <= MOST_FILLED_BYTES:
            return False
        location = self._full_at = self._full_at or location  # told once
        said = f"the jobs hold more than {MOST_FILLED_BYTES // 1024**2} MiB once their variables are filled in"
        self._problems.add(Problem(Code.TOO_MANY, location, said, "split the manifest into several", "jobs"))
        return True

    def _count(self, name: str, filled: ResolvedValues) -> None:
        """Counts a value's bytes, so that a few lines cannot fill the memory of the machine."""
        value = filled.values.get(name) if name != "id" else None  # ids have their own limit
        size = sum(size_of(text_of(item)) for item in keys.texts_of(value.node)) if value else 0
        if value and size > MOST_BYTES:
            del filled.values[name]
            raise VariableProblem(too_long(value.place))
        self._bytes += size

    def _fill(self, name: str, value: Value, names: Scope, filled: ResolvedValues) -> None:
        if not has_variable(value.node):
            filled.values[name] = value
            return
        if name == "output":  # the job's own name is filled in when it is known
            own = {each: text_node(f"${{job.{each}}}", value.location) for each in ("id", "model")}
            names = replace(names, spaces={**names.spaces, "job": own}, later="job")
        if names.permitted:
            self._reach.variables.update(dict.fromkeys(used(value.node, "env")))
        node = substitute(value.node, names, list_wanted=name in self._lists)
        if not keys.is_null(node):
            filled.values[name] = Value(node, value.location, value.layer, value.rank, cells=_cells(value, names))
            return
        # an empty cell is as if the key were not written: then counts what a lower layer says
        filled.empty[name] = node.location
        if value.under is not None:
            self._fill(name, value.under, names, filled)

    def _add(self, problem: Problem) -> None:
        """Keeps a problem, unless it may be the fragment's manifest that gives what is missing."""
        if not (self._is_fragment and problem.code is Code.UNKNOWN_VARIABLE):
            self._problems.add(problem)


def _cells(value: Value, names: Scope) -> tuple[nodes.Scalar, ...]:
    """The cells of a sheet to which a value refers. Those of frames stand in the manifest, and are none."""
    row = names.spaces.get("row")
    if row is None:
        return ()
    found = (row.get(name) for name in used(value.node, "row"))
    return tuple(each for each in found if isinstance(each, nodes.Scalar) and each.location.file != value.location.file)


def _at_cell(problem: Problem, value: Value, names: Scope) -> Problem:
    """A text that is too long is told at the cell that makes it so."""
    cells = _cells(value, names) if problem.code is Code.TOO_MANY else ()
    return replace(problem, location=replace(value, cells=cells).place_of(value.node)) if cells else problem
