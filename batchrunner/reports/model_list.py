"""The models that a manifest may name, a line each: what a clip costs, its lengths and sizes, and how this is known."""

from collections.abc import Iterable
from typing import Any

from batchrunner.catalog import Model, Role
from batchrunner.domain.text import Lines
from batchrunner.reports.field_words import values_in_short
from batchrunner.reports.layout import table
from batchrunner.reports.model_prices import price_range, range_in_words

_HEADERS = ("model", "a clip", "seconds", "resolutions", "known by")
_ANY = "-"


def model_list(models: Iterable[Model]) -> Lines:
    """The table."""
    return table(_HEADERS, map(_row, models))


def _row(model: Model) -> tuple[str, ...]:
    lengths, sizes = (_values(model, role) for role in (Role.DURATION, Role.RESOLUTION))
    known = f"{model.source.confidence.value}, {model.source.read_on.isoformat()}"
    return model.slug, range_in_words(model), lengths, sizes, known


def _values(model: Model, role: Role) -> str:
    return values_in_short(model.fields.get(model.field(role) or "", {})) or _ANY


def models_as_json(models: Iterable[Model]) -> dict[str, Any]:
    """The same for programs: `{"models": [{"model", "price", "seconds", "resolutions", "confidence", "read"}]}`."""
    return {"models": [_object(model) for model in models]}


def _object(model: Model) -> dict[str, Any]:
    cost, price = price_range(model), model.price
    length = model.fields.get(model.field(Role.DURATION) or "", {})
    ends = {end: length[end] for end in ("minimum", "maximum") if end in length}
    return {
        "model": model.slug,
        "price": None
        if cost is None or price is None
        else {
            "low_usd": float(cost.low_usd),
            "high_usd": float(cost.high_usd),
            "bound": price.bound.value,
            "read": price.read_on.isoformat(),
        },
        "seconds": [float(value) for value in length.get("enum", ())] or ends or None,
        "resolutions": list(model.takes(Role.RESOLUTION)) or None,
        "confidence": model.source.confidence.value,
        "read": model.source.read_on.isoformat(),
        "file": model.source.file or None,
    }
