"""The table of models."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from batchrunner.catalog.rules import VEO_3_1, Rule
from batchrunner.domain.request import Request, canonical
from batchrunner.io.resources import read_text


@dataclass(frozen=True)
class Model:
    """One model: the service's name for it, the schema of its body, and the rules between its fields."""

    slug: str
    schema_path: str
    rules: tuple[Rule, ...]

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the request body (draft 2020-12)."""
        return dict(json.loads(read_text(self.schema_path)))

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The request fields: the API's names with their schemas, in the documentation's order."""
        return dict(self.schema["properties"])

    @property
    def list_fields(self) -> frozenset[str]:
        """The request fields that hold several values."""
        return frozenset(name for name, field in self.fields.items() if field["type"] == "array")

    @cached_property
    def defaults(self) -> dict[str, object]:
        """What the service documents for a field that is not written."""
        return {name: field["default"] for name, field in self.fields.items() if "default" in field}


_VEO_3_1_BODY = "schemas/models/google/veo-3.1-i2v.schema.json"

_MODELS = (
    Model("google/veo-3.1-i2v", _VEO_3_1_BODY, VEO_3_1),
    Model("google/veo-3.1-fast-i2v", _VEO_3_1_BODY, VEO_3_1),
)


@cache
def models() -> Mapping[str, Model]:
    """All models by slug."""
    return {model.slug: model for model in _MODELS}


def find(slug: str) -> Model | None:
    """The model of this name; None where the catalogue has none."""
    return models().get(slug)


def request_of(slug: str, body: Mapping[str, object]) -> Request:
    """The canonical request of a body under today's rules; a model that we no longer know has no defaults."""
    model = find(slug)
    return canonical(slug, body, model.defaults if model else {})
