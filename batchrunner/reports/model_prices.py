"""What the clips of a model cost: a table of every shape of a clip that has a price of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product
from typing import Any

from batchrunner.catalog import Model, Role
from batchrunner.catalog.prices import Bound, Price
from batchrunner.domain.money import Cost, dollars
from batchrunner.domain.text import Lines, in_lines, stacked
from batchrunner.reports.layout import table

# A price of more shapes than this is shown in part.
_MOST_SHAPES = 60
_MOST_LENGTHS = 3
_NONE = "-"

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PricedShape:
    """One shape of a clip: the values that its price depends on, its length, and its price.

    None for seconds: the price does not depend on them, or nobody says them. The lower end of a price that is only an
    upper bound is that of the rates.
    """

    values: Values
    seconds: Decimal | None
    cost: Cost


def priced_shapes(model: Model) -> tuple[PricedShape, ...]:
    """Every shape that the model takes and whose price is known, of long ranges the ends and what is usual."""
    return tuple(islice(_shapes(model, model.price), _MOST_SHAPES)) if model.price else ()


def _shapes(model: Model, price: Price) -> Iterator[PricedShape]:
    length = model.field(Role.DURATION) or ""
    counted = {extra.for_each for extra in price.extras}
    names = [name for name in price.fields if name != length and name not in counted]
    for chosen in product(*(_choices(model, price, name) for name in names)):
        values = dict(zip(names, chosen, strict=True))
        for seconds in _lengths(model, price, length):
            whole = values | ({length: seconds} if length and seconds is not None else {})
            cost = _cost(price, whole, seconds)
            if cost is not None and not model.forbids({k: v for k, v in whole.items() if v is not None}):
                yield PricedShape(values, None if seconds is None else Decimal(str(seconds)), cost)


def _cost(price: Price, values: Values, seconds: object) -> Cost | None:
    """What a shape costs; the lower end of an upper bound is that of its rates, for a range of bounds to be seen."""
    lasts = Decimal(str(seconds)) if seconds is not None else price.seconds or Decimal(0)
    found = price.cost(values, lasts)
    if found is None or price.bound is Bound.EXACT:
        return found
    row = next(row for row in price.rows if row.applies(values))
    return Cost(min(row.cost(lasts).low_usd, found.high_usd), found.high_usd)


def _choices(model: Model, price: Price, name: str) -> Sequence[object]:
    schema = model.fields.get(name, {})
    if schema.get("type") == "boolean":
        return (True, False)
    return tuple(schema.get("enum", ())) or price.values_of(name)


def _lengths(model: Model, price: Price, length: str) -> Sequence[Any]:
    """The lengths for which prices are shown: all of a few, else the ends and the usual one."""
    if not (price.is_per_second or length in price.fields):
        return (None,)
    schema = model.fields.get(length, {})
    listed = tuple(schema.get("enum", ()))
    if 0 < len(listed) <= _MOST_LENGTHS:
        return listed
    ends = (listed[0], listed[-1]) if listed else (schema.get("minimum"), schema.get("maximum"))
    usual = model.starter.get(Role.DURATION, schema.get("default"))
    return sorted({each for each in (*ends, usual) if each is not None}, key=lambda each: Decimal(str(each))) or (None,)


def price_range(model: Model) -> Cost | None:
    """The least and the most that a clip costs, as far as is known; None where no price is."""
    shapes = priced_shapes(model)
    if not shapes:
        return None
    return Cost(min(each.cost.low_usd for each in shapes), max(each.cost.high_usd for each in shapes))


def range_in_words(model: Model) -> str:
    """The same: `$0.19 to $2.58`, `at most $0.32 to $1.20` of an upper bound, `?` where nothing is known."""
    found = price_range(model)
    if found is None or model.price is None:
        return "?"
    least, most = dollars(found.low_usd), dollars(found.high_usd)
    said = most if least == most else f"{least} to {most}"
    return f"at most {said}" if model.price.bound is Bound.UPPER else said


def price_lines(model: Model) -> Lines:
    """The prices in US dollars a clip, a column for each length, and what is added to them."""
    price = model.price
    if price is None:
        return in_lines("price: not known; its clips are rendered with --allow-unpriced only")
    kind = "no clip costs more, as far as is known" if price.bound is Bound.UPPER else "US dollars"
    title = f"price of a clip ({kind}; read {price.read_on.isoformat()}, {price.source}):"
    extras = [f"  added: {_extra(extra)}" for extra in price.written.get("extras", ())]
    return stacked(in_lines(title), *_table(priced_shapes(model)), *([in_lines(*extras)] if extras else []))


def _table(shapes: Sequence[PricedShape]) -> Iterator[Lines]:
    if not shapes:
        return
    names = list(shapes[0].values)
    lengths = list(dict.fromkeys(each.seconds for each in shapes))
    rows: dict[tuple[str, ...], dict[Decimal | None, str]] = {}
    for each in shapes:
        rows.setdefault(tuple(_value(each.values[name]) for name in names), {})[each.seconds] = _price(each.cost)
    heads = [f"{seconds} s" if seconds is not None else "a clip" for seconds in lengths]
    cells = [[*values, *(by_length.get(each, _NONE) for each in lengths)] for values, by_length in rows.items()]
    yield table([*names, *heads], cells, ["left"] * len(names) + ["right"] * len(heads))


def _price(cost: Cost) -> str:
    low, high = dollars(cost.low_usd), dollars(cost.high_usd)
    return high if low == high else f"{low} to {high}"


def _value(value: object) -> str:
    if value is None:
        return "not given"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _extra(written: Mapping[str, Any]) -> str:
    amounts = [
        f"${written[key]}{unit}" for key, unit in (("usd", ""), ("usd_per_second", " a second")) if key in written
    ]
    where = [f"`{name}` {_either(value)}" for name, value in written.get("when", {}).items()]
    each = [f"each of `{written['for_each']}` beyond {written.get('beyond', 0)}"] if "for_each" in written else []
    return f"{' and '.join(amounts)} for {' with '.join([*each, *where])}"


def _either(value: object) -> str:
    return " or ".join(map(_value, value)) if isinstance(value, list) else _value(value)


def shapes_as_json(model: Model) -> list[dict[str, Any]]:
    """For programs: `[{"values", "seconds", "low_usd", "high_usd"}]`."""
    return [
        {
            "values": dict(each.values),
            "seconds": None if each.seconds is None else float(each.seconds),
            "low_usd": float(each.cost.low_usd),
            "high_usd": float(each.cost.high_usd),
        }
        for each in priced_shapes(model)
    ]
