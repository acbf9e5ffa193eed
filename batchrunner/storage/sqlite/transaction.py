"""Transactions, and how rows are written and read."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from batchrunner.errors import LedgerError
from batchrunner.storage.records import IntegrityViolation
from batchrunner.storage.sqlite import digests

# What comes of a file that cannot be used; where its schema is damaged, not even SQLite's message can be read.
TROUBLES = (sqlite3.Error, UnicodeDecodeError)

Values = Sequence[object] | Mapping[str, object]


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction: all of it, each row with its digest, is on the disk when the block ends, or none of it.

    Raises:
        LedgerError: the disk does not take it, or another program holds the file.
        IntegrityViolation: a rule of the tables forbids it.
    """
    with translated():
        db.execute("BEGIN IMMEDIATE")
        try:
            since = digests.last_rows(db)
            yield db
            digests.fill(db, since)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors as the ledger's own."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityViolation(str(error)) from error
    except TROUBLES as error:
        raise LedgerError(f"the ledger cannot be used now: {error}") from error


def insert(db: sqlite3.Connection, table: str, **values: object) -> int:
    """One new row; gives its id."""
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    # the names are the ledger's own; every value is bound
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
    return int(cursor.lastrowid or 0)


def fetched(
    db: sqlite3.Connection, sql: str, values: Sequence[object] | Mapping[str, object] = ()
) -> list[tuple[Any, ...]]:
    """All rows of a query, even where a text in them is none: it is read with its bytes shown then."""
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error).lower():
            raise
    db.text_factory = lambda text: text.decode(errors="backslashreplace")
    return db.execute(sql, values).fetchall()
