"""Receipts are written while a run goes on: a power cut leaves them true."""

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.io.files import Root
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage import receipts
from batchrunner.storage.open import open_ledger
from batchrunner.storage.receipts import read_receipts, receipts_path
from batchrunner.storage.receipts_file import append_line
from tests.engine.test_receipts import NAME, cloned, lines, read, write
from tests.studio import Studio, manifest_text

_LINE = (
    json.dumps(
        {
            "id": "a",
            "take": 1,
            "profile": "",
            "request": {"model": "google/veo-3.1-i2v", "fields": {"prompt": "x" * 300}},
            "task_id": "task-1",
            "base_url": "https://api.modellix.test",
            "key_digest": "00112233445566aa",
            "key_last4": "0001",
            "cost_usd": "2.576",
            "submitted_at_s": 1_795_456_800.0,
            "rendered_at_s": None,
            "done_at_s": None,
            "output": "outputs/batch/a.mp4",
            "file": None,
            "size_bytes": None,
            "sha256": None,
            "host": "first",
        }
    ).encode()
    + b"\n"
)


def clone(studio: Studio) -> Studio:
    """What another machine knows at this moment, without what the end of a run writes."""
    other = cloned(studio, studio.folder.with_name(f"{studio.folder.name}-clone"))
    read(other)
    return other


def test_a_submit_stands_in_the_receipts_before_its_post_leaves(studio: Studio) -> None:
    told: list[list[object]] = []

    def watched(answer: Responder) -> Responder:
        async def look(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if method == "POST":
                told.append([(line["id"], line["outcome"], line["task_id"]) for line in lines(studio)])
            return await answer(method, target, headers, body)

        return look

    studio.write(manifest_text("a", "b"))
    studio.way = watched
    studio.run(concurrency=1)
    (task, _) = (charge.task_id for charge in studio.record().charges)
    assert told[0] == [("a", "sent", None)]
    assert told[1][:2] == [("a", "sent", None), ("a", "accepted", task)]
    assert told[1][-1] == ("b", "sent", None)


def test_a_clone_of_the_moment_of_a_post_holds_it_as_unknown(studio: Studio) -> None:
    def cut(answer: Responder) -> Responder:
        async def look(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            if method == "POST":
                shutil.copy(receipts_path(studio.project, NAME), studio.folder / "kept")
            return await answer(method, target, headers, body)

        return look

    studio.write(manifest_text("a"))
    studio.way = cut
    studio.run()
    shutil.copy(studio.folder / "kept", receipts_path(studio.project, NAME))
    other = clone(studio)
    assert other.statuses() == {"a": Status.UNKNOWN}
    assert other.run().stats.submits == 0


def test_what_was_accepted_failed_or_done_stands_there_without_an_orderly_end(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    studio.run(only=frozenset({"a"}))
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    studio.run(only=frozenset({"b"}))
    told = [(line["id"], line["outcome"], line["failed_at_s"] is None, line["file"] is None) for line in lines(studio)]
    assert told == [
        ("a", "sent", True, True),
        ("a", "accepted", True, True),
        ("a", "accepted", True, False),
        ("b", "sent", True, True),
        ("b", "accepted", True, True),
        ("b", "accepted", False, True),
    ]
    other = clone(studio)
    assert other.statuses() == {"a": Status.RENDERED, "b": Status.FAILED}
    write(studio)
    assert len(lines(studio)) == 2


@pytest.mark.parametrize("left", range(1, 600, 37))
def test_a_line_that_a_power_cut_left_without_its_end_is_left_out_and_cut_off(studio: Studio, left: int) -> None:
    studio.write(manifest_text("a"))
    path = receipts_path(studio.project, NAME)
    append_line(studio.project.safe, path, _LINE)
    whole = path.read_bytes()
    path.write_bytes(whole + _LINE[:left])
    assert len(read_receipts(studio.project)) == 1
    append_line(studio.project.safe, path, _LINE)
    assert path.read_bytes() == whole + _LINE


def test_a_line_that_lacks_only_its_line_end_is_read_and_gets_it(studio: Studio) -> None:
    path = receipts_path(studio.project, NAME)
    path.write_bytes(_LINE.rstrip(b"\n"))
    assert len(read_receipts(studio.project)) == 1
    append_line(studio.project.safe, path, _LINE)
    assert path.read_bytes() == _LINE * 2


def test_the_rest_of_a_conflict_at_the_end_of_the_file_is_no_power_cut(studio: Studio) -> None:
    path = receipts_path(studio.project, NAME)
    path.write_bytes(_LINE + b">>>>>>> theirs")
    with pytest.raises(Exception, match="2: this line is not a receipt: it is a conflict marker that git left"):
        read_receipts(studio.project)


def test_receipts_that_find_no_space_are_said_once_and_end_no_run(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger has it all: what is written later is the same."""

    def full(_: Root, path: Path, __: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    studio.write(manifest_text("a", "b"))
    monkeypatch.setattr(receipts, "append_line", full)
    assert studio.run().exit_code is ExitCode.DONE
    said = [event.text for event in studio.told(EventKind.NOTE) if "receipts" in event.text]
    assert len(said) == 1
    assert "could not be written" in said[0]
    assert "No space left" in said[0]
    monkeypatch.undo()
    write(studio)
    assert [(line["id"], line["outcome"]) for line in lines(studio)] == [("a", "accepted"), ("b", "accepted")]


def test_nothing_of_a_line_stays_that_the_disk_took_only_in_part(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = receipts_path(studio.project, NAME)
    append_line(studio.project.safe, path, _LINE)

    def short(_: Root, path: Path, data: bytes) -> None:
        with path.open("ab") as file:
            file.write(data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Root, "append", short)
    with pytest.raises(OSError, match="No space left"):
        append_line(studio.project.safe, path, _LINE)
    assert path.read_bytes() == _LINE


def test_receipts_that_are_a_link_are_not_written_through(studio: Studio) -> None:
    outside = studio.folder / "bashrc"
    outside.write_text("mine\n", encoding="utf-8")
    receipts_path(studio.project, NAME).symlink_to(outside)
    with pytest.raises(OSError, match="is a link"):
        append_line(studio.project.safe, receipts_path(studio.project, NAME), _LINE)
    assert outside.read_text(encoding="utf-8") == "mine\n"


def test_a_host_whose_clock_is_beyond_all_bounds_writes_no_receipts_that_nobody_can_read(studio: Studio) -> None:
    studio.clock_s = 1_000_000.0
    studio.write(manifest_text("a"))
    studio.run()
    assert any("a time between 2020 and 2100" in event.text for event in studio.told(EventKind.NOTE))
    said: list[str] = []
    with open_ledger(studio.project.ledger) as ledger:
        receipts.ReceiptsWriter(studio.project, ledger, said.append).whole(NAME)
    assert len(said) == 1
    assert read_receipts(studio.project) == ()
