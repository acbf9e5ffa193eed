"""How a ledger's file is opened: durable, readable beside a writer, and of a version that this release knows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from batchrunner.errors import LedgerError, NewerLedger
from batchrunner.io.dir_fd import Refused
from batchrunner.io.roots import make_state_folder, state_root
from batchrunner.storage.sqlite import digests, tables
from batchrunner.storage.sqlite.admission import Admission
from batchrunner.storage.sqlite.tables import VERSION
from batchrunner.storage.sqlite.transaction import TROUBLES

Connect = Callable[..., sqlite3.Connection]

# How long one writer waits for another; each holds the file for milliseconds.
_BUSY_S = 30.0


def open_for_writing(path: Path, connect: Connect = sqlite3.connect, *, trusting: bool = False) -> sqlite3.Connection:
    """The ledger at `path`, made if it is not there. `trusting`: a person says that it is to be trusted.

    Raises:
        LedgerError: the file cannot be opened or made, or is no ledger.
        UntrustedLedger: nobody here trusts it.
        UsageError: a new one cannot be recorded as this person's.
    """
    admission = Admission(path, trusting)
    try:
        admission.check_file()
        _make_file(path)
        db = connect(str(path), timeout=_BUSY_S, isolation_level=None)
        try:
            _harden(db)
            _check(db, path)
            db.execute("PRAGMA synchronous = FULL")
            digests.install(db)
            _prepare(db, admission)
            db.execute("PRAGMA foreign_keys = ON")
            # WAL lets `status` read beside a run. Where the disk cannot do it, SQLite keeps its rollback journal.
            with suppress(sqlite3.OperationalError):  # somebody who makes it at this moment does the same
                db.execute("PRAGMA journal_mode = WAL").fetchone()
        except BaseException:
            db.close()
            raise
    except Refused:
        raise
    except (OSError, *TROUBLES) as error:
        raise LedgerError(f"the ledger {path} cannot be opened: {error}") from error
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The ledger at `path`, which must exist; nothing is recorded in it, and nothing is left beside it.

    One of an older version is read from a copy in memory, so that only those who write bring it up to date.

    Raises:
        LedgerError: the file cannot be read, or is no ledger.
        UntrustedLedger: nobody here trusts it.
    """
    admission = Admission(path)
    try:
        admission.check_file()
        db = _reader(path)
        try:
            has_tables = _check(db, path)
            if has_tables:
                admission.check_content(db)
        except BaseException:
            db.close()
            raise
    except Refused:
        raise
    except (OSError, *TROUBLES) as error:
        raise LedgerError(f"the ledger {path} cannot be read: {error}") from error
    if has_tables and tables.version(db) == VERSION:
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
    """An empty ledger in memory: it stands for a file that has no tables yet."""
    db = _in_memory()
    _prepare(db)
    return db


def _in_memory() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    _harden(db)
    digests.install(db)
    return db


def _reader(path: Path) -> sqlite3.Connection:
    """A connection that may remove its own files; where the folder is read-only, one that may not."""
    address = path.absolute().as_uri()
    for mode in ("mode=rw", "mode=ro"):
        with suppress(sqlite3.OperationalError):
            return _read_only(f"{address}?{mode}")
    for journal in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if journal.exists() and journal.stat().st_size:
            raise LedgerError(
                f"the ledger {path} was left in the middle of a write ({journal.name}), and cannot be read on a "
                "read-only disk: copy the folder elsewhere"
            )
    return _read_only(f"{address}?immutable=1")


def _read_only(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)
    try:
        _harden(db)
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


def _harden(db: sqlite3.Connection) -> None:
    """What is in the file runs nothing that its tables do not need, and is not believed to be whole."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    set_config = getattr(db, "setconfig", None)  # since Python 3.12
    if set_config is not None:
        set_config(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)  # type: ignore[attr-defined,unused-ignore]


def _prepare(db: sqlite3.Connection, admission: Admission | None = None) -> None:
    """Gives a ledger the tables of today; two who come at once do it once. One in memory is admitted already."""
    db.execute("PRAGMA foreign_keys = OFF")  # an upgrade makes tables anew to which others refer
    db.execute("BEGIN IMMEDIATE")
    try:
        is_new = not tables.has_tables(db)
        if admission and not is_new:
            admission.check_content(db)
        tables.bring_up_to_date(db)
        if admission and (is_new or admission.trusting):
            admission.record_trust(db)  # before it is there at all: it is never left behind untrusted
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _check(db: sqlite3.Connection, path: Path) -> bool:
    """Whether it has tables yet.

    Raises:
        LedgerError: they are another program's, or a later release's.
    """
    has_tables = tables.has_tables(db)
    if has_tables and db.execute("PRAGMA application_id").fetchone()[0] != tables.OURS:
        raise LedgerError(f"{path} is the database of another program, not a ledger: name another file with --ledger")
    if tables.version(db) > VERSION:
        raise NewerLedger(f"the ledger {path} was written by a later release of batchrunner: update batchrunner")
    return has_tables
