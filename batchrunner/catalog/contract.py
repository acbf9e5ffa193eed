"""Contracts: what a request to a model may hold, in one form, so that two can be compared field by field."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchrunner.catalog.conditions import same
from batchrunner.catalog.models import LINK_FORMATS, Model

# Where something stands in a contract: `("path",)`, `("resolution", "enum")`, `("images", "items", "type")`.
Place = tuple[str, ...]

# Keywords that bound a value. Where only we say one, we ask for less than is allowed, which harms nobody.
LIMITS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
)  # fmt: skip
# These say nothing that a request could break.
_IDLE: Mapping[str, object] = {
    "minLength": 0, "minItems": 0, "uniqueItems": False, "exclusiveMinimum": False, "exclusiveMaximum": False,
}  # fmt: skip
# A range of whole numbers up to so wide is the same as a list of them.
_WIDEST_LIST = 200


@dataclass(frozen=True, slots=True)
class FieldForm:
    """The form of one field: its `type`, `enum`, `default` and limits. None stands for what is said unclearly.

    `items` is the form of what a list holds, `fields` are those of an object.
    """

    said: Mapping[str, object]
    description: str = ""
    items: "FieldForm | None" = None
    fields: Mapping[str, "FieldForm"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """Something odd in a published contract that nobody should guess about: where, and what it is."""

    at: str
    said: str

    def __str__(self) -> str:
        return f"{self.at}: {self.said}"


@dataclass(frozen=True, slots=True)
class Contract:
    """Where a model is asked and with which fields. `path` is None where nobody says it.

    `about` is what was said in prose, `points` what was odd.
    """

    path: str | None
    required: tuple[str, ...]
    fields: Mapping[str, FieldForm]
    about: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()

    def facts(self) -> dict[Place, object]:
        """All that it says, flat: equal facts are equal contracts. None is a fact that is not clear."""
        found: dict[Place, object] = {("path",): self.path, ("required",): sorted(self.required)}
        for name, form in self.fields.items():
            found.update(_facts_of(form, ("fields", name)))
        return found

    @property
    def digest(self) -> str:
        """A name for this very contract, with its oddities: SHA-256 in hexadecimal."""
        facts = sorted(([*place], value) for place, value in self.facts().items())
        points = sorted(map(str, self.points))
        return hashlib.sha256(json.dumps([facts, points], sort_keys=True).encode()).hexdigest()


def contract_of(model: Model) -> Contract:
    """The contract that a description tells."""
    return Contract(model.path, model.required, {name: _own_form(said) for name, said in model.fields.items()})


def form_of(said: Mapping[str, object], **rest: Any) -> FieldForm:  # noqa: ANN401  # the fields of the record
    """A form in which what means the same is written alike: a short range is a list, which needs no bounds."""
    kept = {name: value for name, value in said.items() if name not in _IDLE or not same(value, _IDLE[name])}
    if "enum" not in kept and kept.get("type") == "integer":
        kept |= _as_list(kept.get("minimum"), kept.get("maximum"))
    listed = kept.get("enum")
    if isinstance(listed, list):
        idle = [end for end in ("minimum", "maximum") if _adds_nothing(kept.get(end), end, listed)]
        kept = {name: value for name, value in kept.items() if name not in idle}
    return FieldForm(kept, **rest)


def _as_list(low: object, high: object) -> dict[str, object]:
    """The whole numbers of a range, where they are not too many to be listed."""
    if isinstance(low, int) and isinstance(high, int) and 0 <= high - low < _WIDEST_LIST:
        return {"enum": list(range(low, high + 1))}
    return {}


def _adds_nothing(bound: object, end: str, listed: list[Any]) -> bool:
    """Whether each of the listed values keeps to a bound."""
    if not isinstance(bound, int | float) or not all(isinstance(each, int | float) for each in listed):
        return False
    return all(each >= bound for each in listed) if end == "minimum" else all(each <= bound for each in listed)


def _own_form(schema: Mapping[str, Any]) -> FieldForm:
    said = {name: schema[name] for name in ("type", "enum", "default", *LIMITS) if name in schema}
    if schema.get("format") in LINK_FORMATS:
        said["minLength"] = max(1, schema.get("minLength", 0))  # no link is empty
    items = _own_form(schema["items"]) if "items" in schema else None
    return form_of(said, description=schema.get("description", ""), items=items)


def _facts_of(form: FieldForm, place: Place) -> Iterator[tuple[Place, object]]:
    yield (*place, "type"), form.said.get("type")
    yield from (((*place, name), _sorted(value)) for name, value in form.said.items() if name != "type")
    if form.items is not None:
        yield from _facts_of(form.items, (*place, "items"))
    for name, each in form.fields.items():
        yield from _facts_of(each, (*place, "fields", name))


def _sorted(value: object) -> object:
    """A value whose order says nothing, where it is a list of such."""
    return sorted(value, key=lambda each: (isinstance(each, str), each)) if isinstance(value, list) else value
