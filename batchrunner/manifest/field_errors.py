"""What the schema of a model finds wrong with a field, in our words. For whole bodies see `catalog/body_check.py`."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from batchrunner.catalog import Model, Role
from batchrunner.domain.problem import Code
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.image_links import has_login, link_fault
from batchrunner.manifest.spellings import meant
from batchrunner.manifest.yaml import nodes

_formats = FormatChecker(formats=())
_SHORT = 200
_LOGIN_HINT = "use a link that needs no login, or a local file"
_LINK_HINT = "write `https://…`, or the path of a local file"


def field_errors(
    model: Model, name: str, word: str, value: object, node: nodes.Node
) -> Iterator[tuple[Code, nodes.Node, str, str | None]]:
    """Each mistake in the value of a field: its code, the node that it is in, the message and the hint.

    `word` is what its author calls the field.
    """
    for error in _schema_errors(model, name, value):
        place = _node_at(node, list(error.absolute_path))
        code, said, hint = _in_words(word, model.role(name), error, place)
        yield code, place, said, hint


@_formats.checks("image-link")
@_formats.checks("audio-link")
@_formats.checks("video-link")
def _is_link(value: object) -> bool:
    return not isinstance(value, str) or link_fault(value) is None


def _schema_errors(model: Model, name: str, value: object) -> list[ValidationError]:
    # Values of few kinds come again and again in a large batch: each is judged once.
    if isinstance(value, str) and len(value) <= _SHORT:
        return _short_text_errors(model, name, value)
    return _all_errors(model, name, value)


def _all_errors(model: Model, name: str, value: object) -> list[ValidationError]:
    """Every mistake; a value that is none of those that are listed is not said to be of the wrong kind, too."""
    found = list(_validator(model, name).iter_errors(value))
    listed = any(error.validator == "enum" for error in found) and not isinstance(value, list | dict)
    return [error for error in found if not (listed and error.validator == "type")]


@lru_cache(maxsize=100_000)
def _short_text_errors(model: Model, name: str, value: str) -> list[ValidationError]:
    return _all_errors(model, name, value)


@lru_cache(maxsize=1_000)
def _validator(model: Model, name: str) -> Draft202012Validator:
    return Draft202012Validator(model.fields[name], format_checker=_formats)


def _node_at(node: nodes.Node, path: list[Any]) -> nodes.Node:
    for step in path:
        if isinstance(node, nodes.Sequence):
            node = node.items[step]
        elif isinstance(node, nodes.Mapping):
            node = node.entries[step].node
    return node


def _in_words(name: str, role: Role | None, error: ValidationError, node: nodes.Node) -> tuple[Code, str, str | None]:
    """What the schema says, for the field that its author calls `name`."""
    wanted: Any = error.validator_value
    match error.validator:
        case "enum":
            said = f"`{name}` cannot be {keys.described(node)}: it must be {_one_of(wanted)}"
            return Code.WRONG_VALUE, said, _nearest_spelling(role, str(error.instance), wanted)
        case "type":
            return Code.WRONG_TYPE, f"`{name}` must be {_KINDS[wanted]}, not {keys.described(node)}", _hint(name, error)
        case "minLength" if wanted == 1:
            return Code.WRONG_VALUE, f"`{name}` is empty", "write a text, or remove the key"
        case "minItems" if not error.instance:
            return Code.TOO_FEW, f"`{name}` is an empty list", "name at least one, or remove the key"
        case "format":
            said = link_fault(str(error.instance)) or "is not a link"
            hint = "write each space as `%20`" if " " in str(error.instance).strip() else _LINK_HINT
            code = Code.LINK_LOGIN if has_login(str(error.instance)) else Code.BAD_LINK
            return code, f"`{name}` {said}", _LOGIN_HINT if code is Code.LINK_LOGIN else hint
        case _:
            code, said, hint = _LIMITS[str(error.validator)]
            return code, f"`{name}` {said.format(wanted)}", hint.format(wanted)


_KINDS = {
    "string": "text",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

# What the limits of a schema are called: the code, the message behind the field's name, the hint.
_LIMITS: Mapping[str, tuple[Code, str, str]] = {
    "minLength": (Code.WRONG_VALUE, "has fewer than {:,} characters", "write at least {:,}"),
    "maxLength": (Code.WRONG_VALUE, "has more than {:,} characters", "keep {:,}"),
    "minimum": (Code.WRONG_VALUE, "must be at least {}", "write {} or more"),
    "maximum": (Code.WRONG_VALUE, "must be at most {}", "write {} or less"),
    "minItems": (Code.TOO_FEW, "has fewer than {} items", "name at least {}"),
    "maxItems": (Code.TOO_MANY, "has more than {} items", "keep {}"),
    "uniqueItems": (Code.WRONG_VALUE, "has an item twice", "name each once"),
}
# What a field of a description may say of its values: each has its words here.
KEYWORDS = frozenset(_LIMITS) | {"enum", "type", "format"}


def _hint(name: str, error: ValidationError) -> str:
    match error.validator_value:
        case "array":
            return f"write `{name}: [{keys.shortened(str(error.instance))}]`"
        case "integer":
            return "write a number such as `5`"
        case "number":
            return "write a number such as `0.5`"
        case "boolean":
            return "write `true` or `false`"
        case _:
            return "write one text, in quotes if needed"


def _one_of(wanted: list[object]) -> str:
    return f"one of {', '.join(map(str, wanted))}" if len(wanted) > 1 else str(wanted[0])


def _nearest_spelling(role: Role | None, text: str, wanted: list[object]) -> str:
    """What was probably meant: `4K` is 4k, `8.0` is 8, `16:09` is 16:9."""
    texts = [str(each) for each in wanted]
    found = meant(role, text, texts) or nearest_name(text, texts)
    found = texts[0] if len(texts) == 1 else found
    quote = '"' if isinstance(wanted[0], str) else "`"
    return f"write {quote}{found}{quote}" if found else "write one of these"
