"""Requests of one kind: those whose price is the same, as far as their description tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchrunner.catalog.models import Model
from batchrunner.catalog.prices import Price
from batchrunner.catalog.roles import Role

Fields = Mapping[str, object]

_PLAIN = (str, int, float, type(None))


@dataclass(frozen=True, slots=True)
class PriceKind:
    """A model with the values that its price depends on; of a list it is the number of its items.

    A value comes with its type, so that 1 is not true. What a request leaves to the service is None.
    """

    model: str
    values: tuple[tuple[str, object, type], ...]

    def in_words(self, duration: str | None) -> str:
        """`minimax/hailuo-2.3-i2v, 6 s, 768P`; `duration` is the field that holds seconds."""
        chosen = (_in_words(name, value, duration) for name, value, _ in self.values if value is not None)
        return ", ".join([self.model, *chosen])

    def as_json(self) -> list[dict[str, object]]:
        """The values for programs: `[{"field": "resolution", "value": "768P"}]`."""
        return [{"field": name, "value": value} for name, value, _ in self.values]


def kind_of(model: Model, price: Price | None, fields: Fields) -> PriceKind:
    """The kind of a request.

    Where no price says exactly what it depends on, all counts that is neither a text nor a random number.
    """
    duration = model.field(Role.DURATION)
    names = [*([duration] if duration else []), *(price.fields if price else ())]
    if price is None or not price.is_exact:
        names += _all_that_may_count(model)
    values = ((name, _value(model, name, fields.get(name))) for name in dict.fromkeys(names))
    return PriceKind(model.slug, tuple((name, value, type(value)) for name, value in values))


def _all_that_may_count(model: Model) -> list[str]:
    return [name for name, schema in model.fields.items() if _may_count(model, name, schema)]


def _may_count(model: Model, name: str, schema: Mapping[str, Any]) -> bool:
    if name in model.links:
        return name not in model.required
    is_text = schema.get("type") == "string" and "enum" not in schema
    return not is_text and model.role(name) is not Role.SEED


def _value(model: Model, name: str, value: object) -> object:
    """A value as it counts for a price: of a list, how long it is; of a link, that it is there."""
    if isinstance(value, list | tuple):
        return len(value)
    if name in model.links:
        return value is not None
    return value if isinstance(value, _PLAIN) else str(type(value))  # an old ledger may hold anything


def _in_words(name: str, value: object, duration: str | None) -> str:
    if name == duration:
        return f"{value} s"
    if isinstance(value, str):
        return value
    return f"{name} {str(value).lower()}"
