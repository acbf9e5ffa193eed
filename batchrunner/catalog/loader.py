"""The descriptions of models, read from `data/PROVIDER/NAME.yaml`: a further model is a file there."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from batchrunner.catalog.models import Model, Price
from batchrunner.catalog.roles import Role
from batchrunner.catalog.rules import read_rule
from batchrunner.io.resources import package_files, read_package_text, read_text

# The model that is listed first, judges what names no model, and stands in new manifests.
DEFAULT_MODEL = "google/veo-3.1-i2v"
_FOLDER = "catalog/data"


@cache
def models() -> Mapping[str, Model]:
    """All models by slug: the default one first, then by name. The files are read at the first call."""
    written = [_parsed(read_package_text(path)) for path in package_files(_FOLDER, ".yaml")]
    by_slug = {each["slug"]: each for each in written}
    slugs = sorted(by_slug, key=lambda slug: (slug != DEFAULT_MODEL, slug))
    return {slug: read_model(_whole(by_slug[slug], by_slug)) for slug in slugs}


def find(slug: str) -> Model | None:
    """The model of this name; None where the catalogue has none."""
    return models().get(slug)


def default_model() -> Model:
    """The one that is taken where none is named."""
    return models()[DEFAULT_MODEL]


def read_model(written: Mapping[str, Any]) -> Model:
    """The model that a description describes; `body` is a JSON Schema, or the path of one among the shipped data.

    Raises:
        ValueError: it has a key that no description has, or a rule that is none.
        KeyError: it lacks a key.
    """
    if unknown := written.keys() - _KEYS:
        raise ValueError(f"{written['slug']}: no description has {', '.join(sorted(unknown))}")
    body = written["body"]
    schema = json.loads(read_text(body)) if isinstance(body, str) else body
    defaults = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
    return Model(
        slug=written["slug"],
        provider=written["provider"],
        path=written["path"],
        schema=schema,
        roles={Role(role): name for role, name in written["roles"].items()},
        pictures=frozenset(written["pictures"]),
        starter={Role(role): value for role, value in written.get("starter", {}).items()},
        rules=tuple(read_rule(rule, defaults, written["source"]) for rule in written.get("rules", ())),
        price=_price(written["price"]) if "price" in written else None,
        latency_by=tuple(written["latency_by"]),
        retention_days=(written["retention_days"]["least"], written["retention_days"]["most"]),
    )


_KEYS = frozenset(Model.__dataclass_fields__) - {"schema"} | {"body", "source"}


def _whole(written: Mapping[str, Any], by_slug: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """A description with what it does not say taken from the one that it is `like`."""
    said = {key: value for key, value in written.items() if key != "like"}
    return {**by_slug[written["like"]], **said} if "like" in written else said


def _price(written: Mapping[str, Any]) -> Price:
    rates = {value: Decimal(usd) for value, usd in written["usd_per_second"].items()}
    return Price(written["read"], written["source"], written["by"], rates)


def _parsed(text: str) -> Mapping[str, Any]:
    """The files are ours. The parser in C is there nearly everywhere, and ten times as fast."""
    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    found: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506  # both are safe ones
    return found
