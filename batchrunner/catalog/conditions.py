"""Conditions on the value of a field, as rules and prices write them."""

from collections.abc import Callable, Mapping, Sized
from typing import Any

Condition = Callable[[object], bool]

# Whatever is written; a documented default does not count as written.
ANY = "any"
_MOST_DIGITS = 9


def read_condition(written: object) -> Condition:
    """Whether a value is one of those that are meant: a list of values, a range, a length, a count.

    `[6, 10]` · `{from: 4, to: 8}`, either end may be left out · `{characters: {to: 2000}}` of a text ·
    `{items: {from: 1, to: 9}}` of a list. A value that is not there (None) fulfils none of them.

    Raises:
        ValueError: it is none of these.
    """
    match written:
        case "any":
            return lambda value: value is not None
        case list() if all(isinstance(each, str) for each in written):
            texts = frozenset(written)
            return lambda value: isinstance(value, str) and value in texts
        case list():
            return lambda value: any(same(value, each) for each in written)
        case {"characters": dict(bounds), **others} if not others:
            return _sized((str,), _range(bounds))
        case {"items": dict(bounds), **others} if not others:
            return _sized((list, tuple), _range(bounds))
        case dict() if written and written.keys() <= {"from", "to"}:
            return _range(written)
        case _:
            raise ValueError(f"{written!r} is no list of values, range, length or count")


def same(one: object, other: object) -> bool:
    """Whether two values are the same in JSON, where `true` is no number."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _sized(kinds: tuple[type[Sized], ...], fits: Condition) -> Condition:
    """Whether a value of one of these kinds has such a length."""
    return lambda value: isinstance(value, kinds) and fits(len(value))


def _range(bounds: Mapping[str, Any]) -> Condition:
    least, most = bounds.get("from"), bounds.get("to")

    def within(value: object) -> bool:
        number = _number(value)
        return number is not None and (least is None or least <= number) and (most is None or number <= most)

    return within


def _number(value: object) -> float | None:
    """A number, or a text that is one: some models take their seconds as texts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS
    return int(value) if isinstance(value, str) and is_number else None
