"""What is wrong with the fields of a description's body: values that they could never have, and links that are none."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from batchrunner.catalog.models import LINK_FORMATS

Path = tuple[str | int, ...]
# The place, what is wrong, and what to write.
FieldFault = tuple[Path, str, str]


def field_faults(name: str, field: Mapping[str, Any]) -> Iterator[FieldFault]:
    """The mistakes of one field, whose keys are known to be of the right kinds."""
    yield from _faults(("body", "properties", name), name, field)


def _faults(path: Path, name: str, field: Mapping[str, Any]) -> Iterator[FieldFault]:
    kind = field["type"]
    if kind == "array" and "items" not in field:
        yield path, f"`{name}` is a list of nothing", "write `items: {type: string}`"
    if kind != "array" and "items" in field:
        yield (*path, "items"), f"`{name}` has items, and is no list", "write `type: array`, or remove `items`"
    if field.get("format") in LINK_FORMATS and kind != "string":
        yield (*path, "format"), f"`{name}` is a link, and no text", "write `type: string`"
    typed = Draft202012Validator({"type": kind})
    for number, value in enumerate(field.get("enum", ())):
        if not typed.is_valid(value):
            said = f"`{name}` can never be {_shown(value)}: its type is {kind}"
            yield (*path, "enum", number), said, "write the values as its type has them, or change the type"
            return
    if "default" in field and not Draft202012Validator(dict(field)).is_valid(field["default"]):
        said = f"`{name}` cannot be {_shown(field['default'])}, which is said to be its default"
        yield (*path, "default"), said, "write what the service does, or remove the default"
    if isinstance(field.get("items"), dict):
        yield from _faults((*path, "items"), name, field["items"])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


_SHORT = 60
