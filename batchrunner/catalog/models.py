"""A model as its description tells it: the fields of a request, what they are for, their rules and their price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from batchrunner.catalog.roles import Role
from batchrunner.catalog.rules import Body, Rule
from batchrunner.domain.problem import Severity


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per second of video by the values of one field, as they were read on one day."""

    read_on: date
    source: str
    by: str
    usd_per_second: Mapping[str, Decimal]


@dataclass(frozen=True)
class Model:
    """One model: the service's name for it, and all that its description tells.

    `provider` and `path` say who is asked, and where. `schema` is the JSON Schema of the request's body (draft
    2020-12). `pictures` are the fields that take a local file; `starter` is what a new manifest gives, as texts.
    `latency_by` are the fields on which the length of a render depends. Results are kept for `retention_days`, at
    least and at most.
    """

    slug: str
    provider: str
    path: str
    schema: Mapping[str, Any]
    roles: Mapping[Role, str]
    pictures: frozenset[str]
    starter: Mapping[Role, str]
    rules: tuple[Rule, ...]
    price: Price | None
    latency_by: tuple[str, ...]
    retention_days: tuple[int, int]

    def field(self, role: Role) -> str | None:
        """The field of a role; None where the model has none."""
        return self.roles.get(role)

    def value(self, body: Body, role: Role) -> object:
        """What a body has for a role, else the documented default, else None."""
        name = self.roles.get(role, "")
        return body.get(name, self.defaults.get(name))

    def takes(self, role: Role) -> tuple[Any, ...]:
        """The values of which the field of a role takes one; () where it takes any, or there is none."""
        return tuple(self.fields.get(self.roles.get(role, ""), {}).get("enum", ()))

    def forbids(self, values: Body) -> bool:
        """Whether a rule that speaks of nothing else rules these values out."""
        errors = (rule for rule in self.rules if rule.severity is Severity.ERROR)
        return any(rule.breaks(values) for rule in errors if values.keys() >= set(rule.fields))

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
