"""Requests read by what their fields are for; one of a model that we no longer know is read as those of the others."""

from collections.abc import Mapping
from functools import cache

from batchrunner.catalog.loader import find, models
from batchrunner.catalog.roles import Role
from batchrunner.domain.request import Request, canonical


def request_of(slug: str, body: Mapping[str, object]) -> Request:
    """The canonical request of a body under today's rules; a model that we no longer know has no defaults."""
    model = find(slug)
    return canonical(slug, body, model.defaults if model else {})


def value_of(slug: str, fields: Mapping[str, object], role: Role) -> object:
    """What the fields of a request to a model have for a role; None where they have nothing."""
    return next((fields[name] for name in _fields_of(slug, role) if name in fields), None)


def prompt_of(request: Request) -> str:
    """Its prompt; empty where it has none."""
    return str(value_of(request.model, request.fields, Role.PROMPT) or "")


def latency_kind(request: Request) -> tuple[object, ...]:
    """Requests of one kind are rendered in about the same time."""
    model = find(request.model)
    names = model.latency_by if model else (*_fields_of("", Role.DURATION), *_fields_of("", Role.RESOLUTION))
    return request.model, *(request.fields.get(name) for name in names)


@cache
def picture_fields(slug: str) -> frozenset[str]:
    """The fields that take a picture, by a link or as a local file."""
    model = find(slug)
    return model.pictures if model else frozenset().union(*(each.pictures for each in models().values()))


@cache
def role_of(name: str) -> Role | None:
    """What a field is for, in the first model that has it in a role; None where it has none."""
    found = (role for model in models().values() for role, field in model.roles.items() if field == name)
    return next(found, None)


@cache
def _fields_of(slug: str, role: Role) -> tuple[str, ...]:
    model = find(slug)
    found = (each.field(role) for each in ([model] if model else models().values()))
    return tuple(dict.fromkeys(name for name in found if name))
