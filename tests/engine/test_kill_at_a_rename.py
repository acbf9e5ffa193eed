"""A clip's path is on record before the clip is there: a kill in between never loses what was paid for."""

import shutil
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.sandbox import Behaviour as SandboxOptions
from tests.engine.audit import assert_each_is_paid_once
from tests.engine.disks import Disk, Kill, KillingDisk, Moment, run_on, writes_of_a_run
from tests.engine.wishes import edited
from tests.moved_time import DAY_S
from tests.studio import Studio, manifest_text


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("goes_on", [True, False], ids=["after the edit was finished", "at once"])
@pytest.mark.parametrize("later_s", [0.0, 8 * DAY_S], ids=["same day", "after the retention"])
def test_a_kill_while_a_version_is_made_never_loses_the_paid_clip(
    tmp_path: Path, moment: Moment, *, goes_on: bool, later_s: float
) -> None:
    """A done job is edited and the run is killed at each write; then the edit is taken back.

    The first clip was paid for and lies on the disk, under its final name or among the versions. Whatever the
    moment of the kill, it is found there: the service need not have it any more.
    """
    text = manifest_text("a")
    first = Studio(tmp_path / "first", SandboxOptions(latency_s=60))
    first.folder.mkdir()
    first.write(text)
    first.run()
    first.write(edited(text))

    lost = []
    for number in range(2, writes_of_a_run(first, tmp_path / "count") + 1):
        studio = Studio(tmp_path / f"kill{number}", first.options, clock_s=first.clock_s)
        shutil.copytree(first.folder, studio.folder)
        with pytest.raises(Kill):
            run_on(studio, KillingDisk(number, moment))
        if goes_on:
            run_on(studio, Disk())
        if studio.statuses() == {"a": Status.UNKNOWN}:
            continue  # held until a person has resolved it
        studio.write(text)
        studio.clock_s += later_s
        run_on(studio, Disk())
        if studio.statuses() != {"a": Status.DONE} or studio.clip("a").read_bytes() != first.clip("a").read_bytes():
            lost.append((number, studio.statuses()["a"]))
        assert_each_is_paid_once(studio.record().charges)

    assert lost == []


@pytest.mark.parametrize("moment", Moment)
def test_a_kill_while_an_edit_is_taken_back_never_loses_a_paid_version(tmp_path: Path, moment: Moment) -> None:
    """Two versions are paid for, and both are beyond the service's retention: only the disk has them."""
    text = manifest_text("a")
    first = Studio(tmp_path / "first", SandboxOptions(latency_s=60))
    first.folder.mkdir()
    first.write(text)
    first.run()
    first.write(edited(text))
    first.run()
    first.clock_s += 3 * DAY_S
    first.write(text)

    lost = []
    for number in range(2, writes_of_a_run(first, tmp_path / "count") + 1):
        studio = Studio(tmp_path / f"kill{number}", first.options, clock_s=first.clock_s)
        shutil.copytree(first.folder, studio.folder)
        with pytest.raises(Kill):
            run_on(studio, KillingDisk(number, moment))
        for wanted in (text, edited(text)):
            studio.write(wanted)
            run_on(studio, Disk())
            lost += [(number, status) for status in studio.statuses().values() if status is not Status.DONE]
        assert len(studio.record().charges) == 2

    assert lost == []


def test_a_kill_after_the_rename_is_recognised_without_another_download(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "batch", SandboxOptions(latency_s=60))
    studio.folder.mkdir()
    studio.write(manifest_text("a"))
    settling = writes_of_a_run(studio, tmp_path / "count") - 1  # the last write tells how the run ended

    with pytest.raises(Kill):
        run_on(studio, KillingDisk(settling, Moment.BEFORE))
    downloads = [asked for asked in studio.asked if asked.is_download]
    run_on(studio, Disk())

    assert studio.statuses() == {"a": Status.DONE}
    assert [asked for asked in studio.asked if asked.is_download] == downloads
