"""A value as the service wants it: of the kind that the field has, where what its author typed certainly means that."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchrunner.manifest import keys
from batchrunner.manifest.yaml import nodes

# Some models write the number of lines `720p`, others `720P`: it is the same word.
_LINES = re.compile(r"\d{3,4}[pP]")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})")
# A switch is a boolean in some models and a word in others.
_SWITCHES: Mapping[str, bool] = {"true": True, "false": False, "on": True, "off": False}
_WORDS: Mapping[str, str] = {"true": "on", "false": "off"}


def wire_value(node: nodes.Node, schema: Mapping[str, Any]) -> object:
    """A value in the form in which it is sent; one that is of no certain meaning stays what it is, and is judged so.

    What goes into a text field is the text that its author typed, `8` into a whole number `"8"` and the other way
    round, `768p` is `768P` where the model spells it so, and `true` is `on` where its switch is a word.
    """
    match node:
        case nodes.Scalar():
            return _scalar(node, schema)
        case nodes.Sequence():
            return [wire_value(item, schema.get("items", {})) for item in node.items]
        case nodes.Mapping():
            return {name: wire_value(entry.node, {}) for name, entry in node.entries.items()}


def spellings(value: object) -> tuple[object, ...]:
    """The ways in which a value that a model lists may be written, its own first."""
    match value:
        case str() if _LINES.fullmatch(value):
            return value, value.swapcase()
        case str() if _WHOLE.fullmatch(value):
            return value, int(value)
        case "on" | "off":
            return value, _SWITCHES[value]
        case int() if not isinstance(value, bool):
            return value, str(value)
        case _:
            return (value,)


def _scalar(node: nodes.Scalar, schema: Mapping[str, Any]) -> object:
    kind = schema.get("type")
    if kind == "string" and node.value is not None:
        text, wanted = keys.text_of(node), schema.get("enum")
        return text if wanted is None or text in wanted else _spelling(text, wanted)
    match kind:
        case "integer":
            return _whole(node.value)
        case "number" if isinstance(node.value, str) and _WHOLE.fullmatch(node.value):
            return int(node.value)
        case "boolean" if isinstance(node.value, str):
            return _SWITCHES.get(node.value, node.value)
        case _:
            return node.value


def _spelling(text: str, wanted: Sequence[object]) -> str:
    if _LINES.fullmatch(text):
        return next((str(each) for each in wanted if str(each).casefold() == text.casefold()), text)
    word = _WORDS.get(text, text)
    return word if word in wanted else text


def _whole(value: object) -> object:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
