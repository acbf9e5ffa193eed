"""The form of one field, put together from all that a published schema says of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from batchrunner.catalog.contract import LIMITS, FieldForm, form_of
from batchrunner.domain.text import printable

_TYPES = {"string", "integer", "number", "boolean", "array", "object"}
_MOST_VALUES = 200
_LONGEST_VALUE = 200
_LONGEST_TEXT = 2000

# Takes where something odd stands, and what it is.
Tell = Callable[[str, str], None]


def plain_form(layers: Sequence[Mapping[str, Any]], at: str, tell: Tell) -> FieldForm:
    """The form of a field without its inner ones; what is said twice and not alike is not clear."""
    said: dict[str, object] = {}
    for layer in layers:
        for name, value in _keywords(layer, at, tell):
            if name in said and said[name] != value:
                tell(at, f"its `{name}` is said twice, and not alike")
                value = None  # noqa: PLW2901  # nobody knows which counts
            said[name] = value
    if "type" not in said:
        tell(at, "it has no type")
        said["type"] = None
    form = form_of(said)
    listed, default = form.said.get("enum"), form.said.get("default")
    if isinstance(listed, list) and default is not None and default not in listed:
        tell(at, "its default is none of its values")
    texts = (layer.get("description") for layer in layers)
    text = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return FieldForm(form.said, printable(text, _LONGEST_TEXT))


def merged_form(forms: Sequence[FieldForm], at: str, tell: Tell) -> FieldForm:
    """One form for what several alternatives say of a field; where they differ, it is not clear."""
    first, *others = forms
    if not others:
        return first
    names = dict.fromkeys(name for form in forms for name in form.said)
    differing = [name for name in names if any(form.said.get(name) != first.said.get(name) for form in others)]
    inner = any((form.items, form.fields) != (first.items, first.fields) for form in others)
    if differing or inner:
        tell(at, f"the forms of the body differ in it ({', '.join(differing) or 'what it holds'})")
    said = {name: None if name in differing else first.said[name] for name in names}
    return FieldForm(said, first.description, None if inner else first.items, {} if inner else first.fields)


def _keywords(layer: Mapping[str, Any], at: str, tell: Tell) -> list[tuple[str, object]]:
    """What a schema says that is compared; what it says oddly is None."""
    found = [(name, layer[name]) for name in ("type", "enum", "default", *LIMITS) if name in layer]
    if "const" in layer:
        found.append(("enum", [layer["const"]]))
    if "pattern" in layer:
        tell(at, f"its pattern is not compared: {printable(str(layer['pattern']), _LONGEST_VALUE)}")
    read = [(name, _READERS.get(name, _limit)(value)) for name, value in found]
    for (name, value), (_, clear) in zip(found, read, strict=True):
        if clear is None and value is not None:
            tell(at, f"its `{name}` cannot be read")
    return [(name, value) for name, value in read if value is not None or name != "default"]


def _type(written: object) -> object:
    kinds = written if isinstance(written, list) else [written]
    named = [each for each in kinds if each != "null"]
    return named[0] if len(named) == 1 and isinstance(named[0], str) and named[0] in _TYPES else None


def _values(written: object) -> object:
    if not isinstance(written, list):
        return None
    values = [each for each in written if each is not None]  # that nothing may be said says nothing
    return _without_twins(values) if 0 < len(values) <= _MOST_VALUES and all(map(_is_plain, values)) else None


def _without_twins(values: list[Any]) -> list[Any]:
    found: dict[tuple[type, object], Any] = {(type(each), each): each for each in values}
    return list(found.values())


def _default(written: object) -> object:
    if isinstance(written, list):
        return written if len(written) <= _MOST_VALUES and all(map(_is_plain, written)) else None
    return written if _is_plain(written) else None


def _limit(written: object) -> object:
    return written if isinstance(written, bool | int | float) else None


def _is_plain(value: object) -> bool:
    """Whether it is a number, a switch, or a text that can be shown as it is."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_VALUE and value.isprintable()
    return isinstance(value, bool | int | float)


_READERS: Mapping[str, Callable[[object], object]] = {"type": _type, "enum": _values, "default": _default}
