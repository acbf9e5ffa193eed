"""What version 5 does beyond its script: every row stays, and the table `receipt` names those that receipts told of."""

import sqlite3

from batchrunner.storage.sqlite import digests
from batchrunner.storage.sqlite.digests import COVERED
from batchrunner.storage.sqlite.transaction import fetched

# The runs that stood for receipts; one that is damaged stays a run.
_IMPORTS = "SELECT id FROM run WHERE command = 'receipts' AND job_list = ''"
_TYPES = {"TEXT": "'text'", "INTEGER": "'integer'", "REAL": "'real', 'integer'"}
_EMPTY = {"TEXT": "''", "INTEGER": "0", "REAL": "0"}


def to_version_5(db: sqlite3.Connection) -> None:
    """Copies the attempts and adoptions of version 4 into their new tables, and drops the runs that were none."""
    for table in ("attempt", "adoption"):
        _copy(db, table)
        # our own names in the texts, here and below
        db.execute(
            f"INSERT INTO receipt ({table}_id, host) SELECT old.id, host FROM {table}_of_version_4 AS old"  # noqa: S608
            f" JOIN run ON run.id = run_id WHERE run_id IN ({_IMPORTS}) ORDER BY old.id"
        )
        db.execute(f"DROP TABLE {table}_of_version_4")
    digests.fill(db, {"receipt": 0})
    _without_guard(db, "run_remains", f"DELETE FROM run WHERE id IN ({_IMPORTS})")  # noqa: S608
    _without_guard(
        db, "job_list_remains", "DELETE FROM job_list WHERE digest = '' AND digest NOT IN (SELECT job_list FROM run)"
    )


def _copy(db: sqlite3.Connection, table: str) -> None:
    """Rows as they are, but for the run of those that receipts told of."""
    described = db.execute(f"PRAGMA table_info({table})").fetchall()
    copied = {name: _storable(name, kind, bool(is_needed)) for _, name, kind, is_needed, *_ in described}
    for name in ("run_id", "digest"):
        copied[name] = f"CASE WHEN run_id IN ({_IMPORTS}) THEN NULL ELSE {copied[name]} END"
    db.execute(
        f"INSERT INTO {table} ({', '.join(copied)}) SELECT {', '.join(copied.values())}"  # noqa: S608
        f" FROM {table}_of_version_4 ORDER BY id"
    )
    _renew_digests(db, table)


def _renew_digests(db: sqlite3.Connection, table: str) -> None:
    """For what receipts told of, where they were right: a damaged row must not become one that looks whole."""
    covered = COVERED[table]
    owners, id_at, run_at = len(covered.owner), covered.columns.index("id"), covered.columns.index("run_id")
    columns = ", ".join(covered.columns)
    old = fetched(db, f"SELECT {columns}, digest FROM {table}_of_version_4 WHERE run_id IN ({_IMPORTS})")  # noqa: S608
    for *values, digest in old:
        without_run = [None if place == run_at else value for place, value in enumerate(values)]
        is_whole = digest == digests.row_digest(owners, *values)
        renewed = digests.row_digest(owners, *without_run) if is_whole else digest
        db.execute(f"UPDATE {table} SET digest = ? WHERE id = ?", (renewed, values[id_at]))  # noqa: S608


def _storable(name: str, kind: str, is_needed: bool) -> str:  # noqa: FBT001  # a column as SQLite describes it
    """A value of another type than its column's is damage: the table would not take it, and its digest tells anyway."""
    return f"CASE WHEN typeof({name}) IN ({_TYPES[kind]}) THEN {name} ELSE {_EMPTY[kind] if is_needed else 'NULL'} END"


def _without_guard(db: sqlite3.Connection, trigger: str, statement: str) -> None:
    (guard,) = db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (trigger,)).fetchone()
    db.execute(f"DROP TRIGGER {trigger}")
    db.execute(statement)
    db.execute(guard)
