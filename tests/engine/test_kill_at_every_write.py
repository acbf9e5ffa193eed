"""A process may be killed at any of its writes: nothing is paid twice, nothing that was paid is lost.

The batch is small on purpose: four jobs, of which one fails and one has its download cut once, and every one of its
writes is a kill of its own. The service's own record is the witness.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.engine.audit import audit, counts
from tests.engine.disks import Disk, Kill, KillingDisk, Moment, run_on
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced

JOBS = ("a", "b", "c", "d")
# Chosen so that one of the four fails and one download is cut; the first test says whether it still does.
SEED = 1
# The writes of an unharmed run; the first test counts them anew.
WRITES = 33

MOMENTS = pytest.mark.parametrize("moment", Moment)


def batch_in(folder: Path) -> Studio:
    faults = {Fault.TASK_FAILED: 0.25, Fault.DOWNLOAD_CUT: 0.3}
    studio = Studio(folder, SandboxOptions(latency_s=60, faults=faults, seed=SEED, balance_usd=Decimal(100)))
    studio.write(manifest_text(*JOBS))
    return studio


def run_into_the_kill(studio: Studio, disk: KillingDisk) -> None:
    with pytest.raises(Kill):
        run_on(studio, disk)
    assert disk.killed


def run_until_told(studio: Studio) -> None:
    """Starts anew, as a person would, until nothing is left to do; a second start finds nothing to pay."""
    run_on(studio, Disk())
    audit(studio)
    charged = len(studio.record().charges)
    run_on(studio, Disk())
    assert len(studio.record().charges) == charged


def assert_all_is_told(studio: Studio) -> None:
    """Every job is at one of the three ends that need nothing more from the runner, and each end is the true one."""
    audit(studio)
    statuses = studio.statuses()
    assert set(statuses) == set(JOBS)
    assert set(statuses.values()) <= {Status.DONE, Status.FAILED, Status.UNKNOWN}
    charged = {
        str(charge.body["prompt"]).removeprefix("The character waves, variant "): charge
        for charge in studio.record().charges
    }
    for name, status in statuses.items():
        fails = name in charged and Fault.TASK_FAILED in charged[name].traits
        assert status in {Status.UNKNOWN, Status.FAILED if fails else Status.DONE}, name
        assert name in charged or status is Status.UNKNOWN, name


def test_the_unharmed_run_has_as_many_writes_as_are_killed_here(tmp_path: Path) -> None:
    studio, disk = batch_in(tmp_path), Disk()

    run_on(studio, disk)

    assert disk.commits == WRITES
    assert counts(studio) == {Status.DONE: 3, Status.FAILED: 1}
    assert len([asked for asked in studio.asked if asked.is_download]) == 4


@MOMENTS
@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_a_kill_at_any_write_pays_nothing_twice_and_loses_nothing(tmp_path: Path, number: int, moment: Moment) -> None:
    studio = batch_in(tmp_path)
    run_into_the_kill(studio, KillingDisk(number, moment))

    run_until_told(studio)

    assert_all_is_told(studio)
    # one process was killed, so at most the posts on its wire are unknown: what had an answer on record is not
    assert counts(studio)[Status.UNKNOWN] <= 4


@MOMENTS
@pytest.mark.parametrize("second", [2, 4, 6])
@pytest.mark.parametrize("first", [4, 9, 14])
def test_a_second_kill_while_the_first_is_made_good_changes_nothing(
    tmp_path: Path, first: int, second: int, moment: Moment
) -> None:
    studio = batch_in(tmp_path)
    run_into_the_kill(studio, KillingDisk(first, moment))
    run_into_the_kill(studio, KillingDisk(second, moment))

    run_until_told(studio)

    assert_all_is_told(studio)


@MOMENTS
@pytest.mark.parametrize("number", [1, 2, 3, 8, 13, 18, 23, 28])
def test_a_kill_leaves_a_ledger_that_status_can_read(tmp_path: Path, number: int, moment: Moment) -> None:
    studio = batch_in(tmp_path)

    run_into_the_kill(studio, KillingDisk(number, moment))

    audit(studio)
    assert set(studio.statuses()) == set(JOBS)


@pytest.mark.parametrize("number", range(1, 12))
def test_a_batch_that_is_killed_again_and_again_comes_to_its_end(tmp_path: Path, number: int) -> None:
    studio = batch_in(tmp_path)
    for _ in range(5):
        disk = KillingDisk(number, Moment.AFTER)
        try:
            run_on(studio, disk)
        except Kill:
            assert disk.killed

    run_until_told(studio)

    assert_all_is_told(studio)
