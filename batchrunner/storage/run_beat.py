"""What a run that is alive says of itself, in a small file beside its lock, for whoever watches it.

It says what no ledger holds. Whoever reads it believes it only while the lock is held by the process that wrote it, and
only what it can hold.
"""

import json
import os
import pwd
import socket
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batchrunner.domain.event import Progress
from batchrunner.domain.text import printable
from batchrunner.io.roots import state_root
from batchrunner.storage.run_lock import BEAT, LockOwner

_BYTES = 4096
_MOST_CHARACTERS = 400
_MOST_USD = Decimal(10**9)
_MOST_S = 10.0**11
_MOST_SLOTS = 10**6


@dataclass(frozen=True, slots=True)
class RunBeat:
    """How a run stood at a moment, in Unix seconds: whose it is, and of its `Progress` what no ledger holds."""

    user: str
    at_s: float
    waits_for: str
    waits_s: float
    left_s: float | None
    limit_usd: Decimal | None
    slots_used: int
    slots_known: int


def write_beat(folder: Path, manifest: str, progress: Progress, at_s: float) -> None:
    """Says how the run of this process stands.

    Raises:
        OSError: the disk does not take it, or a link lies in its place.
    """
    said = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "user": _user(),
        "at_s": at_s,
        "waits_for": printable(progress.waits_for, _MOST_CHARACTERS),
        "waits_s": progress.waits_s,
        "left_s": progress.left_s,
        "limit_usd": None if progress.limit_usd is None else str(progress.limit_usd),
        "slots_used": progress.slots_used,
        "slots_known": progress.slots_known,
    }
    state_root(folder).write_whole(beat_path(folder, manifest), json.dumps(said).encode(), durably=False)


def read_beat(folder: Path, manifest: str, owner: LockOwner) -> RunBeat | None:
    """What the holder of the lock said last; None where it said nothing yet, or somebody else has written there."""
    try:
        with state_root(folder).open(beat_path(folder, manifest)) as file:
            said = json.loads(file.read(_BYTES))
        if (said["host"], said["pid"]) != (owner.host, owner.pid):
            return None
        return RunBeat(
            user=_text(said["user"]),
            at_s=_number(said["at_s"], _MOST_S),
            waits_for=_text(said["waits_for"]),
            waits_s=_number(said["waits_s"], _MOST_S),
            left_s=None if said["left_s"] is None else _number(said["left_s"], _MOST_S),
            limit_usd=None if said["limit_usd"] is None else _usd(said["limit_usd"]),
            slots_used=int(_number(said["slots_used"], _MOST_SLOTS)),
            slots_known=int(_number(said["slots_known"], _MOST_SLOTS)),
        )
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        return None


def beat_path(folder: Path, manifest: str) -> Path:
    """Where it is."""
    return folder / f"{manifest}{BEAT}"


def _user() -> str:
    try:
        return printable(pwd.getpwuid(os.getuid()).pw_name, _MOST_CHARACTERS)
    except KeyError:  # as in a container
        return f"user {os.getuid()}"


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        raise ValueError("no text of ours")
    return value


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError("no number of ours")  # nor is NaN: no comparison with it holds
    return float(value)


def _usd(value: object) -> Decimal:
    usd = Decimal(_text(value)[:32])
    if not usd.is_finite() or not 0 <= usd <= _MOST_USD:
        raise ValueError("no amount of ours")
    return usd
