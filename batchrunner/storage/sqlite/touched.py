"""Which jobs something was recorded of since a moment: what a watcher reads anew, and nothing else."""

import sqlite3

from batchrunner.domain.job import JobId
from batchrunner.storage.records import LedgerMark
from batchrunner.storage.sqlite import rows
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.transaction import fetched

_TABLES = ("attempt", "adoption", "mark", "answer", "observation", "clip", "adopted_clip")


def mark_of(db: sqlite3.Connection) -> LedgerMark:
    """The newest row of each table, and the attempts that are open."""
    ((*newest,),) = fetched(db, query("newest_rows"))
    return LedgerMark(tuple(newest), frozenset(id_ for (id_,) in fetched(db, query("open_attempts"))))


def touched_since(db: sqlite3.Connection, before: LedgerMark, now: LedgerMark) -> frozenset[JobId]:
    """The jobs with new rows, and those of which an attempt was settled.

    Rows that cannot be anybody's are left out: whoever reads all of the ledger names them as damaged.
    """
    found = []
    if before.newest != now.newest:
        found += fetched(db, query("jobs_since"), dict(zip(_TABLES, before.newest, strict=True)))
    for id_ in before.open_attempts - now.open_attempts:
        found += fetched(db, query("job_of_attempt"), {"id": id_})
    jobs = set()
    for row in found:
        try:
            jobs.add(rows.identity(row))
        except TypeError:
            continue
    return frozenset(jobs)
