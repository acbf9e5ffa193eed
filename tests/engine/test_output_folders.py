"""An output folder that takes no clip, found out while a run goes on: nothing more is paid for that would go there."""

import errno
import os
from typing import Any

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.engine import downloader
from batchrunner.errors import ExitCode
from batchrunner.io.download import download as fetched
from batchrunner.io.partial_file import Partial
from tests.engine.audit import assert_each_is_paid_once, counts
from tests.engine.wishes import blocks
from tests.studio import Studio, manifest_text

FOLDER = [errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ESTALE]
WHOLE_DISK = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO]


def to_folders(**folders: tuple[str, ...]) -> str:
    """A manifest whose jobs go to folders of their own."""
    text = manifest_text(*(job for jobs in folders.values() for job in jobs))
    for folder, jobs in folders.items():
        for job in jobs:
            text = text.replace(f"  - id: {job}\n", f"  - id: {job}\n    output: {folder}/{job}.mp4\n")
    return text


def named(error: int) -> str:
    return errno.errorcode[error]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Which error each folder of this name gives to whoever writes a clip there."""
    errors: dict[str, int] = {}

    async def download(http: Any, link: str, part: Partial, **how: Any) -> Any:
        error = errors.get(part.path.parent.name)
        if error is not None:
            raise OSError(error, os.strerror(error), str(part.path))
        return await fetched(http, link, part, **how)

    monkeypatch.setattr(downloader, "download", download)
    return errors


@pytest.mark.parametrize("error", FOLDER, ids=named)
def test_a_folder_that_takes_no_clip_stops_the_submits_that_would_go_there(
    studio: Studio, broken: dict[str, int], error: int
) -> None:
    broken["bad"] = error
    studio.write(to_folders(bad=("a", "b", "c", "d"), good=("x", "y", "z")))
    (studio.folder / "bad").mkdir()

    ended = studio.run(concurrency=1)

    assert counts(studio) == {Status.DONE: 3, Status.RENDERED: 1, Status.PENDING: 3}
    assert len(studio.submits()) == 4
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert {step.hold_reason for who, step in ended.steps.items() if who.job in "bcd"} == {HoldReason.HALT}
    [halt] = studio.told(EventKind.HALT)
    assert str(studio.folder / "bad") in halt.text
    assert os.strerror(error) in halt.text
    broken.clear()
    assert studio.run().exit_code is ExitCode.DONE
    assert_each_is_paid_once(studio.record().charges)


@pytest.mark.parametrize("error", WHOLE_DISK, ids=named)
def test_a_disk_that_takes_no_clip_stops_all_submits(studio: Studio, broken: dict[str, int], error: int) -> None:
    broken["bad"] = error
    studio.write(to_folders(bad=("a", "b"), good=("x", "y")))

    ended = studio.run(concurrency=1)

    assert counts(studio) == {Status.RENDERED: 1, Status.PENDING: 3}
    assert ended.exit_code is ExitCode.WORK_LEFT


def test_a_file_where_a_folder_must_be_stops_what_would_go_below_it(studio: Studio) -> None:
    studio.write(to_folders(**{"bad/one": ("a", "b", "c"), "bad/two": ("d", "e"), "good": ("x",)}))
    (studio.folder / "bad").write_text("a note, not a folder")

    held = blocks(studio, concurrency=1)

    assert held["a"] is HoldReason.FETCH_FAILED
    assert [held[job] for job in "cde"] == [HoldReason.HALT] * 3, "at most the next one had gone already"
    assert held["x"] is None
    [halt] = studio.told(EventKind.HALT)
    assert f"clips in {studio.folder / 'bad'}:" in halt.text


def test_a_folder_that_becomes_a_file_between_download_and_rename_stops_them_too(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def download(http: Any, link: str, part: Partial, **how: Any) -> Any:
        verified = await fetched(http, link, part, **how)
        path = part.path
        if path.parent.name != "bad":
            return verified
        moved = verified.path.rename(studio.folder / "moved.mp4")
        path.parent.rmdir()
        path.parent.write_text("a note, not a folder")
        return type(verified)(moved, verified.size_bytes, verified.sha256)

    monkeypatch.setattr(downloader, "download", download)
    studio.write(to_folders(bad=("a", "b", "c"), good=("x",)))

    held = blocks(studio, concurrency=1)

    assert (held["a"], held["c"], held["x"]) == (HoldReason.FETCH_FAILED, HoldReason.HALT, None)
