"""The tables of a ledger, and how those of an older one become today's."""

import sqlite3
from contextlib import closing
from functools import cache

from batchrunner.io.resources import read_package_text
from batchrunner.storage.sqlite import digests
from batchrunner.storage.sqlite.upgrade_to_4 import to_version_4
from batchrunner.storage.sqlite.upgrade_to_5 import to_version_5

# Each script brings a ledger from the version of its place to the next one.
VERSION = 5
_SCRIPTS = tuple(f"storage/sqlite/migrations/version_{number}.sql" for number in range(1, VERSION + 1))
# What is done beyond a script, by the version that it leads to.
_BEYOND = {4: to_version_4, 5: to_version_5}
FIRST_WITH_ID = 4

# Tells our files from those of other programs. Source: SQLite's file format, "application id"; "brun" in ASCII.
OURS = 0x6272756E

_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"
# More than any release makes; a stranger's file may hold a million.
_MOST_PARTS = 1000

Part = tuple[object, ...]


def has_tables(db: sqlite3.Connection) -> bool:
    """Whether there is anything in it at all."""
    with closing(db.execute("SELECT count(*) FROM (SELECT 1 FROM sqlite_master LIMIT 1)")) as found:
        return bool(found.fetchone()[0])


def version(db: sqlite3.Connection) -> int:
    """The version of its tables; 0 where it has none."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Makes the tables of a new ledger, and adds to an older one what is new, within somebody's transaction."""
    _bring_up(db, VERSION)
    db.execute(f"PRAGMA application_id = {OURS}")


def unexpected_part(db: sqlite3.Connection) -> str | None:
    """What a ledger has that no release made, or lacks, or has otherwise; a table, an index, a view or a trigger.

    It is looked for before any of the tables is: a view or a trigger is a program, and runs when they are used.
    """
    with closing(db.execute(f"{_SCHEMA} LIMIT {_MOST_PARTS}")) as rows:
        found: set[Part] = set(rows.fetchall())
    odd = sorted(f"{part[0]} {part[1]}" for part in found ^ _schema(version(db)))
    return odd[0] if odd else None


@cache
def _schema(of_version: int) -> frozenset[Part]:
    """All parts of a ledger of a version, as SQLite keeps them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        digests.install(db)
        _bring_up(db, of_version)
        return frozenset(db.execute(_SCHEMA).fetchall())


def _bring_up(db: sqlite3.Connection, to_version: int) -> None:
    before = version(db)
    for number, script in enumerate(_SCRIPTS[:to_version], 1):
        if number > before:
            for statement in _statements(read_package_text(script)):
                db.execute(statement)
            if number in _BEYOND:
                _BEYOND[number](db)
    db.execute(f"PRAGMA user_version = {to_version}")


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
