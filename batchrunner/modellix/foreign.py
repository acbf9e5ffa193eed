"""Foreign values, read without trust: any bytes, any JSON, any header. Nothing here raises; pure."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_LONGEST_KEPT = 20_000
# A link as it stands in a text or in JSON, where `/` and `&` may be written as escapes.
_LINK = re.compile(r"https?:(?:\\?/){2}(?:[^\s\"'<>\\]|\\u[0-9a-fA-F]{4}|\\/)+", re.IGNORECASE)
_USER = re.compile(r"//[^/]*@")
_SECRET = re.compile(r"mdlx-[A-Za-z0-9_-]+|(?<=Bearer )[^\s\"]+")


def kept(body: bytes) -> str:
    """A body as the ledger keeps it: see `told`."""
    return told(body.decode("utf-8", errors="replace"))


def told(text: str) -> str:
    """A foreign text that may be written down: no secrets in it, nothing that is no text, and not endless.

    Links lose whatever follows their question mark: it may be a signature.
    """
    text = text[:_LONGEST_KEPT].encode("utf-8", errors="replace").decode()
    text = _LINK.sub(lambda link: _USER.sub("//", re.split(r"[?#]", link[0])[0]), text)
    return _SECRET.sub("(key)", text)


def json_of(body: bytes) -> Any:
    """The JSON in a body; None where there is none."""
    try:
        return json.loads(body, parse_float=_decimal)
    except (ValueError, RecursionError):
        return None


def dict_of(value: Any) -> Mapping[str, Any]:
    """An object's members; none where it is no object."""
    return value if isinstance(value, dict) else {}


def data_of(document: Any) -> Mapping[str, Any]:
    """What the service's envelope holds: `{"code", "message", "data": {…}}`."""
    return dict_of(dict_of(document).get("data"))


def message_of(data: Any) -> str:
    """The service's own words, empty where there are none."""
    message = dict_of(data).get("message")
    return told(message) if isinstance(message, str) else ""


def amount(value: Any) -> Decimal | None:
    """An amount of 0 or more, written as a number or a text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    found = _decimal(str(value))
    return found if found is not None and found.is_finite() and found >= 0 else None


def seconds_of(value: Any) -> float | None:
    """Epoch milliseconds in seconds; None for what is no time of this century in milliseconds."""
    milliseconds = amount(value)
    if milliseconds is None or not 10**12 < milliseconds < 10**14:
        return None
    return float(milliseconds) / 1000


def number(text: str | None) -> float | None:
    """A header's number of 0 or more; None for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*", text or "")
    return float(found[1]) if found else None


def whole(text: str | None) -> int | None:
    """A header's whole number, what stands behind its point left out."""
    found = number(text)
    return None if found is None else int(found)


def _decimal(text: str) -> Decimal | None:
    """A number of any size; None where even Decimal has no room for it."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
