"""Which texts of a sheet a field of a model takes: one of a list, a whole number of a range, a switch, a number."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?")
_WHOLE = re.compile(r"-?\d{1,18}")
# A range of more values is a range of any number, such as a seed.
_MOST_LISTED = 100
_SHORTEST_RANGE = 4

Schema = Mapping[str, Any]


def listed_values(field: Schema) -> tuple[str, ...]:
    """The values of which a field takes one, as texts; () where it takes any, or too many to be listed."""
    match field:
        case {"enum": list(values)}:
            return tuple(map(in_words, values))
        case {"type": "boolean"}:
            return ("true", "false")
        case {"type": "integer", "minimum": int(low), "maximum": int(high)} if high - low < _MOST_LISTED:
            return tuple(map(str, range(low, high + 1)))
        case _:
            return ()


def takes_text(field: Schema, text: str) -> bool:
    """Whether a field whose values are not listed takes a text, as far as numbers are concerned."""
    if field.get("type") not in {"integer", "number"}:
        return True
    form = _WHOLE if field["type"] == "integer" else _NUMBER
    if not form.fullmatch(text):
        return False
    return bool(field.get("minimum", float("-inf")) <= float(text) <= field.get("maximum", float("inf")))


def typed_value(field: Schema, text: str) -> object:
    """A text as the field has it: of a whole number, the number."""
    return int(text) if field.get("type") == "integer" and _WHOLE.fullmatch(text) else text


def in_words(value: object) -> str:
    """A value as it is written into a manifest or a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def values_in_words(values: Sequence[str]) -> str:
    """`4, 6, 8`, or `1 to 16` for whole numbers without a gap."""
    numbers = [int(value) for value in values if _WHOLE.fullmatch(value)]
    is_range = len(numbers) == len(values) >= _SHORTEST_RANGE
    if is_range and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(values)
