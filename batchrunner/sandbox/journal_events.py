"""What the journal tells: one frozen event a line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from batchrunner.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Opened:
    """The service was started on this state file."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Charged:
    """A task was accepted and paid for. What will become of it is decided here, for its whole life.

    Attributes:
        body: the request as it was sent.
        key_sha256: tells keys apart without keeping one; `key_end` is the last 4 characters, for people.
        traits: those of `faults.TASK_TRAITS` that the task has.
    """

    at_s: float
    task_id: str
    model: str
    body: Mapping[str, Any]
    amount_usd: Decimal
    key_sha256: str
    key_end: str
    latency_s: float
    traits: frozenset[Fault]


@dataclass(frozen=True, slots=True)
class Refunded:
    """A charge was given back."""

    at_s: float
    task_id: str
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file was taken in."""

    at_s: float
    file_id: str
    filename: str
    suffix: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """An uploaded file was deleted by its owner."""

    at_s: float
    file_id: str


@dataclass(frozen=True, slots=True)
class Leaked:
    """A key was sent to where it does not belong. The query is left out: it may be a signature."""

    at_s: float
    host: str
    method: str
    path: str
    key_end: str


Event = Opened | Charged | Refunded | Uploaded | Deleted | Leaked

_KINDS: Mapping[str, Callable[..., Event]] = {
    kind.__name__.lower(): kind for kind in (Opened, Charged, Refunded, Uploaded, Deleted, Leaked)
}


def to_line(event: Event) -> bytes:
    """One line of JSON, with its end: `{"event": "deleted", "at_s": 1.0, "file_id": "file-…"}`."""
    fields = {"event": type(event).__name__.lower(), **asdict(event)}
    return json.dumps(fields, default=_plain).encode() + b"\n"


def from_line(line: bytes) -> Event:
    """The event that a line tells.

    Raises:
        ValueError: it tells none.
    """
    try:
        fields = json.loads(line)
        kind = _KINDS[fields.pop("event")]
        return kind(**fields | {name: read(fields[name]) for name, read in _READ.items() if name in fields})
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not an event of the sandbox: {line[:80]!r}") from error


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return str(value)
        case frozenset():
            return sorted(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def _traits(names: list[str]) -> frozenset[Fault]:
    by_name = {str(fault): fault for fault in Fault}
    return frozenset(by_name[name] for name in names)


_READ: Mapping[str, Callable[[Any], object]] = {"amount_usd": Decimal, "traits": _traits}
