"""Where a job comes from: its mapping in a manifest, and the row of a sheet that fills it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from batchrunner.domain.location import Location
from batchrunner.domain.request import without_secrets
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.layers import Value
from batchrunner.manifest.rows.table import Row
from batchrunner.manifest.variables import used
from batchrunner.manifest.yaml import nodes

# What is kept of a row with each job, in characters: a sheet may come from anybody, and a ledger keeps it.
_LONGEST_CELL, _LONGEST_ROW = 300, 2_000
_VARIABLE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class JobOrigin:
    """Where a job is written. `row` is the row of a sheet that fills it; None where none does.

    `columns` are those of the row that no value of the job takes whole, by their headings: what else the sheet says.
    """

    location: Location
    row: Row | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Location:
        """Where a person looks for the job: its row, else its mapping."""
        return self.row.location if self.row else self.location


@dataclass(slots=True)
class JobOrigins:
    """The origins of the jobs of one mapping, one after the other; `values` are those that its rows fill."""

    location: Location
    values: Mapping[str, Value]
    _taken: frozenset[str] | None = None

    def of(self, row: Row | None) -> JobOrigin:
        """The origin of the jobs of a row; frames are no sheet."""
        if row is None or not row.file:
            return JobOrigin(self.location)
        if self._taken is None:
            self._taken = frozenset(_whole(value.node for value in self.values.values()))
        return JobOrigin(self.location, row, dict(_columns(row, self._taken)))


def _whole(values: Iterable[nodes.Node]) -> Iterator[str]:
    """The columns that are a value, or an item of one, by themselves."""
    for node in values:
        match node:
            case nodes.Scalar(value=str(text)) if _VARIABLE.fullmatch(text):
                yield from used(node, "row")
            case nodes.Sequence():
                yield from _whole(node.items)


def _columns(row: Row, taken: frozenset[str]) -> Iterator[tuple[str, str]]:
    room = _LONGEST_ROW
    for heading, cell in row.cells.items():
        if heading in taken:
            continue
        text = shortened(without_secrets(_text(cell)), _LONGEST_CELL)
        room -= len(heading) + len(text)
        if room < 0:
            return
        yield heading, text


def _text(cell: nodes.Node) -> str:
    match cell:
        case nodes.Scalar():
            return cell.text
        case nodes.Sequence():
            return " ".join(map(_text, cell.items))
        case nodes.Mapping():
            return ""
