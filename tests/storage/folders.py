"""Folders as they are elsewhere: on a network without shared memory, read-only, and left by a killed process."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

DOTFILE = "vfs=unix-dotfile"

# A namespace of mounts of its own binds for root as well, and is gone with its process.
_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'


def without_shared_memory(path: str, **how: Any) -> sqlite3.Connection:
    """Opens a ledger by SQLite's way for disks without locks and shared memory, where WAL is really refused."""
    db: sqlite3.Connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?{DOTFILE}", uri=True, **how)
    return db


class _NoWal(sqlite3.Connection):
    """Answers as a network folder does when it is asked for WAL."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        asked = sql == "PRAGMA journal_mode = WAL"
        return super().execute("PRAGMA journal_mode = DELETE" if asked else sql, parameters)


def without_wal(path: str, **how: Any) -> sqlite3.Connection:
    """Opens a ledger that stays in DELETE mode under the usual locks, which readers in other processes respect."""
    return sqlite3.connect(path, factory=_NoWal, **how)


def mode(db: sqlite3.Connection) -> tuple[str, int]:
    """The journal, and how hard it syncs: 2 is FULL."""
    return db.execute("PRAGMA journal_mode").fetchone()[0], db.execute("PRAGMA synchronous").fetchone()[0]


def read_only(folder: Path, command: Sequence[str | Path], **how: Any) -> "subprocess.CompletedProcess[str]":
    """Runs a command in a folder that it cannot write to, whoever it is."""
    rights = ["-m"] if _can_mount("-m") else ["-rm"]
    if not _can_mount(*rights):
        pytest.skip("no folder can be mounted read-only here: that needs Linux, unshare, and root or user namespaces")
    wrapped = ["unshare", *rights, "sh", "-c", _READ_ONLY, folder, *command]
    return subprocess.run(wrapped, capture_output=True, text=True, check=False, **how)


def _can_mount(*rights: str) -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        ["unshare", *rights, "sh", "-c", _READ_ONLY, Path(__file__).parent, "true"], capture_output=True, check=False
    )
    return tried.returncode == 0


# Every attempt is settled in one write, which is too large for the cache: its first half is in the file already.
_DIE = """
import os, signal, sys
from pathlib import Path
from batchrunner.storage.sqlite.ledger import SqliteLedger
from batchrunner.storage.sqlite.transaction import writing
from tests.storage import folders
ledger = SqliteLedger.writing(Path(sys.argv[1]), *([folders.without_wal] if sys.argv[2] == "delete" else []))
ledger._db.execute("PRAGMA cache_size = 5")
ledger._db.execute("PRAGMA wal_autocheckpoint = 0")
with writing(ledger._db) as db:
    db.execute("UPDATE attempt SET settled_at_s = 1 WHERE settled_at_s IS NULL")
    if sys.argv[2] == "delete":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_it_settles(path: Path, journal: str) -> None:
    """A process dies over a ledger: with `delete` in the middle of its write, with `wal` just after it."""
    died = subprocess.run([sys.executable, "-c", _DIE, str(path), journal], check=False, cwd=Path(__file__).parents[2])
    assert died.returncode == -9
