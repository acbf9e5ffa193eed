"""What an unquoted word means: YAML 1.2's core schema without hexadecimals, octals, `.inf` and `.nan`."""

import math
import re

INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
MOST_DIGITS = 640  # the least that Python can be told to accept, so it never refuses what we accept

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("+-.0123456789")


def value_of(text: str) -> str | int | float | bool | None:
    """`8` is 8, `010` is 10, `1e3` is 1000.0, `True` is True, `~` is None, `16:9` and `no` are themselves.

    Raises:
        ValueError: it is a number, but too long or too large; the message says which.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS or not FLOAT.fullmatch(text):  # every integer is a float by its looks
        return text
    if len(text) > MOST_DIGITS:
        raise ValueError(f"the number has {len(text)} characters; at most {MOST_DIGITS} are allowed")
    if INTEGER.fullmatch(text):
        return int(text, 10)
    return _finite(float(text))


def _finite(number: float) -> float:
    if math.isinf(number):
        raise ValueError("the number is too large")
    return number
