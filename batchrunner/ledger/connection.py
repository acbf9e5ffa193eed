"""How the state file is opened: durable, readable beside a writer, and of a version that this release knows."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from batchrunner.errors import LedgerError, NewerLedger
from batchrunner.files import make_private_folder
from batchrunner.resources import read_package_text

VERSION = 1

Connect = Callable[..., sqlite3.Connection]

# How long one writer waits for another; each holds the file for milliseconds.
_BUSY_S = 30.0


def open_for_writing(path: Path, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """The ledger at `path`, made if it is not there.

    Raises:
        LedgerError: the file cannot be opened or made, or is no ledger.
    """
    try:
        make_private_folder(path.parent)
        db = connect(str(path), timeout=_BUSY_S, isolation_level=None)
        # WAL lets `status` read beside a run. Where the disk cannot do it, SQLite stays with its rollback journal.
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        _prepare(db, path)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"the ledger {path} cannot be opened: {error}") from error
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The ledger at `path`, which must exist; nothing is written to it.

    Raises:
        LedgerError: the file cannot be read, or is no ledger.
    """
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None)
        version = _version(db)
        _check_version(version, path)
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger {path} cannot be read: {error}") from error
    return db if version else empty()


def empty() -> sqlite3.Connection:
    """A ledger in memory that remembers nothing: it stands for a file that has no tables yet."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    _prepare(db, Path(":memory:"))
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Makes the tables of a new ledger; two processes that come at once make them once."""
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)
        if version == 0:
            for statement in _statements(read_package_text("ledger/tables.sql")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        else:
            _check_version(version, path)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _statements(script: str) -> list[str]:
    """The script's statements one by one: `executescript` would commit after each."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _check_version(version: int, path: Path) -> None:
    if version > VERSION:
        raise NewerLedger(f"the ledger {path} was written by a later release of batchrunner: update batchrunner")
