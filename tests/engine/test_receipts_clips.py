"""A clip that only a receipt tells of counts once its bytes were looked at, and never from outside the project."""

import hashlib
import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.io.files import sha256_of
from batchrunner.storage.open import read_ledger
from batchrunner.storage.receipts import receipts_path
from tests.engine.test_receipts import NAME, cloned, lines, read, write
from tests.studio import Studio, manifest_text


@pytest.fixture
def brought(studio: Studio) -> Studio:
    """A clone with the receipts and the clips of another machine, and without its ledger."""
    studio.write(manifest_text("a"))
    studio.run()
    write(studio)
    other = cloned(studio, studio.folder.with_name(f"{studio.folder.name}-clone"))
    shutil.copytree(studio.folder / "outputs", other.folder / "outputs")
    return other


def change(studio: Studio, **fields: Any) -> None:
    """Somebody writes something else into the only line."""
    text = json.dumps({**lines(studio)[0], **fields}) + "\n"
    receipts_path(studio.project, NAME).write_text(text, encoding="utf-8")


def as_told(path: Path) -> dict[str, Any]:
    """What a receipt would have to say of a file, so that it seems to be a clip."""
    found = path.read_bytes()
    return {"size_bytes": len(found), "sha256": hashlib.sha256(found).hexdigest()}


def test_a_clip_that_was_brought_along_is_done_when_its_bytes_are_those(brought: Studio) -> None:
    read(brought)
    assert brought.statuses() == {"a": Status.DONE}
    assert brought.run().stats.polls == 0


def test_a_file_of_the_same_size_is_not_done_on_the_word_of_a_receipt(brought: Studio) -> None:
    clip = brought.clip("a")
    clip.write_bytes(b"x" * clip.stat().st_size)
    read(brought)
    assert brought.statuses() == {"a": Status.RENDERED}
    before = clip.read_bytes()
    assert brought.run().exit_code is ExitCode.PERSON_NEEDED
    assert clip.read_bytes() == before


def test_a_file_that_is_no_film_is_not_done_whatever_digest_a_receipt_tells(brought: Studio) -> None:
    clip = brought.clip("a")
    clip.write_bytes(b"#!/bin/sh\n")
    change(brought, **as_told(clip))
    read(brought)
    assert brought.statuses() == {"a": Status.RENDERED}


def test_a_clip_behind_a_link_is_not_moved_on_the_word_of_a_receipt(brought: Studio, tmp_path: Path) -> None:
    """The folder that somebody else wrote has a link in it, and the receipt knows what lies there."""
    home = tmp_path / "home"
    home.mkdir()
    clip = brought.clip("a").rename(home / "holiday.mp4")
    (brought.folder / "away").symlink_to(home)
    (brought.folder / "outputs" / "batch").mkdir(exist_ok=True)
    change(brought, file="away/holiday.mp4", **as_told(clip))
    read(brought)

    assert brought.run().exit_code is ExitCode.DONE

    assert clip.exists()
    assert list(home.iterdir()) == [clip]
    assert brought.clip("a").is_file()


def test_bytes_are_looked_at_until_a_run_has_put_that_on_record(
    brought: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def digest(path: Path) -> str:
        looked.append(path)
        return sha256_of(path)

    monkeypatch.setattr(import_module("batchrunner.storage.clip_files"), "sha256_of", digest)
    read(brought)
    brought.statuses()
    assert looked
    brought.run()
    looked.clear()
    brought.statuses()
    brought.run()
    assert looked == []


def test_what_a_receipt_tells_of_a_clip_is_no_news_where_it_lies_elsewhere(brought: Studio) -> None:
    read(brought)
    brought.run()
    change(brought, file="outputs/batch/versions/a.v1.mp4")
    assert read(brought) == 0
    assert brought.statuses() == {"a": Status.DONE}
    with read_ledger(brought.project.ledger) as ledger:
        ((_, memory),) = ledger.all_histories().items()
    assert [clip.is_told for clip in memory.attempts[0].clips] == [True, False]


def test_a_file_that_is_no_film_is_not_taken_over_by_another_job_either(brought: Studio) -> None:
    """The receipt tells of it as of a clip of a job that left the manifest."""
    clip = brought.clip("a")
    clip.write_bytes(b"#!/bin/sh\n")
    change(brought, **as_told(clip))
    brought.write(manifest_text("a").replace("id: a", "id: b"))
    read(brought)

    brought.run()

    assert brought.clip("b").read_bytes()[4:8] == b"ftyp"
    assert len(brought.record().charges) == 1
