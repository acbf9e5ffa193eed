"""The ledger: its tables as SQLite keeps them, and every word that is written into them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.observation import FILE_GONE, ErrorClass, TaskState
from batchrunner.storage.open import open_ledger
from batchrunner.storage.sqlite.digests import COVERED
from tests.promised.outputs import listed, shape
from tests.promised.story import machine, story

_PARTS = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name"


def _new() -> tuple[str, dict[str, object]]:
    """The SQL of a new ledger, and its tables with their columns."""
    with TemporaryDirectory() as made, machine(Path(made)) as work:
        path = work / ".batchrunner" / "ledger.db"
        with open_ledger(path), closing(sqlite3.connect(path)) as db:
            sql = "\n\n".join(f"{part};" for (part,) in db.execute(_PARTS))
            names = [
                name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ]
            numbers = {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")}
            return sql, numbers | {"tables": {name: _columns(db, name) for name in names}}


def _columns(db: sqlite3.Connection, table: str) -> dict[str, str]:
    rows = db.execute(f"PRAGMA table_info({table})").fetchall()
    return {name: f"{kind} NOT NULL" if is_needed else kind for _, name, kind, is_needed, *_ in rows}


def schema() -> str:
    """Every table, index and trigger, to the letter: a ledger with another one is refused as somebody else's."""
    return f"{_new()[0]}\n"


def ledger() -> object:
    """What stands in the tables."""
    roles = listed(ClipRole)
    return {
        **_new()[1],
        "words": {
            "run.command": listed(story().run_commands),
            "answer.outcome": listed(Outcome),
            "answer.refusal": listed(RejectReason),
            "observation.state": listed(TaskState),
            "observation.error_class": listed(ErrorClass),
            "observation.word of a file that is gone": FILE_GONE,
            "clip.role": roles,
            "adopted_clip.role": roles,
            "mark.kind": listed(DecisionKind),
        },
        "job_list.jobs": shape(*story().wanted_jobs),
        "covered by digests": {table: [list(each.owner), list(each.content)] for table, each in COVERED.items()},
    }
