"""One run of a manifest at a time: an OS lock, which ends with its process, and a note that says who holds it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from batchrunner.errors import Locked
from batchrunner.files import make_private_folder, write_whole

_NOTE = ".lock.json"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a manifest's lock; `since` is RFC 3339."""

    host: str
    pid: int
    since: str

    @property
    def is_alive(self) -> bool:
        """Whether that process still runs; on another machine nobody can tell, so it is believed."""
        if type(self.pid) is not int or self.pid <= 0:
            return False  # somebody else wrote this note
        if self.host != socket.gethostname():
            return True
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True


@contextmanager
def run_lock(folder: Path, manifest: str, since: str) -> Iterator[None]:
    """Holds the manifest's lock for the length of the block.

    Raises:
        Locked: another run holds it.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # heavy: only what runs needs it

    make_private_folder(folder)
    lock = FileLock(folder / f"{manifest}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Locked(_who_holds(folder, manifest)) from None
    note = _note(folder, manifest)
    try:
        write_whole(note, json.dumps(asdict(Holder(socket.gethostname(), os.getpid(), since))))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def holder(folder: Path, manifest: str) -> Holder | None:
    """Who holds the lock, read from the note alone; None where nobody does."""
    try:
        known = Holder(**json.loads(_note(folder, manifest).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return known if known.is_alive else None


def anybody(folder: Path) -> Holder | None:
    """Who holds any lock in this folder: some manifest of the project is being rendered."""
    manifests = (note.name.removesuffix(_NOTE) for note in sorted(folder.glob(f"*{_NOTE}")))
    return next((found for name in manifests if (found := holder(folder, name))), None)


def _note(folder: Path, manifest: str) -> Path:
    return folder / f"{manifest}{_NOTE}"


def _who_holds(folder: Path, manifest: str) -> str:
    known = holder(folder, manifest)
    who = f"process {known.pid} on {known.host}, since {known.since}" if known else "another process"
    return f"another run of {manifest} is at work: {who}"
