"""Ledgers that somebody else wrote: nothing of them is believed, run or followed before a person says so."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode, UntrustedLedger, UsageError
from batchrunner.io.dir_fd import Refused
from batchrunner.storage import trusted_ids
from batchrunner.storage.git_index import is_tracked
from batchrunner.storage.paths import find_project
from batchrunner.storage.sqlite import digests
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.acceptance.service import Service
from tests.acceptance.user import Said, User
from tests.hostile.conftest import NOBODY, only_root
from tests.storage.ledger_samples import claimed, every_kind_of_fact
from tests.studio import Studio, manifest_text

FAST = "settings: {concurrency: 4, rate: 6000/min}"
COMMANDS = [
    ["status", "shots.yaml"],
    ["plan", "shots.yaml"],
    ["report", "shots.yaml"],
    ["versions", "shots.yaml"],
    ["uploads", "shots.yaml"],
    ["run", "shots.yaml", "--yes"],
    ["fetch", "shots.yaml"],
    ["retry", "shots.yaml", "--yes"],
    ["redo", "shots.yaml", "a", "--yes"],
    ["resolve", "shots.yaml", "a", "--pay-again"],
    ["accept", "shots.yaml", "a"],
    ["pick", "shots.yaml", "a", "v1"],
]
Harm = Callable[[sqlite3.Connection], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".batchrunner" / "ledger.db"


@pytest.fixture
def veteran(user: User) -> User:
    """Somebody who has rendered a, and wants b as well."""
    user.writes("a", head=FAST)
    assert user.runs().code == 0
    user.writes("a", "b", head=FAST)
    return user


def ledger_of(user: User) -> Path:
    return user.folder / ".batchrunner" / "ledger.db"


def stranger(user: User, name: str = "stranger") -> User:
    """Another person, or the same on another machine, in the same folder."""
    return User(user.folder, user.url, also={"XDG_STATE_HOME": str(user.folder.with_name(name))})


def change(path: Path, harm: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(harm)


def refused(said: Said, *words: str) -> None:
    assert said.code == 2, said.text
    assert not [word for word in words if word not in said.text], said.text
    assert "bug" not in said.err


# Whose it is


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_ledger_that_came_with_the_folder_is_refused_with_one_command(
    veteran: User, service: Service, command: list[str]
) -> None:
    before = ledger_of(veteran).read_bytes()
    refused(stranger(veteran).types(*command), "was not made by you on this machine", "`batchrunner trust .` once")
    assert ledger_of(veteran).read_bytes() == before
    assert service.submits == 1


def test_a_ledger_that_a_person_trusts_is_used_and_nothing_is_paid_again(veteran: User, service: Service) -> None:
    other = stranger(veteran)
    said = other.types("trust", ".")
    assert (said.code, said.out) == (0, "trusted: .batchrunner/ledger.db, which records 1 paid task\n"), said.text
    assert other.runs().report.counts == {"done": 2}
    assert service.submits == 2
    refused(stranger(veteran, "third").types("status", "shots.yaml"), "batchrunner trust")


def test_a_new_ledger_belongs_to_whoever_made_it(veteran: User) -> None:
    assert veteran.types("status", "shots.yaml").code == 0
    assert veteran.types("plan", "shots.yaml").code == 0


def test_the_command_that_is_advised_can_be_typed_from_another_folder(veteran: User) -> None:
    elsewhere = veteran.folder.with_name("else where")
    elsewhere.mkdir()
    other = User(elsewhere, veteran.url)
    said = other.types("status", str(veteran.manifest))
    refused(said, f"`batchrunner trust {os.path.relpath(veteran.folder, elsewhere)}` once")
    assert other.types("trust", os.path.relpath(veteran.folder, elsewhere)).code == 0
    assert other.types("status", str(veteran.manifest)).code == 0


def test_a_ledger_that_was_named_is_trusted_by_its_name(veteran: User) -> None:
    moved = veteran.folder / "state.db"
    ledger_of(veteran).rename(moved)
    shutil.rmtree(ledger_of(veteran).parent)
    other = stranger(veteran)
    refused(other.types("status", "shots.yaml", "--ledger", "state.db"), "`batchrunner trust state.db` once")
    assert other.types("trust", "state.db").code == 0
    assert other.types("status", "shots.yaml", "--ledger", "state.db").code == 0


def test_the_ledger_of_a_rehearsal_is_treated_alike(user: User) -> None:
    user.writes("a", head=FAST)
    assert user.types("run", "shots.yaml", "--yes", "--sandbox").code == 0
    assert user.types("status", "shots.yaml", "--sandbox").code == 0
    other = stranger(user)
    refused(other.types("status", "shots.yaml", "--sandbox"), "`batchrunner trust sandbox-run` once")
    assert other.types("trust", "sandbox-run").code == 0
    assert other.types("status", "shots.yaml", "--sandbox").code == 0


def test_a_folder_without_a_ledger_has_nothing_to_trust(user: User) -> None:
    refused(user.types("trust", "."), "there is no ledger in .")


def test_without_a_state_folder_no_ledger_is_left_that_nobody_trusts(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    taken = user.folder.with_name("taken")
    taken.touch()
    user.also["XDG_STATE_HOME"] = str(taken)
    refused(user.runs(), str(taken), "Set XDG_STATE_HOME to a folder that you can write to", "nothing was submitted")
    assert service.submits == 0
    del user.also["XDG_STATE_HOME"]
    assert user.runs().report.counts == {"done": 1}


@pytest.mark.parametrize("ledger_id", ["../../../etc/passwd", "", "f" * 31, "F" * 32, "/" + "f" * 31, "g" * 32])
def test_an_id_that_is_none_is_no_name_of_a_file(tmp_path: Path, ledger_id: str) -> None:
    assert not trusted_ids.trusts(ledger_id, [os.getuid()])
    with pytest.raises(UsageError, match="id"):
        trusted_ids.remember(ledger_id, tmp_path / "ledger.db", [os.getuid()])


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"owners": 7}', b"\xff", b"[" * 4000])
def test_a_damaged_note_trusts_nothing(tmp_path: Path, path: Path, note: bytes) -> None:
    every_kind_of_fact(path)
    with SqliteLedger.reading(path) as ledger:
        (ledger_id,) = ledger._db.execute("SELECT ledger_id FROM identity").fetchone()
    (trusted_ids.state_folder() / ledger_id).write_bytes(note)
    with pytest.raises(UntrustedLedger):
        SqliteLedger.reading(path)


def test_a_person_without_a_home_folder_is_told_what_to_set(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(UsageError, match="Set XDG_STATE_HOME"):
        SqliteLedger.writing(path)


# Another owner


@only_root
@pytest.mark.parametrize("what", ["ledger.db", "."])
def test_a_ledger_that_belongs_to_another_user_is_refused_although_its_id_is_known(path: Path, what: str) -> None:
    """Whoever may read an id in a shared folder could make a ledger that has it."""
    every_kind_of_fact(path)
    os.chown(path.parent / what, NOBODY, NOBODY)
    for opens in (SqliteLedger.reading, SqliteLedger.writing):
        with pytest.raises(UntrustedLedger, match="batchrunner trust"):
            opens(path)
    with SqliteLedger.trusting(path):
        pass
    with SqliteLedger.reading(path) as ledger:
        assert ledger.task_ids()


@only_root
def test_the_search_upward_ends_at_a_folder_of_another_owner(tmp_path: Path) -> None:
    """As in a shared temporary folder, where anybody may have left a ledger."""
    mine = tmp_path / "shared" / "mine"
    mine.mkdir(parents=True)
    every_kind_of_fact(tmp_path / "shared" / ".batchrunner" / "ledger.db")
    assert find_project(mine / "film.yaml").root == tmp_path / "shared"

    os.chown(tmp_path / "shared", NOBODY, NOBODY)

    assert find_project(mine / "film.yaml").root == mine


@only_root
def test_a_ledger_of_another_owner_in_a_folder_above_is_not_seen(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / ".batchrunner"
    mine.mkdir()
    every_kind_of_fact(theirs / "ledger.db")
    os.chown(theirs, NOBODY, NOBODY)
    assert find_project(mine / "film.yaml").root == mine
    assert find_project(tmp_path / "film.yaml").root == tmp_path  # beside its own manifest it is seen, and refused


# What it holds

SWALLOWS = "CREATE TRIGGER swallow BEFORE INSERT ON attempt BEGIN SELECT RAISE(IGNORE); END;"
FREE = "CREATE TRIGGER free AFTER INSERT ON answer BEGIN UPDATE attempt SET settled_at_s = 1; END;"
HANGS = """
    ALTER TABLE mark RENAME TO hidden;
    CREATE VIEW mark AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT * FROM hidden, n;
"""
HANGS_AT_ONCE = """
    DROP TABLE identity;
    CREATE VIEW identity AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i AS ledger_id FROM n;
"""
WRITES_OTHERS = "CREATE INDEX later ON attempt (job) WHERE length(job) > 0;"
UNGUARDED = "DROP TRIGGER attempt_stays;"
LOOSE = "DROP INDEX attempt_open;"


@pytest.mark.parametrize("harm", [SWALLOWS, FREE, HANGS, HANGS_AT_ONCE, WRITES_OTHERS, UNGUARDED, LOOSE])
@pytest.mark.parametrize("opens", [SqliteLedger.reading, SqliteLedger.writing, SqliteLedger.trusting])
def test_a_ledger_with_a_part_that_no_release_makes_is_not_used(
    path: Path, harm: str, opens: Callable[[Path], SqliteLedger]
) -> None:
    """Even one that is trusted: nobody looks into it before saying so."""
    every_kind_of_fact(path)
    change(path, harm)
    before = path.read_bytes()
    with pytest.raises(UntrustedLedger, match="was not made by any release of batchrunner") as caught:
        opens(path)
    assert "restore what was paid" in str(caught.value)
    assert path.read_bytes() == before


def test_a_trigger_that_sets_reservations_to_nothing_is_found(path: Path) -> None:
    every_kind_of_fact(path)
    zeroes = "CREATE TRIGGER zero AFTER INSERT ON attempt BEGIN UPDATE attempt SET reserved_usd = '0'; END;"
    change(path, zeroes)
    with pytest.raises(UntrustedLedger, match="trigger zero"):
        SqliteLedger.writing(path)


def test_attempts_that_a_trigger_swallows_are_paid_by_no_run(veteran: User, service: Service) -> None:
    change(ledger_of(veteran), SWALLOWS)
    for _ in range(3):
        refused(veteran.runs(), "trigger swallow")
    assert service.submits == 1


def test_a_view_that_never_ends_holds_no_plan_up(veteran: User) -> None:
    change(ledger_of(veteran), HANGS)
    refused(veteran.types("plan", "shots.yaml"), "not made by any release")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_old_ledger_is_compared_with_its_own_version(tmp_path: Path, version: int) -> None:
    path = Path(shutil.copy(Path(__file__).parents[1] / "ledgers" / f"v{version}.db", tmp_path / "ledger.db"))
    change(path, SWALLOWS)
    with pytest.raises(UntrustedLedger, match="trigger swallow"):
        SqliteLedger.trusting(path)


def test_functions_that_a_schema_names_are_not_trusted(path: Path) -> None:
    with SqliteLedger.writing(path) as ledger:
        assert ledger._db.execute("PRAGMA trusted_schema").fetchone() == (0,)
        assert ledger._db.execute("PRAGMA cell_size_check").fetchone() == (1,)
    with SqliteLedger.reading(path) as ledger:
        assert ledger._db.execute("PRAGMA trusted_schema").fetchone() == (0,)


OUTSIDE = ["../home/thesis.mp4", "/{home}/thesis.mp4", "outputs/../../home/thesis.mp4", "", ".", "a\x00b.mp4"]


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_path_of_a_ledger_that_leads_outside_is_no_place(tmp_path: Path, text: str) -> None:
    project = find_project(tmp_path / "film.yaml")
    with pytest.raises(Refused, match="names a file that batchrunner did not create"):
        project.found(text.format(home=str(tmp_path)[1:]))


def rewrite(path: Path, sql: str, *values: object) -> None:
    """What somebody does who knows how a ledger is made: facts are changed, and nothing of it shows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        digests.install(db)
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(sql, values)
        digests.fill(db, dict.fromkeys(digests.COVERED, 0))
        for _, trigger in triggers:
            db.execute(trigger)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    (tmp_path / "project").mkdir()
    studio = Studio(tmp_path / "project")
    studio.write(manifest_text("a"))
    assert studio.run().exit_code is ExitCode.DONE
    return studio


@pytest.mark.parametrize("role", ["version", "final"])
@pytest.mark.parametrize("edited", [False, True])
def test_a_clip_row_moves_no_file_from_outside_into_the_outputs(studio: Studio, role: str, *, edited: bool) -> None:
    """Such a file would be restored from the versions, or make room there for a new clip."""
    thesis = studio.folder.with_name("thesis.docx")
    thesis.write_bytes(studio.clip("a").read_bytes())
    rewrite(studio.project.ledger, "UPDATE clip SET role = ?, path = '../thesis.docx', digest = NULL", role)
    studio.clip("a").unlink()
    if edited:
        studio.write(manifest_text("a").replace("waves", "dances"))

    studio.run()

    assert thesis.exists()
    assert studio.clip("a").exists()
    assert len(studio.submits()) == 1 + edited


@pytest.mark.parametrize("output", ["../pwned.mp4", "/tmp/pwned-by-a-ledger.mp4"])
def test_a_clip_of_a_job_that_left_goes_nowhere_outside(studio: Studio, output: str) -> None:
    rewrite(studio.project.ledger, "UPDATE attempt SET output = ?, settled_at_s = NULL, digest = NULL", output)
    rewrite(studio.project.ledger, "DELETE FROM clip")
    studio.write(manifest_text("b"))

    ended = studio.run()

    assert not studio.project.root.joinpath(output).exists()
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert any("names a file that batchrunner did not create" in step.reason for step in ended.steps.values())
    assert studio.statuses()["b"] is Status.DONE


def test_a_journal_that_names_another_file_deletes_it_not(path: Path, tmp_path: Path) -> None:
    """SQLite deletes the file that a hot journal names as its super-journal."""
    every_kind_of_fact(path)
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work\n", encoding="utf-8")
    magic, name = bytes.fromhex("d9d505f920a163d7"), os.fsencode(thesis)
    sector = (magic + (0).to_bytes(4) * 2 + (1).to_bytes(4) + (512).to_bytes(4) + (4096).to_bytes(4)).ljust(512, b"\0")
    checksum = sum(int.from_bytes(bytes([byte]), signed=True) for byte in name) & 0xFFFFFFFF
    end = name + len(name).to_bytes(4) + checksum.to_bytes(4) + magic
    path.with_name("ledger.db-journal").write_bytes(sector + (262145).to_bytes(4) + end)
    for opens in (SqliteLedger.reading, SqliteLedger.writing, SqliteLedger.trusting):
        with pytest.raises(UntrustedLedger, match="would delete other files"):
            opens(path)
    assert thesis.exists()


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_pipe_or_a_hard_link_at_a_name_of_the_ledger_is_refused_before_sqlite_opens_it(
    path: Path, tmp_path: Path, ending: str
) -> None:
    every_kind_of_fact(path)
    thesis, name = tmp_path / "thesis.txt", path.with_name(f"ledger.db{ending}")
    thesis.write_bytes(b"")
    makes: list[Callable[[Path], object]] = [os.mkfifo, lambda name: name.hardlink_to(thesis)]
    for make in makes:
        name.unlink(missing_ok=True)
        make(name)
        for opens in (SqliteLedger.reading, SqliteLedger.writing, SqliteLedger.trusting):
            with pytest.raises(Refused, match=r"is not a file|has another name elsewhere"):
                opens(path)
    assert thesis.read_bytes() == b""


# Git


def git(folder: Path, *words: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, env=environment)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")


@needs_git
@pytest.mark.parametrize("settings", [[], ["-c", "index.version=4"], ["-c", "init.defaultObjectFormat=sha256"]])
def test_a_ledger_that_git_tracks_is_refused(tmp_path: Path, settings: list[str]) -> None:
    path = tmp_path / "clips" / ".batchrunner" / "ledger.db"
    every_kind_of_fact(path)
    git(tmp_path, *settings, "init", "-q")
    for number in range(30):
        (path.parent / f"ledger.d{number}").touch()
    git(tmp_path, *settings, "add", "-f", ".")
    for opens in (SqliteLedger.reading, SqliteLedger.writing, SqliteLedger.trusting):
        with pytest.raises(UntrustedLedger, match="git rm --cached"):
            opens(path)
    git(tmp_path, *settings, "rm", "-q", "--cached", str(path))
    with SqliteLedger.reading(path) as ledger:
        assert ledger.task_ids()


@needs_git
def test_no_program_that_a_clone_names_is_run_to_ask_git(tmp_path: Path, path: Path) -> None:
    every_kind_of_fact(path)
    git(tmp_path, "init", "-q")
    for name in ("core.fsmonitor", "core.pager", "alias.ls-files"):
        git(tmp_path, "config", name, f"touch {tmp_path}/pwned; false")
    with SqliteLedger.reading(path):
        pass
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "index", [b"", b"DIRC", b"DIRC\0\0\0\4\xff\xff\xff\xff", b"DIRC\0\0\0\2\0\0\0\1.batchrunner/ledger.db"]
)
def test_an_index_that_is_none_tracks_nothing(tmp_path: Path, path: Path, index: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(index)
    assert not is_tracked(path)


def test_what_a_trusted_ledger_records_is_on_record(path: Path) -> None:
    with SqliteLedger.writing(path) as ledger:
        claimed(ledger)
    with SqliteLedger.reading(path) as ledger:
        assert ledger.all_histories()
