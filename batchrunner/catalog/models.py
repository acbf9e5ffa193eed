"""A model as its description tells it: the fields of a request, what they are for, their rules and their price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from batchrunner.catalog.picture_limits import PictureLimits
from batchrunner.catalog.prices import Price
from batchrunner.catalog.roles import Role
from batchrunner.catalog.rules import Body, Rule
from batchrunner.domain.problem import Severity

# What the body of a description calls a text that names a file elsewhere, by what that file is.
IMAGE_LINK = "image-link"
LINK_FORMATS: Mapping[str, str] = {IMAGE_LINK: "picture", "audio-link": "audio", "video-link": "video"}


class Confidence(StrEnum):
    """How a description is known: read in a page of the service, seen in its clients, or inferred from the maker's."""

    DOC = "doc"
    CODE = "code"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class DescriptionSource:
    """Where a description was read: the service's page, on which day, and how sure that is.

    `file` is that of somebody's own description; `written` has what the file says, whole.
    """

    page: str
    read_on: date
    confidence: Confidence
    file: str = ""
    written: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take: a render depends on the fields of `latency_by`, a result is kept for `retention_days`.

    Days are at least and at most. A task may wait for `longest_wait_s` before it is rendered; None: nobody says so.
    `notifies` is how the service tells that a task has ended before it is asked; empty where it does not.
    """

    latency_by: tuple[str, ...]
    retention_days: tuple[int, int]
    longest_wait_s: float | None = None
    notifies: str = ""


@dataclass(frozen=True, eq=False)
class Model:
    """One model: the service's name for it, and all that its description tells.

    `provider` and `path` say who is asked, and where. `schema` is the JSON Schema of the request's body (draft
    2020-12). `pictures` are the fields that take a picture, with what limits them; `starter` is what a new manifest
    gives. `costly_defaults` are fields whose documented default is paid for.
    """

    slug: str
    provider: str
    path: str
    source: DescriptionSource
    schema: Mapping[str, Any]
    roles: Mapping[Role, str]
    pictures: Mapping[str, PictureLimits]
    starter: Mapping[Role, object]
    rules: tuple[Rule, ...]
    price: Price | None
    costly_defaults: tuple[str, ...]
    timing: Timing

    def field(self, role: Role) -> str | None:
        """The field of a role; None where the model has none."""
        return self.roles.get(role)

    def role(self, name: str) -> Role | None:
        """What a field is for; None where it has no role."""
        return self._roles_by_field.get(name)

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

    @cached_property
    def links(self) -> dict[str, str]:
        """The fields that name a file by a link, and what kind of file: `picture`, `audio`, `video`."""
        formats = {
            name: field.get("format", field.get("items", {}).get("format")) for name, field in self.fields.items()
        }
        return {name: LINK_FORMATS[form] for name, form in formats.items() if form in LINK_FORMATS}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The fields that every request has."""
        return tuple(self.schema.get("required", ()))

    @property
    def list_fields(self) -> frozenset[str]:
        """The request fields that hold several values."""
        return frozenset(name for name, field in self.fields.items() if field["type"] == "array")

    @cached_property
    def defaults(self) -> dict[str, object]:
        """What the service documents for a field that is not written."""
        return {name: field["default"] for name, field in self.fields.items() if "default" in field}

    @cached_property
    def _roles_by_field(self) -> dict[str, Role]:
        return {name: role for role, name in self.roles.items()}


def by_slug(models: Iterable[Model]) -> dict[str, Model]:
    """Models by their slugs, in this order; a later one takes the place of an earlier one."""
    return {model.slug: model for model in models}
