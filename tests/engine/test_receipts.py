"""Receipts: what is paid on one machine is known on another, and after everything else was deleted."""

import json
import shutil
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode, UsageError
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.open import open_ledger
from batchrunner.storage.receipts import ReceiptsWriter, check_memory, read_receipts, receipts_path
from tests.engine.wishes import edited
from tests.studio import Studio, manifest_text

NAME = "batch"


def write(studio: Studio) -> Path:
    """What the end of a run does."""
    said: list[str] = []
    with open_ledger(studio.project.ledger) as ledger:
        ReceiptsWriter(studio.project, ledger, said.append).whole(NAME)
    assert not said
    return receipts_path(studio.project, NAME)


def read(studio: Studio) -> int:
    """What the beginning of a run does; how many clips were new."""
    with open_ledger(studio.project.ledger) as ledger:
        return ledger.import_receipts(read_receipts(studio.project))


def cloned(studio: Studio, folder: Path) -> Studio:
    """The manifest and its receipts on another machine, with the same account."""
    folder.mkdir()
    for path in (studio.manifest, receipts_path(studio.project, NAME), studio.state):
        if path.exists():
            shutil.copy(path, folder)
    return Studio(folder, studio.options, clock_s=studio.clock_s, host="second")


def lines(studio: Studio) -> list[dict[str, object]]:
    text = receipts_path(studio.project, NAME).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_clone_with_receipts_pays_nothing_and_fetches_what_is_kept(studio: Studio, tmp_path: Path) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run()
    write(studio)
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    assert read(other) == 2
    assert {seen.step.reason for seen in other.seen()} == {"paid on first: downloaded, free"}

    assert other.run().exit_code is ExitCode.DONE

    assert len(other.record().charges) == 2
    assert other.clip("a").read_bytes() == studio.clip("a").read_bytes()


def test_a_task_that_still_runs_is_followed_on_the_other_machine(studio: Studio, tmp_path: Path) -> None:
    studio.write(manifest_text("a"))
    studio.run(task_timeout_s=5)
    write(studio)
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    read(other)
    assert other.statuses() == {"a": Status.RUNNING}

    assert other.run().exit_code is ExitCode.DONE

    assert len(other.record().charges) == 1


def test_receipts_are_taken_in_once(studio: Studio, tmp_path: Path) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    assert (read(other), read(other), read(studio)) == (1, 0, 0)


def test_receipts_are_sorted_and_the_same_from_every_machine(studio: Studio, tmp_path: Path) -> None:
    studio.write(manifest_text("b", "a", "c"))
    studio.run()
    text = write(studio).read_text(encoding="utf-8")
    assert [line["id"] for line in lines(studio)] == ["a", "b", "c"]
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    read(other)
    assert write(other).read_text(encoding="utf-8") == text


def test_two_machines_that_both_paid_show_both(studio: Studio, tmp_path: Path) -> None:
    studio.write(manifest_text("a"))
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    studio.run()
    other.options = SandboxOptions(latency_s=60, seed=7)
    other.run()
    write(studio)
    theirs = write(other).read_text(encoding="utf-8")
    with receipts_path(studio.project, NAME).open("a", encoding="utf-8") as merged:
        merged.write(theirs)

    assert read(studio) == 1
    write(studio)

    assert [line["host"] for line in lines(studio)] == ["first", "second"]
    assert studio.run().stats.submits == 0


def test_an_edit_on_the_other_machine_is_rendered_and_the_old_clip_stays_known(studio: Studio, tmp_path: Path) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    write(studio)
    other = cloned(studio, tmp_path.with_name(f"{tmp_path.name}-clone"))
    other.write(edited(text))
    read(other)

    assert other.run().exit_code is ExitCode.DONE
    write(other)

    assert [line["host"] for line in lines(other)] == ["first", "second"]
    assert len(other.record().charges) == 2


def test_what_failed_and_what_is_unknown_has_a_receipt_too(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text("a"))
    studio.run()
    studio.options = SandboxOptions(faults={Fault.SUBMIT_500_AFTER: 1.0})
    studio.write(manifest_text("a", "b"))
    studio.run()
    write(studio)
    assert [(line["id"], line["outcome"], line["failed_at_s"] is None) for line in lines(studio)] == [
        ("a", "accepted", False),
        ("b", "unknown", True),
    ]


def test_receipts_hold_no_key_and_no_signature(studio: Studio) -> None:
    studio.write(manifest_text("a").replace("/a.jpg", "/a.jpg?X-Amz-Signature=c2VjcmV0"))
    studio.run()
    text = write(studio).read_text(encoding="utf-8")
    assert studio.key not in text
    assert "c2VjcmV0" not in text


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "{}", '{"id": 1}', "[]", "[" * 10_000])
def test_a_line_that_is_no_receipt_is_named(studio: Studio, line: str) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    path = write(studio)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"batch.receipts.jsonl:2: this line is not a receipt"):
        read_receipts(studio.project)


def test_clips_without_any_memory_of_what_was_paid_stop_a_run(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    outputs = ["outputs/batch/a.mp4"]
    check_memory(studio.project, NAME, outputs)
    studio.run()
    check_memory(studio.project, NAME, outputs)
    shutil.rmtree(studio.project.folder)
    receipts_path(studio.project, NAME).unlink()
    with pytest.raises(UsageError, match="the record of what was paid is lost"):
        check_memory(studio.project, NAME, outputs)


def test_receipts_alone_are_memory_enough(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    shutil.rmtree(studio.project.folder)
    check_memory(studio.project, NAME, ["outputs/batch/a.mp4"])
    read(studio)
    assert studio.statuses() == {"a": Status.DONE}


def test_an_older_clip_that_receipts_tell_of_is_no_final_one(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run()
    first = studio.clip("a").read_bytes()
    studio.write(edited(text))
    studio.run()
    write(studio)
    shutil.rmtree(studio.project.folder)
    read(studio)
    studio.write(text)

    assert studio.statuses() == {"a": Status.RENDERED}
    assert studio.run().exit_code is ExitCode.DONE

    assert studio.clip("a").read_bytes() == first
    assert len(studio.record().charges) == 2
