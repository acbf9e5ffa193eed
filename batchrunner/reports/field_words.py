"""What a field of a model takes, in words: its values, its limits, and those of its pictures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchrunner.catalog.picture_limits import PictureLimits, SentAs
from batchrunner.io.image_header import LARGEST_BYTES, ImageKind

_KINDS: Mapping[str, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
}
_FILES: Mapping[str, str] = {"picture": "a picture", "audio": "a link to a sound", "video": "a link to a clip"}
_SHORTEST_RUN = 4
_MEGABYTE = 1_000_000


def value_in_words(value: object) -> str:
    """A value as a manifest writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def values_in_short(schema: Mapping[str, Any]) -> str:
    """The values of a field in a few words: `6, 10`, `1 to 16`; empty where it takes any."""
    match schema:
        case {"enum": list(values)}:
            numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
            is_run = len(numbers) == len(values) >= _SHORTEST_RUN and values == list(range(values[0], values[-1] + 1))
            return f"{values[0]} to {values[-1]}" if is_run else ", ".join(map(value_in_words, values))
        case {"minimum": low, "maximum": high}:
            return f"{low:,} to {high:,}" if abs(high) > _MEGABYTE else f"{low} to {high}"
        case {"minimum": low}:
            return f"{low} or more"
        case {"maximum": high}:
            return f"{high} or less"
        case _:
            return ""


def field_values(schema: Mapping[str, Any], link: str) -> str:
    """What a field takes, its kind, values and limits; `link` is the kind of file that it names, if it names any."""
    kind = _FILES[link] if link else _KINDS.get(schema.get("type", ""), "a value")
    if schema.get("type") == "array":
        item = f"{_FILES[link].removeprefix('a ')}s" if link else "texts"
        kind = f"a list of {_span(schema, 'Items', item)}"
    elif schema.get("type") == "string" and "maxLength" in schema:
        kind = f"{kind} of at most {schema['maxLength']:,} characters"
    return values_in_short(schema) or kind


def _span(schema: Mapping[str, Any], what: str, noun: str) -> str:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if most is None:
        return noun
    return f"{least} to {most} {noun}" if least else f"at most {most} {noun}"


def picture_words(limits: PictureLimits) -> str:
    """The limits of a field's pictures; empty where none is known."""
    return "; ".join(_picture(limits))


def _picture(limits: PictureLimits) -> Iterator[str]:
    if limits.accepts == {SentAs.LINK}:
        yield "a link only, no local file"
    if limits.accepts == {SentAs.UPLOAD}:
        yield "a local file only"
    if limits.formats != frozenset(ImageKind):
        yield _or(sorted(kind.value.upper() for kind in limits.formats))
    if limits.max_bytes != LARGEST_BYTES:
        yield f"at most {limits.max_bytes / _MEGABYTE:.3g} MB"
    if limits.min_side_px is not None:
        yield f"each side at least {limits.min_side_px:,} pixels"
    if limits.max_side_px is not None:
        yield f"no side above {limits.max_side_px:,} pixels"
    if limits.max_pixels is not None:
        yield f"at most {limits.max_pixels:,} pixels"
    if limits.ratio is not None:
        low, high = (f"{each.numerator}:{each.denominator}" for each in limits.ratio)
        yield f"shape {low} to {high}"


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
