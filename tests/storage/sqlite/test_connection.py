"""How the state file is opened: beside a writer, by two at once, from another release, or not at all."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batchrunner.errors import ExitCode, LedgerError, NewerLedger
from batchrunner.storage.sqlite.ledger import SqliteLedger
from batchrunner.storage.sqlite.tables import VERSION
from batchrunner.storage.sqlite.transaction import writing
from tests.storage.ledger_samples import HERO, claimed, every_kind_of_fact, raw

Open = Callable[[Path], SqliteLedger]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".batchrunner" / "ledger.db"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def read_everything(path: Path) -> None:
    with SqliteLedger.reading(path) as ledger:
        ledger.histories("film")
        ledger.history(HERO)
        ledger.last_run("film")
        ledger.manifest_at("film.yaml")
        ledger.task_ids()


def test_reading_changes_no_byte_of_the_ledger(path: Path) -> None:
    every_kind_of_fact(path)
    before = path.read_bytes()
    read_everything(path)
    assert path.read_bytes() == before


def test_reading_leaves_nothing_beside_the_ledger(path: Path) -> None:
    every_kind_of_fact(path)
    before = contents(path.parent)
    read_everything(path)
    assert contents(path.parent) == before


def test_a_ledger_that_does_not_exist_reads_as_an_empty_one(tmp_path: Path) -> None:
    with SqliteLedger.reading(tmp_path / "nowhere" / "ledger.db") as ledger:
        assert (ledger.histories("film"), ledger.last_run("film"), ledger.task_ids()) == ({}, None, frozenset())
    assert contents(tmp_path) == {}
    assert not (tmp_path / "nowhere").exists()


def test_a_ledger_that_is_just_being_made_reads_as_an_empty_one(path: Path) -> None:
    """Between the file and its tables a run holds it for some milliseconds; `status` may look just then."""
    path.parent.mkdir()
    path.touch()
    with SqliteLedger.reading(path) as ledger:
        assert (ledger.histories("film"), ledger.last_run("film")) == ({}, None)


def test_a_closed_ledger_is_a_single_file_that_git_ignores(path: Path) -> None:
    every_kind_of_fact(path)
    assert set(contents(path.parent)) == {"ledger.db", ".gitignore"}
    assert (path.parent / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_ledger_in_a_folder_of_the_user_does_not_hide_that_folder_from_git(tmp_path: Path) -> None:
    """As with `--ledger state.db`: what stands beside it is the user's."""
    every_kind_of_fact(tmp_path / "state.db")
    assert set(contents(tmp_path)) == {"state.db"}


def test_writes_are_durable_and_readable_beside_a_writer(path: Path) -> None:
    with SqliteLedger.writing(path) as ledger:
        pragmas = {name: ledger._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


def test_status_reads_beside_a_run_that_is_in_the_middle_of_a_write(path: Path) -> None:
    with SqliteLedger.writing(path) as ledger:
        attempt_id = claimed(ledger)
        with writing(ledger._db) as db:
            db.execute("UPDATE attempt SET settled_at_s = 1 WHERE id = ?", (attempt_id,))
            with SqliteLedger.reading(path) as reader:
                assert reader.history(HERO).attempts[0].is_open
        with SqliteLedger.reading(path) as reader:
            assert not reader.history(HERO).attempts[0].is_open


def test_a_reader_cannot_write(path: Path) -> None:
    every_kind_of_fact(path)
    with SqliteLedger.reading(path) as reader, pytest.raises(LedgerError, match="readonly"):
        reader.settle(2, 1.0)


@pytest.mark.parametrize("opens", [SqliteLedger.reading, SqliteLedger.writing])
def test_a_ledger_of_a_later_release_is_left_alone(path: Path, opens: Open) -> None:
    every_kind_of_fact(path)
    raw(path).execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(NewerLedger, match="update batchrunner") as caught:
        opens(path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert path.read_bytes() == before


@pytest.mark.parametrize("opens", [SqliteLedger.reading, SqliteLedger.writing])
@pytest.mark.parametrize(
    "content", [b"this is no database, and never was one" * 40, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_file_that_is_no_ledger_is_left_alone(path: Path, opens: Open, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        opens(path)
    assert caught.value.exit_code == ExitCode.WORK_LEFT
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    db = raw(path)
    db.execute("CREATE TABLE attempt (x)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError):
        SqliteLedger.writing(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_ledger_error(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(LedgerError, match="cannot be opened"):
        SqliteLedger.writing(tmp_path / "taken" / "ledger.db")


def test_the_way_to_connect_can_be_handed_in(path: Path) -> None:
    def refuses(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(LedgerError, match="disk I/O error"):
        SqliteLedger.writing(path, refuses)


MAKE_MANY = """
import sys
from pathlib import Path
from batchrunner.storage.sqlite.transaction import writing
from batchrunner.storage.sqlite.ledger import SqliteLedger
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    with SqliteLedger.writing(Path(sys.argv[1], str(number), "ledger.db")) as ledger:
        ledger.histories("film")
"""


def test_two_processes_that_come_at_once_make_one_ledger(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_MANY, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in processes]
    assert errors == ["", ""]
    for ledger in tmp_path.glob("*/ledger.db"):
        every_kind_of_fact(ledger)
