"""A clip that was paid for is found by its request, whatever its job is called today."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.engine.disks import Kill, KillingDisk, Moment, run_on
from tests.engine.wishes import PRICE_USD, blocks
from tests.studio import Studio, manifest_text

TEXT = manifest_text("a", "b")
RENAMED = TEXT.replace("id: a\n", "id: opening\n")


@dataclass
class Copied(Studio):
    """The same folder, with another manifest."""

    name: str = "copy"

    @property
    def manifest(self) -> Path:
        return self.folder / f"{self.name}.yaml"


def reasons(studio: Studio) -> dict[str, str]:
    return {seen.identity.name: seen.step.reason for seen in studio.seen()}


def test_a_renamed_job_keeps_its_paid_clip(studio: Studio) -> None:
    studio.write(TEXT)
    studio.run()
    clip = studio.clip("a").read_bytes()
    studio.write(RENAMED)
    assert reasons(studio)["opening"] == "same request as a (left the manifest): $0.00"

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2
    assert studio.statuses() == {"opening": Status.DONE, "b": Status.DONE, "a": Status.DONE}
    assert studio.clip("opening").read_bytes() == studio.clip("a").read_bytes() == clip


def test_a_job_that_is_renamed_to_and_fro_pays_nothing(studio: Studio) -> None:
    for text in (TEXT, RENAMED, TEXT, RENAMED):
        studio.write(text)
        assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 2


def test_what_was_taken_over_costs_nothing_and_the_sum_stays(studio: Studio) -> None:
    studio.write(TEXT)
    studio.run()
    studio.write(RENAMED)
    studio.run()
    assert studio.booked_usd() == 2 * PRICE_USD


def test_a_job_renamed_while_its_task_runs_waits_for_that_clip(studio: Studio) -> None:
    studio.write(TEXT)
    studio.run(task_timeout_s=5)
    assert studio.statuses()["a"] is Status.RUNNING
    studio.write(RENAMED)

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2
    assert studio.statuses()["opening"] is Status.DONE


def test_a_job_renamed_while_its_outcome_is_unknown_is_held(studio: Studio) -> None:
    studio.options = SandboxOptions(faults={Fault.SUBMIT_500_AFTER: 1.0})
    studio.write(manifest_text("a"))
    studio.run()
    studio.options = SandboxOptions()
    studio.write(manifest_text("a").replace("id: a\n", "id: opening\n"))

    assert blocks(studio)["opening"] is HoldReason.UNKNOWN

    assert len(studio.record().charges) == 1
    assert "a (left the manifest)" in reasons(studio)["opening"]


def test_a_copied_manifest_takes_its_clips_over(studio: Studio) -> None:
    studio.write(TEXT)
    studio.run()
    copied = Copied(studio.folder, studio.options, clock_s=studio.clock_s)
    copied.write(TEXT.replace("name: batch", "name: copy"))
    assert reasons(copied)["a"] == "same request as a (of batch): $0.00"

    assert copied.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2
    assert (studio.folder / "outputs/copy/a.mp4").read_bytes() == studio.clip("a").read_bytes()
    assert studio.statuses() == copied.statuses() == {"a": Status.DONE, "b": Status.DONE}


def test_a_copied_manifest_waits_for_what_the_first_one_still_renders(studio: Studio) -> None:
    studio.write(TEXT)
    studio.run(task_timeout_s=5)
    copied = Copied(studio.folder, studio.options, clock_s=studio.clock_s)
    copied.write(TEXT.replace("name: batch", "name: copy"))

    assert blocks(copied) == {"a": HoldReason.WAITS_FOR_REUSE, "b": HoldReason.WAITS_FOR_REUSE}

    assert len(studio.record().charges) == 2


def test_one_clip_is_not_given_to_two_jobs(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    one = manifest_text("a").replace("id: a\n", "id: opening\n")
    studio.write(one + one.partition("jobs:\n")[2].replace("id: opening", "id: closing"))

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2
    assert studio.clip("opening").read_bytes() != studio.clip("closing").read_bytes()


def test_a_clip_whose_file_is_gone_is_fetched_for_its_new_name(studio: Studio) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.clip("a").unlink()
    studio.write(manifest_text("a").replace("id: a\n", "id: opening\n"))

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 1
    assert studio.clip("opening").exists()


def test_what_failed_under_another_name_is_nothing_to_take_over(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text("a"))
    studio.run()
    studio.options = SandboxOptions(latency_s=60)
    studio.write(manifest_text("a").replace("id: a\n", "id: opening\n"))

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2


def test_a_take_takes_over_only_the_same_take(studio: Studio) -> None:
    two = manifest_text("a") + "    takes: 2\n"
    studio.write(two)
    studio.run()
    clips = [studio.clip(name).read_bytes() for name in ("a", "a.2")]
    studio.write(two.replace("id: a\n", "id: opening\n"))

    studio.run()

    assert [studio.clip(name).read_bytes() for name in ("opening", "opening.2")] == clips
    assert len(studio.record().charges) == 2


def test_a_plan_on_an_unchanged_manifest_has_nothing_to_take_over(studio: Studio) -> None:
    studio.write(TEXT)
    studio.run()
    assert {seen.step.action for seen in studio.seen()} == {Action.NONE}


@pytest.mark.parametrize("when", Moment)
@pytest.mark.parametrize("number", range(1, 6))
def test_a_kill_while_a_clip_is_taken_over_loses_nothing(studio: Studio, number: int, when: Moment) -> None:
    studio.write(manifest_text("a"))
    studio.run()
    studio.write(manifest_text("a").replace("id: a\n", "id: opening\n"))
    with suppress(Kill):
        run_on(studio, KillingDisk(number, when))
    studio.connect = sqlite3.connect

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 1
    assert studio.clip("opening").read_bytes() == studio.clip("a").read_bytes()
