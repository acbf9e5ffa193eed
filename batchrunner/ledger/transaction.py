"""One transaction, and the ways to write within it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from batchrunner.errors import LedgerError
from batchrunner.ledger import digests


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction: all of it, each row with its digest, is on the disk when the block ends, or none of it.

    Raises:
        LedgerError: the disk does not take it, or another program holds the file.
        sqlite3.IntegrityError: a rule of the tables forbids it.
    """
    with translated():
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            digests.fill(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


@contextmanager
def translated() -> Iterator[None]:
    """Troubles with the file in our words."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger cannot be used just now: {error}") from error


def insert(db: sqlite3.Connection, table: str, **values: object) -> int:
    """One new row; gives its id."""
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    # the names are the ledger's own; every value is bound
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
    return int(cursor.lastrowid or 0)
