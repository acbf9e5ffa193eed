"""A description as a file writes it becomes a model: what it may leave out is filled in."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from batchrunner.catalog.models import IMAGE_LINK, Confidence, DescriptionSource, Model, Timing
from batchrunner.catalog.picture_limits import read_limits
from batchrunner.catalog.prices import read_price
from batchrunner.catalog.roles import Role
from batchrunner.catalog.rules import read_rule
from batchrunner.io.resources import read_text

# Where a description says nothing of it. Source: the service's docs of 2026-07 keep results for 24 hours, later ones
# for 7 days; all of its models are asked in one way.
_RETENTION: Mapping[str, int] = {"least": 1, "most": 7}
_PROVIDER = "modellix"

KEYS = frozenset(
    {
        "slug", "like", "provider", "path", "source", "body", "roles", "pictures", "starter", "rules", "price",
        "costly_defaults", "latency_by", "retention_days", "longest_wait_s", "notifies",
    }
)  # fmt: skip


def whole(written: Mapping[str, Any], like: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A description with what it does not say taken from the one that it is `like`."""
    said = {key: value for key, value in written.items() if key != "like"}
    return {**like, **said} if like is not None else said


def resolved(written: Mapping[str, Any]) -> Mapping[str, Any]:
    """A description with its body in it, where it names the path of one among the shipped data."""
    body = written["body"]
    return {**written, "body": json.loads(read_text(body))} if isinstance(body, str) else written


def read_model(written: Mapping[str, Any], file: str = "") -> Model:
    """The model that a description, whole and resolved, describes.

    `file` is where it was read if it is somebody's own. What may be wrong with such a one, `faults` finds.

    Raises:
        ValueError: it has a key that no description has, or a rule, a price or a limit that is none.
        KeyError: it lacks a key.
    """
    if unknown := written.keys() - KEYS:
        raise ValueError(f"{written['slug']}: no description has {', '.join(sorted(unknown))}")
    schema = {**written["body"], "type": "object", "additionalProperties": False}
    fields: Mapping[str, Any] = schema["properties"]
    defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
    source: Mapping[str, Any] = written["source"]
    retention = {**_RETENTION, **written.get("retention_days", {})}
    return Model(
        slug=written["slug"],
        provider=written.get("provider", _PROVIDER),
        path=written["path"],
        source=DescriptionSource(source["page"], day(source["read"]), Confidence(source["confidence"]), file, written),
        schema=schema,
        roles={Role(role): name for role, name in written["roles"].items()},
        pictures=_pictures(fields, written.get("pictures", {})),
        starter={Role(role): value for role, value in written.get("starter", {}).items()},
        rules=tuple(read_rule(rule, defaults, source["page"]) for rule in written.get("rules", ())),
        price=read_price(written["price"], source["page"]) if written.get("price") else None,
        costly_defaults=tuple(written.get("costly_defaults", ())),
        timing=Timing(
            latency_by=tuple(written.get("latency_by", ())),
            retention_days=(retention["least"], retention["most"]),
            longest_wait_s=written.get("longest_wait_s"),
            notifies=written.get("notifies", ""),
        ),
    )


def day(written: object) -> date:
    """A day, as YAML or JSON gives it.

    Raises:
        ValueError: it is none.
    """
    return written if isinstance(written, date) else date.fromisoformat(str(written))


def _pictures(fields: Mapping[str, Any], limits: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that take pictures, each with its limits."""
    formats = {name: field.get("format", field.get("items", {}).get("format")) for name, field in fields.items()}
    return {name: read_limits(limits.get(name, {})) for name, form in formats.items() if form == IMAGE_LINK}
