"""Until version 4 a run stood for the receipts of a machine; what they told is remembered all the same.

`receipts-v4.db` was made from `tests/promised/receipts.jsonl`, between two runs of its own.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.storage.open import open_ledger, read_ledger, trust_ledger
from batchrunner.storage.paths import ProjectPaths, find_project
from batchrunner.storage.receipts import ReceiptsWriter, read_receipts
from tests.ledgers.make import HERE, identity_of
from tests.storage.ledger_samples import raw
from tests.storage.sqlite.test_old_ledgers import Studio, told

RECEIPTS = HERE.parent / "promised" / "receipts.jsonl"
IMPORTED = 20


def project_with(folder: Path, ledger: Path | None) -> ProjectPaths:
    (folder / ".batchrunner").mkdir(parents=True)
    shutil.copy(HERE / "film.yaml", folder / "film.yaml")
    shutil.copy(RECEIPTS, folder / "film.receipts.jsonl")
    if ledger:
        shutil.copy(ledger, folder / ".batchrunner" / "ledger.db")
    return find_project(folder / "film.yaml")


@pytest.fixture
def old(tmp_path: Path) -> ProjectPaths:
    """A ledger of version 4, not opened yet."""
    return project_with(tmp_path / "old", HERE / "receipts-v4.db")


@pytest.fixture
def trusted(old: ProjectPaths) -> ProjectPaths:
    with trust_ledger(old.ledger):
        return old


def histories(project: ProjectPaths) -> dict[JobId, JobHistory]:
    with read_ledger(project.ledger) as ledger:
        return ledger.histories("film")


def test_they_are_remembered_as_if_they_were_imported_today(trusted: ProjectPaths, tmp_path: Path) -> None:
    new = project_with(tmp_path / "new", None)
    with open_ledger(new.ledger) as ledger:
        assert ledger.import_receipts(read_receipts(new)) == len(RECEIPTS.read_text(encoding="utf-8").splitlines())
    assert histories(trusted) == histories(new)
    assert told(Studio(trusted.root).plan()) == told(Studio(new.root).plan())


def test_each_still_names_the_machine_that_made_it(trusted: ProjectPaths) -> None:
    known = histories(trusted)
    attempts = [a for history in known.values() for a in history.attempts if a.adoption_id is None]
    assert {(a.run_id, a.host, a.made_on) for a in attempts} == {(0, "studio", "studio")}
    (adopted,) = known[identity_of("new")].attempts
    assert (adopted.host, adopted.made_on) == ("laptop", "studio")


def test_the_runs_that_stood_for_them_are_gone_and_all_others_stay(trusted: ProjectPaths) -> None:
    with closing(raw(trusted.ledger)) as db:
        assert db.execute("SELECT id, command, host FROM run").fetchall() == [(1, "run", "desk"), (4, "run", "desk")]
        assert db.execute("SELECT host, count(*) FROM receipt GROUP BY host ORDER BY host").fetchall() == [
            ("laptop", 1),
            ("studio", IMPORTED),
        ]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_their_receipts_are_written_byte_for_byte_and_add_nothing_again(trusted: ProjectPaths) -> None:
    receipts = trusted.base / "film.receipts.jsonl"
    told_before = read_receipts(trusted)
    receipts.unlink()
    with open_ledger(trusted.ledger) as ledger:
        ReceiptsWriter(trusted, ledger, pytest.fail).whole("film")
        assert receipts.read_bytes() == RECEIPTS.read_bytes()
        assert not ledger.would_import(told_before)
        assert ledger.unrecorded(told_before) == []


def test_whoever_only_reads_leaves_the_old_ledger_as_it_is(trusted: ProjectPaths) -> None:
    """It is upgraded in memory; only whoever writes brings the file up to date."""
    shutil.copy(HERE / "receipts-v4.db", trusted.ledger)
    before = trusted.ledger.read_bytes()
    assert histories(trusted)[identity_of("done")].attempts
    assert trusted.ledger.read_bytes() == before


@contextmanager
def careless(path: Path) -> Iterator[sqlite3.Connection]:
    """The file without its triggers and without the types of its columns, as a bad disk takes it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        kept = db.execute("SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master").fetchall()
        db.execute("DELETE FROM sqlite_master WHERE type = 'trigger'")
        db.execute(
            "UPDATE sqlite_master SET sql = replace(replace(sql, ') STRICT', ')'), ' NOT NULL', '')"
            " WHERE name IN ('attempt', 'receipt')"
        )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_master")
        db.executemany(
            "INSERT INTO sqlite_master (rowid, type, name, tbl_name, rootpage, sql) VALUES (?,?,?,?,?,?)", kept
        )


@pytest.mark.parametrize(
    "change",
    [
        "output = 'elsewhere.mp4'",
        "reserved_usd = NULL",
        "opened_at_s = 'noon'",
        "request = x'00ff'",
        "output = CAST(x'ff' AS TEXT)",
        "digest = NULL",
        "digest = 7",
    ],
)
def test_a_damaged_row_is_damaged_after_the_upgrade_and_no_other_is(old: ProjectPaths, change: str) -> None:
    with careless(old.ledger) as db:
        db.execute(f"UPDATE attempt SET {change} WHERE job = 'done' AND take = 1")
    with trust_ledger(old.ledger) as ledger:
        known = ledger.histories("film")
        assert {(each.table, each.jobs) for each in ledger.damage} >= {("attempt", frozenset({identity_of("done")}))}
    assert [who.name for who, history in known.items() if history.damage and who.name != "new"] == ["done"]
    assert len(known) == len({each.identity for each in read_receipts(old)})


def test_a_receipt_row_that_is_damaged_holds_its_job(trusted: ProjectPaths) -> None:
    with careless(trusted.ledger) as db:
        db.execute("UPDATE receipt SET host = 'here' WHERE attempt_id = (SELECT id FROM attempt WHERE job = 'failed')")
    damaged = [who.name for who, history in histories(trusted).items() if history.damage]
    assert damaged == ["failed"]
    with read_ledger(trusted.ledger) as ledger:
        assert ledger.history(identity_of("failed")).damage


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE receipt SET host = 'here'", "facts are not changed"),
        ("UPDATE receipt SET digest = NULL", "facts are not changed"),
        ("DELETE FROM receipt", "facts are not deleted"),
        ("UPDATE attempt SET run_id = 1", "facts are not changed"),
    ],
)
def test_which_machine_made_an_attempt_cannot_be_changed(trusted: ProjectPaths, statement: str, message: str) -> None:
    with closing(raw(trusted.ledger)) as db, pytest.raises(sqlite3.IntegrityError, match=message):
        db.execute(statement)
