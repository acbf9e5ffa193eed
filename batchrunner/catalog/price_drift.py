"""Where two prices of a model differ, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from batchrunner.catalog.prices import Price, PriceRow
from batchrunner.domain.money import Cost

_MOST_ROWS = 4096


@dataclass(frozen=True, slots=True)
class PriceDifference:
    """A row of either price, and what it says in each; empty where it is in one only."""

    at: str
    here: str
    listed: str


def price_differences(here: Price, listed: Price) -> list[PriceDifference]:
    """All rows that are not the same in both, in the order of ours."""
    ours, theirs = _rows(here), _rows(listed)
    return [
        PriceDifference(at, ours.get(at, ""), theirs.get(at, ""))
        for at in dict.fromkeys((*ours, *theirs))
        if ours.get(at) != theirs.get(at)
    ]


def _rows(price: Price) -> dict[str, str]:
    """What is charged by the values of fields; of two rows for the same values the first one counts."""
    found: dict[str, str] = {}
    for row in price.rows:
        for at in islice(_values(row), _MOST_ROWS):
            found.setdefault(at, _amount(row))
    for extra in price.extras:
        beyond = f" for each of {extra.for_each} beyond {extra.beyond}" if extra.for_each else ""
        for at in islice(_values(extra.row), _MOST_ROWS):
            found.setdefault(f"added: {at}{beyond}", _amount(extra.row))
    rest = {"rounded up to": price.round_to_usd, "at least": price.least_usd, "seconds": price.seconds}
    found.update({name: f"{amount.normalize():f}" for name, amount in rest.items() if amount})
    return found | {"bound": price.bound.value}


def _values(row: PriceRow) -> Iterator[str]:
    for chosen in product(*row.when.values()):
        named = (f"{name} {value}" for name, value in sorted(zip(row.when, map(str, chosen), strict=True)))
        yield ", ".join(named) or "any clip"


def _amount(row: PriceRow) -> str:
    parts = ((row.per_clip, "a clip"), (row.per_second, "a second"))
    return " and ".join(f"{_usd(cost)} {unit}" for cost, unit in parts if cost.high_usd) or "nothing"


def _usd(cost: Cost) -> str:
    low, high = f"${cost.low_usd.normalize():f}", f"${cost.high_usd.normalize():f}"
    return low if low == high else f"{low} to {high}"
