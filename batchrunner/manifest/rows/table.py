"""A table of values that become jobs, one row each: what every kind of rows is read into, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.manifest.yaml.builder import MOST_NODES, MOST_PROBLEMS, LimitReached
from batchrunner.manifest.yaml.nodes import Scalar, Sequence

MOST_ROWS = 100_000
MOST_COLUMNS = 1_000

Cell = Scalar | Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values by column, each with the place where its author wrote it.

    `place` is where the row begins, `source` is what a message calls its table: `shots.csv`. `file` is that of a sheet;
    empty for a frame.
    """

    cells: Mapping[str, Cell]
    location: Location
    source: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that could be read; each has a cell in every column.

    `file` is what places call the file, and `lines` are there for snippets: both are empty for a glob.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: tuple[str, ...]
    file: str = ""


@dataclass(slots=True)
class TableBuilder:
    """A table while it is read: takes rows and problems, and raises EnoughError where no more are taken."""

    source: str
    problems: Problems
    file: str = ""
    lines: tuple[str, ...] = ()
    told: int = 0
    _columns: dict[str, None] = field(default_factory=dict)
    _rows: list[tuple[Mapping[str, Cell], Location]] = field(default_factory=list)

    def tell(self, code: Code, location: Location, message: str, hint: str) -> None:
        """Notes a problem."""
        self.take(Problem(code, location, message, hint, "rows"))

    def take(self, problem: Problem) -> None:
        """Notes a problem that is worded already."""
        self.problems.add(problem)
        self.told += 1
        if self.told >= MOST_PROBLEMS:
            raise LimitReached

    def add(self, cells: Mapping[str, Cell], location: Location) -> None:
        """Takes a row; its columns may be new."""
        self._rows.append((cells, location))
        self._columns.update(dict.fromkeys(cells))
        counts = {
            "rows": (len(self._rows), MOST_ROWS),
            "columns": (len(self._columns), MOST_COLUMNS),
            "cells": (len(self._rows) * len(self._columns), MOST_NODES),
        }
        for things, (count, most) in counts.items():
            if count > most:
                self.refuse(location, things, most)

    def refuse(self, location: Location, things: str, most: int) -> None:
        """Ends the reading: the table holds too much."""
        self._rows.clear()
        hint = "leave out those that are not used" if things == "columns" else "split them into several files"
        self.tell(Code.TOO_MANY, location, f"the rows contain more than {most:,} {things}", hint)
        raise LimitReached

    def table(self, columns: tuple[str, ...] = ()) -> Table:
        """What was read. `columns` are those that exist even without rows."""
        names = tuple(dict.fromkeys((*columns, *self._columns)))
        rows = tuple(
            Row(_completed(cells, names, location), location, self.source, self.file) for cells, location in self._rows
        )
        return Table(names, rows, self.lines, self.file)


def empty_cell(location: Location) -> Scalar:
    """A cell in which nothing stands."""
    return Scalar(None, "", plain=True, location=location)


def _completed(cells: Mapping[str, Cell], names: tuple[str, ...], location: Location) -> Mapping[str, Cell]:
    return {name: cells.get(name) or empty_cell(location) for name in names}
