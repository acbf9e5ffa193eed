"""What a clip costs by its description: dated rows by the values of fields, and what is added to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from batchrunner.catalog.conditions import same
from batchrunner.domain.money import NOTHING, Cost

Values = Mapping[str, object]
When = Mapping[str, tuple[object, ...]]


class Bound(StrEnum):
    """Whether a price is what is billed, or a bound above it."""

    EXACT = "exact"
    UPPER = "upper"


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What a clip costs where fields have these values: US dollars a clip, and a second of video, each from to to."""

    when: When
    per_clip: Cost
    per_second: Cost

    def applies(self, values: Values) -> bool:
        """Whether a request with these values has this row's."""
        return all(_is_one_of(values.get(name), allowed) for name, allowed in self.when.items())

    def cost(self, seconds: Decimal) -> Cost:
        """What it comes to for so many seconds."""
        return self.per_clip + self.per_second.times(seconds)


@dataclass(frozen=True, slots=True)
class ExtraCost:
    """What is added where a row's values are chosen, or for each picture of a list `beyond` so many."""

    row: PriceRow
    for_each: str = ""
    beyond: int = 0

    def cost(self, values: Values, seconds: Decimal) -> Cost:
        """What it adds to a request with these values."""
        if not self.row.applies(values):
            return Cost(NOTHING, NOTHING)
        return self.row.cost(seconds).times(Decimal(self._times(values)))

    def _times(self, values: Values) -> int:
        if not self.for_each:
            return 1
        listed = values.get(self.for_each)
        there = len(listed) if isinstance(listed, list | tuple) else int(listed is not None)
        return max(there - self.beyond, 0)


@dataclass(frozen=True, eq=False)
class Price:
    """The price of one model, as it was read on one day.

    The first of the `rows` that applies counts, and each of the `extras` that does is added; the sum is rounded up to a
    multiple of `round_to_usd`, and is `least_usd` at least. `seconds` is the length of every clip where no field gives
    it. `written` is the same as the description has it.
    """

    read_on: date
    source: str
    rows: tuple[PriceRow, ...]
    extras: tuple[ExtraCost, ...] = ()
    bound: Bound = Bound.EXACT
    round_to_usd: Decimal = NOTHING
    least_usd: Decimal = NOTHING
    seconds: Decimal | None = None
    written: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_per_second(self) -> bool:
        """Whether it depends on the length of the clip."""
        return any(row.per_second.high_usd for row in (*self.rows, *(extra.row for extra in self.extras)))

    @cached_property
    def is_exact(self) -> bool:
        """Whether it says what is billed, once all is chosen on whose values it depends: no range, and no bound."""
        rows = (*self.rows, *(extra.row for extra in self.extras))
        amounts = (amount for row in rows for amount in (row.per_clip, row.per_second))
        return self.bound is Bound.EXACT and all(amount.low_usd == amount.high_usd for amount in amounts)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields on whose values it depends, but for the length."""
        rows = (*self.rows, *(extra.row for extra in self.extras))
        counted = (extra.for_each for extra in self.extras if extra.for_each)
        return tuple(dict.fromkeys([*(name for row in rows for name in row.when), *counted]))

    @property
    def rates(self) -> dict[str, str]:
        """US dollars a second by the values of one field, where the price is no more than that; else empty."""
        rows = [(row.when, row.per_clip, row.per_second) for row in self.rows]
        is_plain = len(self.fields) == 1 and not (self.extras or self.round_to_usd or self.least_usd)
        is_plain &= self.bound is Bound.EXACT and all(when and not clip.high_usd for when, clip, _ in rows)
        if not is_plain or any(second.low_usd != second.high_usd for *_, second in rows):
            return {}
        return {str(value): str(second.high_usd) for when, _, second in rows for value in when[self.fields[0]]}

    def values_of(self, name: str) -> tuple[object, ...]:
        """The values of a field that have a price of their own."""
        rows = (*self.rows, *(extra.row for extra in self.extras))
        return tuple(dict.fromkeys(value for row in rows for value in row.when.get(name, ())))

    def cost(self, values: Values, seconds: Decimal) -> Cost | None:
        """The estimate for a request with all of these values; None where no row has them.

        An upper bound says nothing of what is billed at least: its lower end is nothing.
        """
        row = next((row for row in self.rows if row.applies(values)), None)
        if row is None:
            return None
        found = row.cost(seconds)
        for extra in self.extras:
            found += extra.cost(values, seconds)
        low_usd = NOTHING if self.bound is Bound.UPPER else self._rounded(found.low_usd)
        return Cost(low_usd, self._rounded(found.high_usd))

    def _rounded(self, usd: Decimal) -> Decimal:
        if self.round_to_usd:
            usd = (usd / self.round_to_usd).to_integral_value(ROUND_UP) * self.round_to_usd
        return max(usd, self.least_usd)


def read_price(written: Mapping[str, Any], source: str = "") -> Price:
    """The price that a description, or a file of prices, writes.

    Raises:
        KeyError, ValueError, TypeError, ArithmeticError: it is none.
    """
    read_on = written["read"]
    return Price(
        read_on=read_on if isinstance(read_on, date) else date.fromisoformat(read_on),
        source=written.get("source", source),
        rows=tuple(_rows(written["rows"])),
        extras=tuple(_extras(written.get("extras", ()))),
        bound=Bound(written.get("bound", Bound.EXACT)),
        round_to_usd=usd(written.get("round_to", 0)),
        least_usd=usd(written.get("least", 0)),
        seconds=usd(written["seconds"]) if "seconds" in written else None,
        written=written,
    )


def usd(written: object) -> Decimal:
    """An amount, exact: 0.1 is a tenth.

    Raises:
        ValueError: it is no amount, or below zero.
    """
    is_number = isinstance(written, int | float | str | Decimal) and not isinstance(written, bool)
    try:
        amount = Decimal(str(written)) if is_number else Decimal("NaN")
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or not NOTHING <= amount < _TOO_MUCH or _decimals(amount) > _MOST_DECIMALS:
        raise ValueError(f"{repr(written)[:_SHOWN]} is not a price")
    return amount


def seconds_of(value: object) -> Decimal | None:
    """The length of a clip as a request gives it, a number or a text that is one; None where it is none."""
    try:
        found = usd(value)
    except ValueError:
        return None
    return found or None


# No clip costs a million, or lasts so long; a longer number is a slip, or worse.
_TOO_MUCH = Decimal(1_000_000)
_MOST_DECIMALS = 12
_SHOWN = 60


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _rows(written: Sequence[Mapping[str, Any]]) -> Iterator[PriceRow]:
    for row in written:
        yield PriceRow(_when(row.get("when", {})), _range(row.get("usd", 0)), _range(row.get("usd_per_second", 0)))


def _extras(written: Sequence[Mapping[str, Any]]) -> Iterator[ExtraCost]:
    for row, each in zip(_rows(written), written, strict=True):
        yield ExtraCost(row, each.get("for_each", ""), each.get("beyond", 0))


def _when(written: Mapping[str, Any]) -> When:
    return {name: tuple(each) if isinstance(each, list) else (each,) for name, each in written.items()}


def _range(written: object) -> Cost:
    if isinstance(written, list):
        low, high = map(usd, written)
        if low > high:
            raise ValueError(f"{written!r}: a range begins with its lower end")
        return Cost(low, high)
    return Cost(usd(written), usd(written))


def _is_one_of(value: object, allowed: tuple[object, ...]) -> bool:
    return any(same(value, each) for each in allowed)
