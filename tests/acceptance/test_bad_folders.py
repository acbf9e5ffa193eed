"""The installed command in folders that cannot be written, on full disks, and beside an emptied ledger."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.storage.folders import read_only

from .service import Service
from .user import COMMAND, Said, User, prompt_of

FAST = "settings: {concurrency: 4, rate: 6000/min}"
TELLING = [["status", "shots.yaml"], ["plan", "shots.yaml"], ["report", "shots.yaml"], ["uploads", "shots.yaml"]]
WRITING = [
    ["run", "shots.yaml", "--yes"],
    ["fetch", "shots.yaml"],
    ["retry", "shots.yaml", "--yes"],
    ["redo", "shots.yaml", "a", "--yes"],
    ["resolve", "shots.yaml", "a", "--pay-again"],
    ["accept", "shots.yaml", "a"],
]


def contents(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ledger_of(user: User) -> Path:
    return user.folder / ".batchrunner" / "ledger.db"


@pytest.fixture
def veteran(user: User) -> User:
    """Somebody who has rendered a and b, and wants c as well."""
    user.writes("a", "b", head=FAST)
    assert user.runs().code == 0
    user.writes("a", "b", "c", head=FAST)
    return user


def types_read_only(user: User, *arguments: str) -> Said:
    """A command in the user's folder while nobody may write there."""
    before = contents(user.folder)
    ended = read_only(user.folder, [COMMAND, *arguments], env=user.environment)
    assert contents(user.folder) == before
    return Said(ended.returncode, ended.stdout, ended.stderr)


# Another address


def test_a_ledger_of_another_address_is_refused_before_anybody_is_asked(veteran: User, service: Service) -> None:
    """Nothing is agreed to, decided, or sent to the other address."""
    elsewhere = User(veteran.folder, "http://127.0.0.1:9")
    for command in WRITING[:4]:
        said = elsewhere.types(*command)
        assert said.code == 2, said.text
        assert f"live at {service.url}, not at http://127.0.0.1:9" in said.err
        assert "to render" not in said.text
    assert veteran.types("status", "shots.yaml", "-o", "json").report.statuses == {
        "a": "done",
        "b": "done",
        "c": "pending",
    }


# Read-only


def test_what_only_tells_works_in_a_read_only_folder(veteran: User) -> None:
    for command in TELLING:
        said = types_read_only(veteran, *command)
        assert said.code == 0, said.text
        assert timeless(said) == timeless(veteran.types(*command))


def timeless(said: Said) -> list[str]:
    """What was said but for the time at which it would end."""
    return [line for line in said.out.splitlines() if not line.startswith("expected:")]


def test_what_only_tells_works_in_a_read_only_folder_where_nothing_ever_ran(user: User) -> None:
    user.writes("a", head=FAST)
    for command in TELLING:
        assert types_read_only(user, *command).code == 0


@pytest.mark.parametrize("commands", [WRITING[:3], WRITING[3:]], ids=["submitting", "deciding"])
def test_what_writes_says_a_sentence_in_a_read_only_folder(
    veteran: User, service: Service, commands: list[list[str]]
) -> None:
    for command in commands:
        said = types_read_only(veteran, *command)
        assert said.code in {2, 5}, said.text
        assert "Read-only file system" in said.err
        assert "bug" not in said.err
    assert service.submits == 2


def test_a_report_that_cannot_be_saved_says_a_sentence(veteran: User) -> None:
    said = types_read_only(veteran, "report", "shots.yaml", "-o", "csv", "--to", "report.csv")
    assert said.code in {2, 5}, said.text
    assert "report.csv" in said.err


def test_a_sandbox_run_in_a_read_only_folder_says_a_sentence(user: User) -> None:
    user.writes("a", head=FAST)
    said = types_read_only(user, "run", "shots.yaml", "--yes", "--sandbox")
    assert said.code in {2, 5}, said.text
    assert "Read-only file system" in said.err


# An output folder that takes no clip


def test_a_file_where_an_output_folder_must_be_is_found_before_anything_is_paid(user: User, service: Service) -> None:
    user.writes("a", "b", head="settings: {rate: 6000/min, output: 'reels/${job.id}.mp4'}")
    (user.folder / "reels").write_bytes(b"mine")
    said = user.types("run", "shots.yaml", "--yes")
    assert said.code == 2, said.text
    assert f"clips cannot be written: {user.folder}/reels is not a folder" in said.err
    assert (user.folder / "reels").read_bytes() == b"mine"
    assert service.submits == 0


def test_an_output_folder_on_a_read_only_disk_is_found_before_anything_is_paid(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    outputs = user.folder / "outputs"
    outputs.mkdir()
    said = read_only(outputs, [COMMAND, "run", "../shots.yaml", "--yes"], env=user.environment)
    assert said.returncode == 2, said.stderr
    assert f"{outputs} is on a read-only disk" in said.stderr
    assert service.submits == 0


def test_a_file_where_older_clips_go_is_found_before_anything_is_paid(veteran: User, service: Service) -> None:
    (veteran.clip("a").parent / "versions").write_bytes(b"mine")
    said = veteran.types("redo", "shots.yaml", "a", "--yes")
    assert said.code == 2, said.text
    assert "versions is not a folder" in said.err
    assert veteran.sees().counts == {"done": 2, "pending": 1}, "nothing is decided that cannot be done"
    assert service.submits == 2


def test_an_output_folder_that_takes_no_file_is_found_before_anything_is_paid(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    said = without_space(user, ".trial.").types("run", "shots.yaml", "--yes")
    assert said.code == 2, said.text
    assert "outputs/shots cannot be written to: No space left on device" in said.err
    assert service.submits == 0


# An emptied ledger


def test_an_emptied_ledger_is_filled_again_from_the_receipts(veteran: User, service: Service) -> None:
    ledger_of(veteran).write_bytes(b"")
    said = veteran.runs()
    assert said.code == 0, said.text
    assert service.charged_prompts == [prompt_of("a"), prompt_of("b"), prompt_of("c")]


def test_an_emptied_ledger_beside_clips_is_no_memory(veteran: User, service: Service) -> None:
    """Moving the clips away, as a foreign file's hint says, would pay for them again."""
    ledger_of(veteran).write_bytes(b"")
    (veteran.folder / "shots.receipts.jsonl").unlink()
    said = veteran.runs()
    assert said.code == 2, said.text
    assert "--fresh" in said.err
    assert service.submits == 2


# A full disk


# What is opened under such a name, and whatever else is done with it, finds no space.
FULL = """
import errno, os, sys
def refuse(event, args):
    name = os.path.basename(args[0]) if event == "open" and isinstance(args[0], str) else ""
    if name.startswith(os.environ["FULL_UNDER"]):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])
sys.addaudithook(refuse)
"""


def without_space(user: User, name: str) -> User:
    """The same user, for whom the disk takes nothing under names that begin like this."""
    place = user.folder.with_name("full")
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(FULL, encoding="utf-8")
    return replace(user, also={**user.also, "PYTHONPATH": str(place), "FULL_UNDER": name})


def test_receipts_that_find_no_space_are_told_and_written_by_the_next_run(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    receipts = user.folder / "shots.receipts.jsonl"

    said = without_space(user, ".shots.receipts.jsonl.").runs()

    assert (said.code, said.report.counts) == (0, {"done": 1}), said.text
    assert "the receipts could not be written" in said.err
    assert not receipts.exists()
    assert user.runs().code == 0
    assert receipts.exists()
    assert service.submits == 1


def test_a_log_that_finds_no_space_ends_no_run(user: User) -> None:
    user.writes("a", head=FAST)
    said = without_space(user, "shots.log").runs()
    assert (said.code, said.report.counts) == (0, {"done": 1}), said.text


def test_a_lock_note_that_finds_no_space_ends_the_run_with_a_sentence(user: User, service: Service) -> None:
    user.writes("a", head=FAST)

    said = without_space(user, ".shots.lock.json.").runs()

    assert said.code == 5, said.text
    assert "No space left on device" in said.err
    assert service.submits == 0
    assert user.runs().code == 0
