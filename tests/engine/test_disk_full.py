"""A disk without space ends a run, or holds it up while it keeps a paid task id alive; it never loses one."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import IO

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ExitCode, LedgerError
from batchrunner.io.files import Root
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.engine.audit import audit, counts
from tests.engine.disks import Disk, FullDisk
from tests.moved_time import MovedClock
from tests.studio import CTRL_C, Studio, manifest_text

pytestmark = pytest.mark.untraced

JOBS = ("a", "b", "c", "d")
# One job fails and one download is cut, as in the kills; the first test counts the writes anew.
SEED = 1
WRITES = 33
# Before it come the tables, the run, the balance, and the attempt of the first job, which goes alone.
FIRST_ANSWER = 5
TOLD = {Status.DONE, Status.FAILED, Status.UNKNOWN}


class From:
    """All numbers from one on: a disk that stays full."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number >= self._first


def batch_in(folder: Path) -> Studio:
    faults = {Fault.TASK_FAILED: 0.25, Fault.DOWNLOAD_CUT: 0.3}
    studio = Studio(folder, SandboxOptions(latency_s=60, faults=faults, seed=SEED, balance_usd=Decimal(100)))
    studio.write(manifest_text(*JOBS))
    return studio


def run_on(studio: Studio, disk: Disk) -> RunResult | None:
    """One process; None where it could not even write down that it began."""

    async def two_hours(_clock: MovedClock) -> None:
        """After two hours it is asked to leave: by then only a paid task id may still hold it up."""
        await asyncio.sleep(2 * 3600)
        assert alarmed_tasks(studio) - studio.known_tasks(), "nothing paid was at stake, and yet it did not end"
        assert studio.shutdown is not None
        studio.shutdown.request(CTRL_C)
        studio.shutdown.request(CTRL_C)

    studio.connect = disk.connect
    try:
        return studio.run(meanwhile=two_hours)
    except LedgerError:
        return None
    finally:
        disk.let_go()


def alarmed_tasks(studio: Studio) -> set[str]:
    """The paid task ids that somebody who reads the alarms can write down."""
    alarms = " ".join(event.text for event in studio.told(EventKind.ALARM))
    return {charge.task_id for charge in studio.record().charges if charge.task_id in alarms}


def assert_nothing_is_lost(studio: Studio) -> None:
    """A paid task is on record, or it was called out, or its job says that it may have been paid."""
    audit(studio)
    for charge in studio.record().charges:
        name = str(charge.body["prompt"]).rpartition(" ")[2]
        unknown = studio.statuses()[name] is Status.UNKNOWN
        assert charge.task_id in studio.known_tasks() | alarmed_tasks(studio) or unknown, name


def test_the_unharmed_run_has_as_many_writes_as_fail_here(tmp_path: Path) -> None:
    studio, disk = batch_in(tmp_path), Disk()

    run_on(studio, disk)

    assert disk.commits == WRITES
    assert counts(studio) == {Status.DONE: 3, Status.FAILED: 1}


@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_one_write_that_finds_no_space_loses_nothing(tmp_path: Path, number: int) -> None:
    studio, disk = batch_in(tmp_path), FullDisk({number})

    ended = run_on(studio, disk)

    assert disk.refused == 1
    assert_nothing_is_lost(studio)
    assert studio.known_tasks() == {charge.task_id for charge in studio.record().charges}
    assert_the_exit_code_is_honest(studio, ended)
    assert_the_next_run_finishes(studio)


@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_a_disk_that_stays_full_loses_nothing(tmp_path: Path, number: int) -> None:
    studio, disk = batch_in(tmp_path), FullDisk(From(number))

    ended = run_on(studio, disk)

    assert disk.refused >= 1
    assert_nothing_is_lost(studio)
    assert_the_exit_code_is_honest(studio, ended)
    assert_the_next_run_finishes(studio)


def assert_the_exit_code_is_honest(studio: Studio, ended: RunResult | None) -> None:
    """0 says that every clip is on disk, 1 that every job was told; no other run may say so."""
    statuses = set(studio.statuses().values())
    if ended is not None and ended.exit_code is ExitCode.DONE:
        assert statuses == {Status.DONE}
    if ended is not None and ended.exit_code is ExitCode.FAILED:
        assert statuses <= {Status.DONE, Status.FAILED}


def assert_the_next_run_finishes(studio: Studio) -> None:
    run_on(studio, Disk())
    assert_nothing_is_lost(studio)
    statuses = studio.statuses()
    assert set(statuses) == set(JOBS)
    assert set(statuses.values()) <= TOLD


@pytest.mark.parametrize("refusals", [1, 5, 50])
def test_a_paid_task_id_is_on_record_once_there_is_space_again(tmp_path: Path, refusals: int) -> None:
    studio = batch_in(tmp_path)

    run_on(studio, FullDisk(range(FIRST_ANSWER, FIRST_ANSWER + refusals)))

    assert alarmed_tasks(studio)
    assert alarmed_tasks(studio) <= studio.known_tasks()
    assert_nothing_is_lost(studio)


def test_submits_stop_while_a_paid_task_id_is_not_written(tmp_path: Path) -> None:
    studio = batch_in(tmp_path)

    run_on(studio, FullDisk(From(FIRST_ANSWER)))

    assert len(studio.submits()) == 1
    assert alarmed_tasks(studio) == {charge.task_id for charge in studio.record().charges}


def test_the_alarm_names_the_job_and_its_task(tmp_path: Path) -> None:
    studio = batch_in(tmp_path)

    run_on(studio, FullDisk({FIRST_ANSWER}))

    first = studio.told(EventKind.ALARM)[0]
    paid = studio.record().charges[0]
    assert first.job == "a"
    assert paid.task_id in first.text
    assert "disk is full" in first.text


@pytest.mark.parametrize("status", [400, 500])
def test_an_answer_without_a_task_id_holds_no_run_up(tmp_path: Path, status: int) -> None:
    """A refused attempt, or an unknown one, that cannot be written is unknown anyway: there is no id to keep alive."""
    faults = {Fault.SUBMIT_500_BEFORE: 1.0} if status == 500 else {}
    options = SandboxOptions(faults=faults, key=None if status == 500 else "mdlx-another", balance_usd=Decimal(100))
    studio = Studio(tmp_path, options)
    studio.write(manifest_text("a"))

    # without a good key no balance is told, nor written down
    run_on(studio, FullDisk(From(FIRST_ANSWER if status == 500 else FIRST_ANSWER - 1)))

    assert studio.record().charges == ()
    assert studio.statuses() == {"a": Status.UNKNOWN}
    assert not [event for event in studio.told(EventKind.ALARM) if "is paid" in event.text]


def fill_the_disk_under(name: str, patch: pytest.MonkeyPatch) -> None:
    """What is written beside a clip's final name goes to a device that is always full."""
    create = Root.create

    def full(root: Root, path: Path) -> IO[bytes]:
        return Path("/dev/full").open("wb") if path.name.startswith(f".{name}.mp4.") else create(root, path)

    patch.setattr(Root, "create", full)


def test_a_clip_that_the_disk_refuses_stays_rendered_and_the_next_run_fetches_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.write(manifest_text("a", "b"))

    with monkeypatch.context() as patch:
        fill_the_disk_under("a", patch)
        ended = studio.run()

    assert studio.statuses() == {"a": Status.RENDERED, "b": Status.DONE}
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert [step.hold_reason for step in ended.steps.values()] == [HoldReason.FETCH_FAILED, None]
    assert not studio.clip("a").exists()
    assert studio.run().exit_code is ExitCode.DONE
    assert studio.statuses() == {"a": Status.DONE, "b": Status.DONE}
    assert len(studio.submits()) == 2
    audit(studio)


def test_a_file_where_the_output_folder_should_be_ends_the_run(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.clip("a").parent.parent.mkdir()
    studio.clip("a").parent.write_text("a note, not a folder")

    async def an_hour(_clock: MovedClock) -> None:
        await asyncio.sleep(3600)
        raise AssertionError("it goes on for an hour and is not told")

    ended = studio.run(meanwhile=an_hour)

    assert ended.exit_code is not ExitCode.DONE
    assert len([asked for asked in studio.asked if asked.is_download]) < 10
    assert studio.statuses() == {"a": Status.RENDERED}
