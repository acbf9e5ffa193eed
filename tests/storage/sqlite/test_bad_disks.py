"""Network folders without WAL, and what a killed process left in a folder that cannot be written."""

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode, LedgerError
from batchrunner.storage.sqlite.ledger import SqliteLedger
from batchrunner.storage.sqlite.transaction import writing
from tests.engine.audit import audit
from tests.engine.disks import Connection, KillingDisk, Moment
from tests.engine.disks import Kill as Killed
from tests.storage.folders import killed_while_it_settles, mode, read_only, without_shared_memory, without_wal
from tests.storage.ledger_samples import ACCEPTED, HERO, SUCCESS, a_run, claimed, every_kind_of_fact, raw
from tests.studio import Studio, manifest_text

ROOT = Path(__file__).parents[3]
MANY = 300
Connect = Callable[..., sqlite3.Connection]
Open = Callable[[Path], SqliteLedger]
Harm = Callable[[Path], None]

NETWORK = [without_shared_memory, without_wal]

TELL = """
import sys
from pathlib import Path
from batchrunner.errors import BatchrunnerError
from batchrunner.storage.sqlite.ledger import SqliteLedger
from batchrunner.storage.sqlite.transaction import writing
try:
    with SqliteLedger.reading(Path("ledger.db")) as ledger:
        histories = ledger.histories("film").values()
        print(sum(1 for memory in histories for attempt in memory.attempts if not attempt.is_open))
except BatchrunnerError as error:
    print(error.exit_code, error)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "network" / "ledger.db"


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


class Unreadable(sqlite3.Connection):
    """A connection whose disk gives nothing back."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if "FROM attempt" in sql and "base_url !=" in sql:
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)


def test_a_disk_that_fails_while_the_address_is_looked_up_is_told_as_such(path: Path) -> None:
    connect = lambda *where, **how: sqlite3.connect(*where, factory=Unreadable, **how)  # noqa: E731
    with SqliteLedger.writing(path, connect) as ledger, pytest.raises(LedgerError, match="disk I/O error") as caught:
        ledger.check_address("https://api.modellix.test")
    assert caught.value.exit_code == ExitCode.WORK_LEFT


def many_open(path: Path) -> None:
    """A ledger with so many attempts that settling them all is no small write."""
    with SqliteLedger.writing(path) as ledger:
        run_id = a_run(ledger)
        with writing(ledger._db) as db:
            for number in range(MANY):
                values = (run_id, f"job-{number:03}", '{"model": "m", "fields": {"prompt": "' + "p" * 900 + '"}}')
                db.execute(
                    "INSERT INTO attempt (run_id, manifest, profile, job, take, number, request, output, base_url,"
                    " key_digest, key_last4, reserved_usd, opened_at_s)"
                    " VALUES (?, 'film', '', ?, 1, 1, ?, 'x.mp4', '', '', '', '1', 1)",
                    values,
                )


def settled(path: Path) -> int:
    with SqliteLedger.reading(path) as ledger:
        return sum(1 for memory in ledger.histories("film").values() for a in memory.attempts if not a.is_open)


# A network folder


@pytest.mark.parametrize("connect", NETWORK)
def test_where_wal_is_refused_the_ledger_syncs_its_rollback_journal(path: Path, connect: Connect) -> None:
    with SqliteLedger.writing(path, connect) as ledger:
        assert mode(ledger._db) == ("delete", 2)


def test_a_ledger_without_shared_memory_remembers_all_that_happened(path: Path) -> None:
    with SqliteLedger.writing(path, without_shared_memory) as ledger:
        attempt_id = claimed(ledger)
        ledger.record_answer(attempt_id, ACCEPTED)
        ledger.observe(ledger.history(HERO).attempts[0], SUCCESS, settles=True)
    assert names(path.parent) == {"ledger.db"}
    with SqliteLedger.reading(path) as reader:
        (attempt,) = reader.history(HERO).attempts
    assert (attempt.task_id, attempt.observations, attempt.is_open) == ("task-1", (SUCCESS,), False)


@pytest.mark.parametrize("connect", NETWORK)
def test_a_whole_run_in_a_network_folder_pays_each_clip_once(studio: Studio, connect: Connect) -> None:
    studio.connect = connect
    studio.write(manifest_text("a", "b", "c"))
    assert studio.run().exit_code is ExitCode.DONE
    assert studio.run().stats.submits == 0
    audit(studio)
    assert set(studio.statuses().values()) == {Status.DONE}
    assert names(studio.project.folder) == {".gitignore", "ledger.db"}


class NetworkDisk(KillingDisk):
    """The same kills, where there is no WAL."""

    def connect(self, *where: Any, **how: Any) -> sqlite3.Connection:
        db = without_shared_memory(str(where[0]), factory=Connection, **how)
        assert isinstance(db, Connection)
        db.disk = self
        self._connections.append(db)
        return db


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("number", [3, 7, 11, 15])
def test_a_kill_in_a_network_folder_loses_nothing(studio: Studio, number: int, moment: Moment) -> None:
    studio.write(manifest_text("a", "b"))
    disk = NetworkDisk(number, moment)
    studio.connect = disk.connect
    with pytest.raises(Killed):
        studio.run()
    disk.let_go()
    audit(studio)

    studio.connect = without_shared_memory
    studio.run()

    audit(studio)
    assert set(studio.statuses().values()) <= {Status.DONE, Status.UNKNOWN}
    assert len(studio.record().charges) <= 2
    assert names(studio.project.folder) == {".gitignore", "ledger.db"}


def test_a_reader_beside_a_writer_without_wal_sees_what_was_there_before(path: Path) -> None:
    with SqliteLedger.writing(path, without_wal) as ledger:
        attempt_id = claimed(ledger)
        with writing(ledger._db) as db:
            db.execute("UPDATE attempt SET settled_at_s = 1 WHERE id = ?", (attempt_id,))
            assert settled(path) == 0
        assert settled(path) == 1


# What a killed process left


def test_a_write_that_was_killed_half_way_never_happened(path: Path) -> None:
    many_open(path)
    raw(path).execute("PRAGMA journal_mode = DELETE")
    killed_while_it_settles(path, "delete")
    assert "ledger.db-journal" in names(path.parent)
    assert settled(path) == 0
    with SqliteLedger.writing(path) as ledger:
        assert len(ledger.histories("film")) == MANY
    assert names(path.parent) == {"ledger.db"}


def test_a_write_that_was_killed_after_its_end_has_happened(path: Path) -> None:
    many_open(path)
    killed_while_it_settles(path, "wal")
    assert settled(path) == MANY
    assert names(path.parent) == {"ledger.db"}


def told_read_only(path: Path) -> str:
    """What a process says that may not write into the ledger's folder."""
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    said = read_only(path.parent, [sys.executable, "-c", TELL], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    assert said.stderr == ""
    return said.stdout.strip()


def test_a_read_only_folder_is_told_from_and_stays_as_it_is(path: Path) -> None:
    every_kind_of_fact(path)
    assert told_read_only(path) == "1"


def test_a_finished_write_beside_a_read_only_ledger_is_seen(path: Path) -> None:
    many_open(path)
    killed_while_it_settles(path, "wal")
    assert told_read_only(path) == str(MANY)


def test_a_finished_write_whose_index_did_not_come_along_is_not_forgotten(path: Path) -> None:
    """As after `cp ledger.db ledger.db-wal` to a disk that cannot be written: the old picture would pay again."""
    many_open(path)
    killed_while_it_settles(path, "wal")
    path.with_name("ledger.db-shm").unlink()
    assert told_read_only(path).startswith(f"{ExitCode.WORK_LEFT:d} the ledger")


def test_a_half_written_ledger_in_a_read_only_folder_is_no_picture_at_all(path: Path) -> None:
    many_open(path)
    raw(path).execute("PRAGMA journal_mode = DELETE")
    killed_while_it_settles(path, "delete")
    assert told_read_only(path).startswith(f"{ExitCode.WORK_LEFT:d} the ledger")


# Files that are no ledger


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_in_its_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


@pytest.mark.parametrize("harm", [cut, cut_in_its_header])
@pytest.mark.parametrize("opens", [SqliteLedger.reading, SqliteLedger.writing])
def test_a_ledger_that_was_cut_is_left_as_it_is(path: Path, harm: Harm, opens: Open) -> None:
    every_kind_of_fact(path)
    harm(path)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"malformed|not a database"):
        opens(path)
    assert (path.read_bytes(), names(path.parent)) == (before, {"ledger.db"})
