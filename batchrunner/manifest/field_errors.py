"""What the schema of a model finds wrong with a field, in our words. The only file that knows JSON Schema."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from batchrunner.catalog import find
from batchrunner.domain.problem import Code
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.image_links import has_login, link_fault
from batchrunner.manifest.spellings import meant
from batchrunner.manifest.yaml import nodes

IMAGE_LINK = "image-link"
_formats = FormatChecker(formats=())
_SHORT = 200
_LOGIN_HINT = "use a link that needs no login, or a local file"
_LINK_HINT = "write `https://…`, or the path of a local file"


def field_errors(
    slug: str, name: str, value: object, node: nodes.Node
) -> Iterator[tuple[Code, nodes.Node, str, str | None]]:
    """Each mistake in the value of a field: its code, the node that it is in, the message and the hint."""
    for error in _schema_errors(slug, name, value):
        place = _node_at(node, list(error.absolute_path))
        code, said, hint = _in_words(name, error, place)
        yield code, place, said, hint


@_formats.checks(IMAGE_LINK)
def _is_image_link(value: object) -> bool:
    return not isinstance(value, str) or link_fault(value) is None


def _schema_errors(slug: str, name: str, value: object) -> list[ValidationError]:
    # Values of few kinds come again and again in a large batch: each is judged once.
    if isinstance(value, str) and len(value) <= _SHORT:
        return _short_text_errors(slug, name, value)
    return list(_validator(slug, name).iter_errors(value))


@cache
def _short_text_errors(slug: str, name: str, value: str) -> list[ValidationError]:
    return list(_validator(slug, name).iter_errors(value))


@cache
def _validator(slug: str, name: str) -> Draft202012Validator:
    model = find(slug)
    return Draft202012Validator(model.fields[name] if model else {}, format_checker=_formats)


def _node_at(node: nodes.Node, path: list[Any]) -> nodes.Node:
    for step in path:
        if isinstance(node, nodes.Sequence):
            node = node.items[step]
        elif isinstance(node, nodes.Mapping):
            node = node.entries[step].node
    return node


def _in_words(name: str, error: ValidationError, node: nodes.Node) -> tuple[Code, str, str | None]:
    wanted: Any = error.validator_value
    match error.validator:
        case "enum":
            return (
                Code.WRONG_VALUE,
                f"`{name}` cannot be {keys.described(node)}: it must be {_one_of(wanted)}",
                _nearest_spelling(name, str(error.instance), wanted),
            )
        case "type":
            kind = {"string": "text", "array": "a list"}.get(wanted, wanted)
            hint = "write one text, in quotes if needed"
            if wanted == "array":
                hint = f"write `{name}: [{keys.shortened(str(error.instance))}]`"
            return Code.WRONG_TYPE, f"`{name}` must be {kind}, not {keys.described(node)}", hint
        case "minLength":
            return Code.WRONG_VALUE, f"`{name}` is empty", "write a text, or remove the key"
        case "minItems":
            return Code.TOO_FEW, f"`{name}` is an empty list", "name at least one, or remove the key"
        case "maxItems":
            return Code.TOO_MANY, f"`{name}` has more than {wanted} items", f"keep {wanted}"
        case _:
            said = link_fault(str(error.instance)) or error.message
            hint = "write each space as `%20`" if " " in str(error.instance).strip() else _LINK_HINT
            code = Code.LINK_LOGIN if has_login(str(error.instance)) else Code.BAD_LINK
            return code, f"`{name}` {said}", _LOGIN_HINT if code is Code.LINK_LOGIN else hint


def _one_of(wanted: list[str]) -> str:
    return f"one of {', '.join(wanted)}" if len(wanted) > 1 else wanted[0]


def _nearest_spelling(name: str, text: str, wanted: list[str]) -> str:
    """What was probably meant: `4K` is 4k, `8.0` is 8, `16:09` is 16:9."""
    found = meant(name, text, wanted) or nearest_name(text, wanted)
    found = wanted[0] if len(wanted) == 1 else found
    return f'write "{found}"' if found else "write one of these"
