"""How the state file is opened: durable, readable beside a writer, and of a version that this release knows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from batchrunner.errors import LedgerError, NewerLedger
from batchrunner.files import Refused, make_state_folder, state_root
from batchrunner.ledger import digests, upgrade
from batchrunner.resources import read_package_text

# Each script brings a ledger from the version of its place to the next one.
_SCRIPTS = ("ledger/tables.sql", "ledger/version_2.sql", "ledger/version_3.sql", "ledger/version_4.sql")
# What is done beyond a script, by the version that it leads to.
_BEYOND = {4: upgrade.to_version_4}
VERSION = len(_SCRIPTS)

# SQLite's files beside a database. Source: https://www.sqlite.org/tempfiles.html
_ENDINGS = ("", "-wal", "-shm", "-journal")

Connect = Callable[..., sqlite3.Connection]

# Tells our files from those of other programs. Source: SQLite's file format, "application id"; "brun" in ASCII.
_OURS = 0x6272756E

# How long one writer waits for another; each holds the file for milliseconds.
_BUSY_S = 30.0


def open_for_writing(path: Path, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """The ledger at `path`, made if it is not there.

    Raises:
        LedgerError: the file cannot be opened or made, or is no ledger.
    """
    try:
        _check_links(path)
        _make_file(path)
        db = connect(str(path), timeout=_BUSY_S, isolation_level=None)
        try:
            _check(db, path)
            # WAL lets `status` read beside a run. Where the disk cannot do it, SQLite keeps its rollback journal.
            with suppress(sqlite3.OperationalError):  # somebody who makes it at this moment does the same
                db.execute("PRAGMA journal_mode = WAL").fetchone()
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            digests.install(db)
            _prepare(db)
        except BaseException:
            db.close()
            raise
    except Refused:
        raise
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"the ledger {path} cannot be opened: {error}") from error
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The ledger at `path`, which must exist; nothing is recorded in it, and nothing is left beside it.

    One of an older version is told from a copy in memory, so that only those who record bring it up to date.

    Raises:
        LedgerError: the file cannot be read, or is no ledger.
    """
    try:
        _check_links(path)
        db = _reader(path)
        try:
            has_tables = _check(db, path)
        except BaseException:
            db.close()
            raise
    except Refused:
        raise
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"the ledger {path} cannot be read: {error}") from error
    if has_tables and _version(db) == VERSION:
        return db
    with closing(db):
        return copied(db) if has_tables else empty()


def copied(db: sqlite3.Connection) -> sqlite3.Connection:
    """The same ledger in memory, with the tables of today."""
    copy = _in_memory()
    db.backup(copy)
    _prepare(copy)
    return copy


def empty() -> sqlite3.Connection:
    """A ledger in memory that remembers nothing: it stands for a file that has no tables yet."""
    db = _in_memory()
    _prepare(db)
    return db


def _in_memory() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    digests.install(db)
    return db


def _reader(path: Path) -> sqlite3.Connection:
    """A connection that may tidy up behind itself; where the folder is read-only, one that may not."""
    address = path.absolute().as_uri()
    for mode in ("mode=rw", "mode=ro"):
        with suppress(sqlite3.OperationalError):
            return _looking(f"{address}?{mode}")
    for journal in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if journal.exists() and journal.stat().st_size:
            raise LedgerError(
                f"the ledger {path} was left in the middle of a write ({journal.name}), and cannot be read where "
                "nothing may be written: copy the folder to another place"
            )
    return _looking(f"{address}?immutable=1")


def _looking(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)
    try:
        db.execute("PRAGMA query_only = ON")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _make_file(path: Path) -> None:
    """An empty file that is nobody else's to read, where there is none; SQLite's own files get the same rights."""
    make_state_folder(path.parent)
    with suppress(FileExistsError):
        state_root(path.parent).create(path).close()


def _check_links(path: Path) -> None:
    root = state_root(path.parent)
    for ending in _ENDINGS:
        root.check(path.with_name(f"{path.name}{ending}"))


def _prepare(db: sqlite3.Connection) -> None:
    """Makes the tables of a new ledger, and adds to an older one what is new; two who come at once do it once."""
    db.execute("BEGIN IMMEDIATE")
    try:
        before = _version(db)
        for version, script in enumerate(_SCRIPTS, 1):
            if version > before:
                _bring_to(db, version, script)
        digests.fill(db)
        db.execute(f"PRAGMA application_id = {_OURS}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _bring_to(db: sqlite3.Connection, version: int, script: str) -> None:
    for statement in _statements(read_package_text(script)):
        db.execute(statement)
    if version in _BEYOND:
        _BEYOND[version](db)


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


def _check(db: sqlite3.Connection, path: Path) -> bool:
    """Whether it has tables yet.

    Raises:
        LedgerError: they are another program's, or a later release's.
    """
    with closing(db.execute("SELECT count(*) FROM sqlite_master")) as found:
        has_tables = bool(found.fetchone()[0])
    if has_tables and db.execute("PRAGMA application_id").fetchone()[0] != _OURS:
        raise LedgerError(f"{path} is the database of another program, not a ledger: name another file with --ledger")
    if _version(db) > VERSION:
        raise NewerLedger(f"the ledger {path} was written by a later release of batchrunner: update batchrunner")
    return has_tables


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
