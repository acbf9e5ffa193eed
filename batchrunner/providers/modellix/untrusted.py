"""Foreign values, read without trust: any bytes, any JSON, any header. Nothing here raises; pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

_LONGEST_KEPT = 20_000
# What is larger or longer is no amount, no time and no count: computing with `1e999999999` takes minutes and gigabytes.
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
# Without a zone it is not certain which moment is meant.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_LARGEST_USD = Decimal(1_000_000)
_SMALLEST_USD = Decimal("0.0001")
# A link as it stands in a text or in JSON, where `/` and `&` may be written as escapes.
_LINK = re.compile(r"https?:(?:\\?/){2}(?:[^\s\"'<>\\]|\\u[0-9a-fA-F]{4}|\\/)+", re.IGNORECASE)
_USER = re.compile(r"//[^/]*@")
_SECRET = re.compile(r"mdlx-[A-Za-z0-9_-]+|(?<=Bearer )[^\s\"]+")


def redacted_body(body: bytes) -> str:
    """A body as the ledger keeps it: see `told`."""
    return redact(body.decode("utf-8", errors="replace"))


def redact(text: str) -> str:
    """A foreign text that may be written down: no secrets in it, nothing that is no text, and not endless.

    Links lose whatever follows their question mark: it may be a signature.
    """
    text = text[:_LONGEST_KEPT].encode("utf-8", errors="replace").decode()
    text = _LINK.sub(lambda link: _USER.sub("//", re.split(r"[?#]", link[0])[0]), text)
    return _SECRET.sub("(key)", text)


def json_of(body: bytes) -> Any:
    """The JSON in a body; None where there is none. A number beyond all bounds is the text that it was."""
    try:
        return json.loads(body, parse_float=_number_or_text, parse_int=_number_or_text)
    except (ValueError, RecursionError):
        return None


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal; False for what is nested too deeply to say."""
    try:
        return bool(one == other)
    except RecursionError:
        return False


def dict_of(value: Any) -> Mapping[str, Any]:
    """An object's members; none where it is no object."""
    return value if isinstance(value, dict) else {}


def data_of(document: Any) -> Mapping[str, Any]:
    """What the service's envelope holds: `{"code", "message", "data": {…}}`."""
    return dict_of(dict_of(document).get("data"))


def message_of(data: Any) -> str:
    """The service's own words, empty where there are none."""
    message = dict_of(data).get("message")
    return redact(message) if isinstance(message, str) else ""


def amount(value: Any) -> Decimal | None:
    """An amount of 0 to 1,000,000 US dollars, written as a number or a text; None for anything else.

    What is less than a hundredth of a cent is rounded off: services compute in floats.
    """
    usd = _bounded(value)
    if usd is None or not 0 <= usd <= _LARGEST_USD:
        return None
    return usd if usd == usd.quantize(_SMALLEST_USD) else usd.quantize(_SMALLEST_USD)


def seconds_of(value: Any) -> float | None:
    """A moment in Unix seconds, told in these, in milliseconds, or in ISO 8601 with its zone; None for anything else.

    A number tells by its size what it counts: both mean times from 2001 on, and none is a time of both.
    """
    number = _iso_s(value) if isinstance(value, str) and not _NUMBER.fullmatch(value) else _bounded(value)
    if number is not None and 10**12 < number < 10**14:
        number /= 1000
    return float(number) if number is not None and 10**9 < number < 10**11 else None


def in_words(value: Any) -> str:
    """A value that makes no sense, as it may be shown: short."""
    return redact(str(value)[:40]) if isinstance(value, str | int | float | Decimal) else "no number"


def number(text: str | None) -> float | None:
    """A header's number of 0 or more; None for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*", text or "")
    return float(found[1]) if found else None


def whole(text: str | None) -> int | None:
    """A header's whole number, what stands behind its point left out."""
    found = number(text)
    return None if found is None else int(found)


def _bounded(value: Any) -> Decimal | None:
    """A number that can be computed with; None for anything else."""
    if not isinstance(value, str | int | float | Decimal) or isinstance(value, bool):
        return None
    text = str(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _iso_s(text: str) -> Decimal | None:
    try:
        return Decimal(datetime.fromisoformat(text).timestamp()) if _MOMENT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def _number_or_text(text: str) -> Decimal | int | str:
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
