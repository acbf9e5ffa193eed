"""What a clip costs by the shipped descriptions, as a table that people read; `prices.golden` keeps it.

python -m tests.catalog.price_table    writes the table anew; read the difference before you keep it
"""

import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

from batchrunner.catalog import Model, Role, shipped, shipped_prices
from batchrunner.domain.money import Cost

GOLDEN = Path(__file__).with_name("prices.golden")
# Of what has many values, the table shows the ends and the default.
_MANY = 4
_WIDTH = 15


def table() -> str:
    """All models, each with a line for whatever its price depends on; `-` is a field that is not written."""
    return "\n".join("\n".join(_of_model(model)) for model in shipped())


def _of_model(model: Model) -> Iterator[str]:
    price = model.price
    if price is None:
        yield f"{model.slug}: no price is known\n"
        return
    yield f"{model.slug}: read {price.read_on}, {price.bound}"
    names = _priced_by(model)
    yield _line([*names, "low USD", "high USD"])
    for values in product(*(_values(model, name) for name in names)):
        fields = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        if not model.forbids(fields):
            cost = cost_of(model.slug, fields)
            shown = ("-", "-") if cost is None else (f"{cost.low_usd:.4f}", f"{cost.high_usd:.4f}")
            yield _line([*("-" if value is None else _json(value) for value in values), *shown])
    yield ""


def cost_of(slug: str, fields: Mapping[str, object]) -> Cost | None:
    """The estimate for a request with these fields; None where no price is known."""
    request = shipped().request_of(slug, fields)
    return shipped_prices().cost(request) if shipped_prices().knows(request) else None


def _priced_by(model: Model) -> list[str]:
    """The duration, and whatever else the price depends on."""
    names = (model.field(Role.DURATION), *(model.price.fields if model.price else ()))
    return [name for name in dict.fromkeys(names) if name]


def _values(model: Model, name: str) -> list[object]:
    """Those of a field that the table shows; None: it is not written."""
    field = model.fields[name]
    if field["type"] == "boolean":
        return [None, False, True]
    if field["type"] == "array":
        return [None, *([""] * number for number in (1, field["maxItems"]))]
    if field["type"] == "string" and "enum" not in field:
        return [None, "written"]
    every = field.get("enum") or [field["minimum"], field["maximum"]]
    shown = every if len(every) <= _MANY else sorted({every[0], field.get("default", every[0]), every[-1]})
    return [None, *shown]


def _json(value: object) -> str:
    return str(value).casefold() if isinstance(value, bool) else str(value)


def _line(cells: list[str]) -> str:
    return f"  {'  '.join(cell.ljust(_WIDTH) for cell in cells)}".rstrip()


if __name__ == "__main__":
    GOLDEN.write_text(table(), encoding="utf-8")
    sys.stdout.write(f"written: {GOLDEN.name}\n")
