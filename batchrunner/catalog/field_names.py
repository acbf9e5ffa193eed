"""Where a description names fields of its body: so that a slip in one is shown at its place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_Named = Iterator[tuple[tuple[str | int, ...], str]]

# The shapes of a rule by how they name fields: a list, the keys of a mapping, a list behind each key.
_LISTS = ("excludes", "at_least_one", "exactly_one", "all_or_none", "fields")
_KEYS = ("when", "then", "most_tokens", "words", "requires")


def named_fields(written: Mapping[str, Any]) -> _Named:
    """The place of every name of a field, and the name."""
    yield from _listed(("body", "required"), written["body"].get("required", ()))
    for role, name in written["roles"].items():
        yield ("roles", role), name
    for key in ("latency_by", "costly_defaults"):
        yield from _listed((key,), written.get(key, ()))
    for name in written.get("pictures", {}):
        yield ("pictures", name), name
    for number, rule in enumerate(written.get("rules", ())):
        yield from _of_rule(("rules", number), rule)
    yield from _of_price(written.get("price") or {})


def _listed(path: tuple[str | int, ...], names: Sequence[str]) -> _Named:
    for number, name in enumerate(names):
        yield (*path, number), name


def _of_rule(path: tuple[str | int, ...], rule: Mapping[str, Any]) -> _Named:
    for key in _LISTS:
        yield from _listed((*path, key), rule.get(key, ()))
    for key in _KEYS:
        for name in rule.get(key, {}):
            yield (*path, key, name), name
    for name, needed in rule.get("requires", {}).items():
        yield from _listed((*path, "requires", name), needed)
    for number, names in enumerate(rule.get("allowed_sets", ())):
        yield from _listed((*path, "allowed_sets", number), names)
    for key in ("text", "pictures"):
        match rule.get("placeholders", {}).get(key):
            case str() as name:
                yield (*path, "placeholders", key), name
            case list() as names:
                yield from _listed((*path, "placeholders", key), names)


def _of_price(price: Mapping[str, Any]) -> _Named:
    for part in ("rows", "extras"):
        for number, row in enumerate(price.get(part, ())):
            for name in row.get("when", {}):
                yield ("price", part, number, "when", name), name
            if "for_each" in row:
                yield ("price", part, number, "for_each"), row["for_each"]
