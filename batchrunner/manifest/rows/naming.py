"""Which column of a sheet names its rows: usable ids, each once; else the reason, and names made of what is there."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from batchrunner.manifest.drafts import NAME, slug
from batchrunner.manifest.keys import shortened, text_of
from batchrunner.manifest.rows.table import Table
from batchrunner.manifest.yaml.nodes import Scalar

_SHOWN = 3
_LONGEST_WITH_NUMBER = 120


@dataclass(frozen=True, slots=True)
class Naming:
    """The columns whose texts, joined by `-`, are the ids; or `made`, ids of our own making, one a row."""

    columns: tuple[str, ...]
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Why no column names the rows: a clause that follows the sheet's name."""

    reason: str


def texts(table: Table, column: str) -> list[str]:
    """A column's cells as texts, one a row."""
    cells = (row.cells.get(column) for row in table.rows)
    return [text_of(cell) if isinstance(cell, Scalar) else "" for cell in cells]


def name_rows(table: Table, headed: Sequence[str], others: Sequence[str], *, slugify: bool = False) -> Naming | Unnamed:
    """The naming by the first column that serves.

    `headed` are the columns that are headed as ids usually are, the most telling first, `others` may serve where
    none of these does. A headed column that all but serves is what its author meant: nothing else is taken then.
    `slugify`: where no column serves, ids are made of the texts of the most telling one.
    """
    for column in headed:
        names = texts(table, column)
        if _serve(names):
            return Naming((column,))
        if _all_but_serve(names):
            break
    pair = _pair(table, headed)
    if pair:
        return pair
    meant = next((column for column in headed if any(texts(table, column))), None)
    other = next((column for column in others if _serve(texts(table, column))), None)
    if other and not (meant and _all_but_serve(texts(table, meant))):
        return Naming((other,))
    return _made(table, meant, slugify=slugify)


def _made(table: Table, column: str | None, *, slugify: bool) -> Naming | Unnamed:
    if column is None:
        return Unnamed("has no column of unique names: add one, such as `shot`")
    names = texts(table, column)
    empty = next((number for number, name in enumerate(names) if not name), None)
    made = _slugs(names)
    if slugify and empty is not None:
        return Unnamed(f"cannot give each job an id: `{column}` is empty in row {_row(table, empty)}: give it a name")
    if slugify and made:
        return Naming((column,), made)
    offer = f"; `--slugify` makes ids of them: {_listed(made)}" if made and empty is None else ""
    return Unnamed(f"has no column of unique names: `{column}` would do, but {_obstacle(table, names)}{offer}")


def _serve(names: Sequence[str]) -> bool:
    """Whether texts could be ids: usable names, each once."""
    unique = len({name.casefold() for name in names}) == len(names)
    return unique and bool(names) and all(NAME.fullmatch(name) for name in names)


def _all_but_serve(names: Sequence[str]) -> bool:
    """Whether most texts differ: a number of the scene comes up again and again, that of a shot by mistake."""
    return len({name.casefold() for name in names if name}) * 3 >= len(names) * 2


def _pair(table: Table, headed: Sequence[str]) -> Naming | None:
    """Two columns that name the rows together, such as scene and shot, in the order of the sheet."""
    in_order = sorted(headed, key=table.columns.index)
    for one, other in itertools.combinations(in_order, 2):
        both = list(zip(texts(table, one), texts(table, other), strict=True))
        if all(map(all, both)) and _serve([f"{first}-{second}" for first, second in both]):
            return Naming((one, other))
    return None


def _obstacle(table: Table, names: Sequence[str]) -> str:
    """The first reason why texts are no ids."""
    bad = list(dict.fromkeys(name for name in names if name and not NAME.fullmatch(name)))
    if bad:
        return f"these cannot be ids: {_listed(bad)}: use letters, digits, `.`, `_` and `-`"
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if not name:
            return f"it is empty in row {_row(table, number)}"
        before = first.setdefault(name.casefold(), number)
        if before != number:
            rows = f"rows {_row(table, before)} and {_row(table, number)}"
            if names[before] == name:
                return f"{name} is in {rows}"
            return f"{names[before]} and {name} ({rows}) are the same name on disks that ignore case"
    return "it is empty"


def _slugs(names: Sequence[str]) -> tuple[str, ...]:
    """An id made of each text; () where one gives none. What is an id already stays as it is."""
    taken = {name.casefold() for name in names if NAME.fullmatch(name)}
    as_it_is = set(taken)
    numbers: dict[str, int] = {}
    made: list[str] = []
    for name in names:
        better = slug(name)
        if not better:
            return ()
        if better == name and name.casefold() in as_it_is:
            as_it_is.remove(name.casefold())
        else:
            better = _unused(better, taken, numbers)
        made.append(better)
    return tuple(made)


def _unused(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    """The name, with a number behind it where it is taken; it is taken then."""
    found = name
    while found.casefold() in taken:
        numbers[name] = numbers.get(name, 1) + 1
        found = f"{name[:_LONGEST_WITH_NUMBER]}-{numbers[name]}"
    taken.add(found.casefold())
    return found


def _row(table: Table, number: int) -> int:
    return table.rows[number].location.line


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(shortened(name, 40) for name in names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
