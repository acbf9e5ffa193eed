"""One run of a manifest at a time: an OS lock, which ends with its process, and a note that says who holds it."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from batchrunner.errors import RunLocked
from batchrunner.io.roots import make_state_folder, state_root

_NOTE = ".lock.json"
# What a run says of itself while it holds the lock: `run_beat.py`.
BEAT = ".beat.json"
_NOTE_BYTES = 4096
# Whoever only looks holds a lock for an instant; a run is longer at work than this.
_LOOK_S = 0.2
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class LockOwner:
    """The process that holds a manifest's lock; `since` is RFC 3339."""

    host: str
    pid: int
    since: str


@contextmanager
def run_lock(folder: Path, manifest: str, since: str) -> Iterator[None]:
    """Holds the manifest's lock for the length of the block.

    Raises:
        Locked: another run holds it.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # heavy: only what runs needs it

    make_state_folder(folder)
    root, note = state_root(folder), _note(folder, manifest)
    root.check(_lock(folder, manifest))  # filelock follows no link either, but says so in its own words
    lock = FileLock(_lock(folder, manifest), mode=0o600)
    try:
        lock.acquire(timeout=_LOOK_S, poll_interval=_PAUSE_S)
    except Timeout:
        raise RunLocked(_who_holds(folder, manifest)) from None
    try:
        root.write_whole(note, json.dumps(asdict(LockOwner(socket.gethostname(), os.getpid(), since))).encode())
        yield
    finally:
        root.remove(folder / f"{manifest}{BEAT}")
        root.remove(note)
        lock.release()


def lock_owner(folder: Path, manifest: str) -> LockOwner | None:
    """Who holds the lock; None where nobody does. The note says who, and the lock itself says whether.

    Locks of another machine are not always seen here, so that its note is believed.
    """
    try:
        with state_root(folder).open(_note(folder, manifest)) as file:
            known = LockOwner(**json.loads(file.read(_NOTE_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    if type(known.pid) is not int or known.pid <= 0:
        return None  # somebody else wrote this note
    return known if known.host != socket.gethostname() or _is_held(folder, known, manifest) else None


def _is_held(folder: Path, by: LockOwner, manifest: str) -> bool:
    """Whether the lock is held: a process id alone may be another process's by now."""
    try:
        with state_root(folder).open(_lock(folder, manifest)) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    except OSError:  # a disk without locks
        return _runs(by.pid)
    return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def any_lock_owner(folder: Path) -> LockOwner | None:
    """Who holds any lock in this folder: some manifest of the project is being rendered."""
    manifests = (note.name.removesuffix(_NOTE) for note in sorted(folder.glob(f"*{_NOTE}")))
    return next((found for name in manifests if (found := lock_owner(folder, name))), None)


def _lock(folder: Path, manifest: str) -> Path:
    return folder / f"{manifest}.lock"


def _note(folder: Path, manifest: str) -> Path:
    return folder / f"{manifest}{_NOTE}"


def _who_holds(folder: Path, manifest: str) -> str:
    known = lock_owner(folder, manifest)
    who = f"process {known.pid} on {known.host}, since {known.since}" if known else "another process"
    return f"another run of {manifest} is active: {who}"
