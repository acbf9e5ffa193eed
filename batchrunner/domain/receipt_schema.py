"""What a line of receipts may hold: each field's kind and bounds. Somebody else may have written it; pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.observation import ErrorClass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,255}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# Source: the official command-line client 0.0.7.
_TASK_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:/+@=-]{1,512}")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/\[\]%-]{1,500}")
# Four digits behind the point are what we write. Price lists of one's own made 0.1.0 write more: these are read.
_AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
# Nobody renders there, whoever says so.
_OURS = frozenset({".git", ".batchrunner"})

_FIRST_S, _LAST_S = 1_577_836_800.0, 4_102_444_800.0  # 2020 and 2100
_MOST_FIELDS, _MOST_VALUES, _LONGEST_PATH, _LONGEST_PART = 64, 64, 1024, 255
_LONGEST_SHOWN = 60
_MOST_TAKES, _MOST_BYTES, _LARGEST = 100_000, 1 << 50, 1 << 53


@dataclass(frozen=True, slots=True)
class FieldKind:
    """One kind of value: whether something is of it, and what it is called."""

    fits: Callable[[object], bool]
    words: str

    def or_null(self) -> "FieldKind":
        """The same, and also null."""
        return FieldKind(lambda value: value is None or self.fits(value), f"{self.words}, or null")


def _text(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_between(value: object, least: float, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return least <= value <= most  # which no NaN is


def _is_time(value: object) -> bool:
    return _is_between(value, _FIRST_S, _LAST_S)


def _whole(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and _is_between(value, least, most)


def _printable(longest: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and len(value) <= longest and value.isprintable()


def _is_path(value: object) -> bool:
    """Whether it names an MP4 below the project, on every system: see `manifest.outputs` for what we write."""
    if not isinstance(value, str) or len(value) > _LONGEST_PATH or not value.endswith(".mp4"):
        return False
    return not re.match(r"[A-Za-z]:", value) and all(map(_is_part, value.split("/")))


def _is_part(part: str) -> bool:
    is_name = part not in {"", ".", ".."} and part.isprintable() and "\\" not in part
    return is_name and len(part.encode()) <= _LONGEST_PART and part.casefold() not in _OURS


def _is_request(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"model", "fields"} or not isinstance(value["fields"], dict):
        return False
    fields = value["fields"]
    return _text(_MODEL)(value["model"]) and len(fields) <= _MOST_FIELDS and all(map(_is_field, fields.items()))


def _is_field(item: tuple[object, object]) -> bool:
    name, value = item
    values = value if isinstance(value, list) else [value]
    return _text(_FIELD)(name) and len(values) <= _MOST_VALUES and all(map(_is_value, values))


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    return isinstance(value, bool) or _is_between(value, -_LARGEST, _LARGEST)


NAME = FieldKind(_text(_NAME), "a name of letters, digits, `.`, `_` and `-`")
PROFILE = FieldKind(lambda value: value == "" or NAME.fits(value), "a profile's name, or empty")
TAKE = FieldKind(_whole(1, _MOST_TAKES), f"a whole number from 1 to {_MOST_TAKES}")
REQUEST = FieldKind(_is_request, "a request: a model, and fields with texts, numbers or lists of them")
TASK_ID = FieldKind(_text(_TASK_ID), "a task id")
ADDRESS = FieldKind(_text(_URL), "a web address without a login")
KEY_DIGEST = FieldKind(_text(re.compile(r"[0-9a-f]{16}")), "16 hexadecimal digits")
SHA256 = FieldKind(_text(re.compile(r"[0-9a-f]{64}")), "64 hexadecimal digits")
LAST4 = FieldKind(_printable(4), "at most 4 characters")
AMOUNT = FieldKind(_text(_AMOUNT), 'an amount of US dollars from "0" to "999999.9999"')
TIME = FieldKind(_is_time, "a time between 2020 and 2100 in Unix seconds")
PATH = FieldKind(_is_path, "the path of an .mp4 file inside the project")
SIZE = FieldKind(_whole(0, _MOST_BYTES), "a number of bytes")
HOST = FieldKind(_printable(255), "a machine's name")
MESSAGE = FieldKind(_printable(1000), "a line of text that can be printed")
DECISION = FieldKind(_text(re.compile(r"[0-9a-f]{16}")), "the name of a decision: 16 hexadecimal digits")
FLAG = FieldKind(lambda value: isinstance(value, bool), "true or false")


def one_of(*words: str) -> FieldKind:
    """One of a few words."""
    return FieldKind(lambda value: isinstance(value, str) and value in words, f"one of {', '.join(words)}")


_FILE: dict[str, FieldKind] = {"file": PATH.or_null(), "size_bytes": SIZE.or_null(), "sha256": SHA256.or_null()}
_IDENTITY: dict[str, FieldKind] = {"id": NAME, "take": TAKE, "profile": PROFILE}

# What 0.1.0 wrote of a submit; there its task id was never null.
_SUBMIT: dict[str, FieldKind] = {
    **_IDENTITY,
    "request": REQUEST,
    "task_id": TASK_ID.or_null(),
    "base_url": ADDRESS,
    "key_digest": KEY_DIGEST,
    "key_last4": LAST4,
    "cost_usd": AMOUNT,
    "submitted_at_s": TIME,
    "rendered_at_s": TIME.or_null(),
    "done_at_s": TIME.or_null(),
    "output": PATH,
    **_FILE,
    "host": HOST,
}
# What a submit may say beside that.
_SUBMIT_ALSO: dict[str, FieldKind] = {
    "outcome": one_of("sent", *Outcome),
    "refusal": one_of(*RejectReason).or_null(),
    "by_hand": FLAG,
    "message": MESSAGE,
    "reserved_usd": AMOUNT,
    "billed_usd": AMOUNT.or_null(),
    "closed_at_s": TIME.or_null(),
    "failed_at_s": TIME.or_null(),
    "error_class": one_of(*ErrorClass).or_null(),
    "gone_since_s": TIME.or_null(),
    "gone_at_s": TIME.or_null(),
    "expires_at_s": TIME.or_null(),
    "decision": DECISION.or_null(),
}
_DECIDED: dict[str, FieldKind] = {
    **_IDENTITY,
    "decided": one_of(*DecisionKind),
    "decision": DECISION,
    "request": REQUEST.or_null(),
    "chosen": TASK_ID.or_null(),
    "decided_at_s": TIME,
    "host": HOST,
}
_ADOPTED: dict[str, FieldKind] = {**_IDENTITY, "task_id": TASK_ID, "adopted_at_s": TIME, **_FILE, "host": HOST}
# What a line of each kind needs, and what it may have beside that.
_SCHEMAS: Mapping[str, tuple[dict[str, FieldKind], dict[str, FieldKind]]] = {
    "submit": (_SUBMIT, _SUBMIT_ALSO),
    "decision": (_DECIDED, {}),
    "adoption": (_ADOPTED, {}),
}


def check_line(data: object) -> tuple[str, Mapping[str, Any]]:
    """The object and its kind: `submit`, `decision` or `adoption`. Names that are not known are left alone.

    Raises:
        ValueError: it is none of these; it says of which field, and what belongs there.
    """
    if not isinstance(data, dict):
        raise ValueError(f"it holds {shown(data)}, not an object")  # noqa: TRY004  # a fault of the file, not of ours
    kind = data.get("kind", "submit")
    if not one_of(*_SCHEMAS).fits(kind):
        raise ValueError(f"`kind` is {shown(kind)}, which this release does not know")
    needed, also = _SCHEMAS[kind]
    for name in needed:
        if name not in data:
            raise ValueError(f"`{name}` is missing")
    for name, allowed in (needed | also).items():
        if name in data and not allowed.fits(data[name]):
            raise ValueError(f"`{name}` is {shown(data[name])}, not {allowed.words}")
    _check_together(kind, data)
    return kind, data


def _check_together(kind: str, data: Mapping[str, Any]) -> None:
    if len({data.get(name) is None for name in _FILE}) > 1:
        raise ValueError("`file`, `size_bytes` and `sha256` belong together")
    if kind == "submit" and (data.get("outcome", "accepted") == "accepted") is (data["task_id"] is None):
        raise ValueError("`task_id` belongs to what was accepted, and to nothing else")
    if kind == "submit" and (data.get("outcome") == "refused") is (data.get("refusal") is None):
        raise ValueError("`refusal` belongs to what was refused, and to nothing else")


def shown(value: object) -> str:
    """A foreign value in ASCII, not endless."""
    text = ascii(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
