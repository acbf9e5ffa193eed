"""How a run is left: by a signal, by a second one, by a task's patience."""

import signal
from dataclasses import replace

import pytest

from batchrunner.errors import Exit
from batchrunner.events import Kind
from batchrunner.ledger import Ledger
from batchrunner.manifest.load import load
from batchrunner.nouns.status import Status
from batchrunner.nouns.step import Block
from batchrunner.sandbox import Fault
from batchrunner.sandbox import Options as SandboxOptions
from tests.runner.audit import audit, counts
from tests.runner.services import Crossing, refusing
from tests.studio import Studio, manifest_text, send


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_finishes_what_runs_and_leaves_the_rest_pending(
    studio: Studio, number: signal.Signals
) -> None:
    studio.write(manifest_text("a", "b", "c", "d", "e"))

    ended = studio.run(concurrency=2, meanwhile=send(number, studio=studio, after_s=20))

    assert studio.statuses() == {
        "a": Status.DONE,
        "b": Status.DONE,
        "c": Status.PENDING,
        "d": Status.PENDING,
        "e": Status.PENDING,
    }
    assert [step.block for step in ended.steps.values()] == [None, None, Block.DRAIN, Block.DRAIN, Block.DRAIN]
    assert ended.exit_code is Exit.WORK_LEFT
    assert studio.run().exit_code is Exit.DONE
    assert len(studio.submits()) == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)])
def test_the_second_signal_leaves_at_once_and_loses_nothing(studio: Studio, number: signal.Signals, code: Exit) -> None:
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(concurrency=2, meanwhile=send(number, number, studio=studio, after_s=20))

    assert ended.exit_code is code
    assert ended.seconds == 20
    assert studio.statuses() == {"a": Status.RUNNING, "b": Status.RUNNING, "c": Status.PENDING}
    assert studio.run().exit_code is Exit.DONE
    assert len(studio.submits()) == 3
    audit(studio)


def test_a_terminal_that_is_gone_never_counts_as_a_second_signal(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    hups = send(signal.SIGHUP, signal.SIGHUP, signal.SIGHUP, studio=studio, after_s=20)

    studio.run(concurrency=1, meanwhile=hups)

    assert studio.statuses() == {"a": Status.DONE, "b": Status.PENDING}


@pytest.mark.parametrize(("slow_s", "status"), [(5, Status.RUNNING), (60, Status.UNKNOWN)])
def test_who_leaves_at_once_waits_ten_seconds_for_the_submits_on_the_wire(
    studio: Studio, slow_s: float, status: Status
) -> None:
    studio.way = Crossing(slow_s=slow_s).way
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1, meanwhile=send(signal.SIGINT, signal.SIGINT, studio=studio, after_s=1))

    assert ended.seconds == pytest.approx(min(slow_s, 11), abs=0.5)
    assert studio.statuses() == {"a": status, "b": Status.PENDING}
    audit(studio)


def test_a_signal_during_a_download_loses_nothing(studio: Studio) -> None:
    studio.options = replace(studio.options, faults={Fault.DOWNLOAD_HANG: 1.0})
    studio.write(manifest_text("a"))

    studio.run(meanwhile=send(signal.SIGINT, signal.SIGINT, studio=studio, after_s=90))

    assert studio.statuses() == {"a": Status.RENDERED}
    assert not studio.clip("a").exists()
    studio.options = replace(studio.options, faults={})
    assert studio.run().exit_code is Exit.DONE
    assert len(studio.submits()) == 1


def test_a_drain_in_the_midst_of_caution_ends_the_run(studio: Studio) -> None:
    studio.way = refusing(status=500)
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(concurrency=1, meanwhile=send(signal.SIGTERM, studio=studio, after_s=8))

    assert ended.seconds < 10
    assert studio.statuses() == {"a": Status.UNKNOWN, "b": Status.UNKNOWN, "c": Status.PENDING}


def test_a_task_timeout_only_stops_the_asking(studio: Studio) -> None:
    studio.options = replace(studio.options, latency_s=3600)
    studio.write(manifest_text("a"))

    ended = studio.run(task_timeout_s=600)

    assert ended.exit_code is Exit.WORK_LEFT
    assert 600 <= ended.seconds < 620
    assert studio.statuses() == {"a": Status.RUNNING}
    studio.clock_s += 3600
    assert studio.run().exit_code is Exit.DONE
    assert len(studio.submits()) == 1


def test_what_a_late_look_finds_is_brought_home(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=300, concurrency=40)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(40))))
    studio.run(concurrency=40, meanwhile=send(signal.SIGINT, signal.SIGINT, studio=studio, after_s=60))
    assert counts(studio) == {Status.RUNNING: 40}
    studio.clock_s += 7_200

    ended = studio.run(task_timeout_s=60, rate_per_min=20)

    assert ended.exit_code is Exit.DONE
    assert counts(studio) == {Status.DONE: 40}


def test_the_task_of_a_retry_is_asked_for_although_the_first_one_was_late(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=30, concurrency=40, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text(*(f"job{number:02}" for number in range(30))))
    studio.run(concurrency=40, meanwhile=send(signal.SIGINT, signal.SIGINT, studio=studio, after_s=10))
    studio.clock_s += 7_200
    studio.options = SandboxOptions(latency_s=30, concurrency=40)

    studio.run(task_timeout_s=60, rate_per_min=20, retries=1)

    asked = {asked.path.rpartition("/")[2] for asked in studio.asked if asked.is_poll}
    assert {charge.task_id for charge in studio.record().charges} <= asked


def test_how_long_a_clip_took_is_learned_only_by_whoever_was_there(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, concurrency=4)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(8))))
    studio.run(concurrency=4, meanwhile=send(signal.SIGINT, signal.SIGINT, studio=studio, after_s=20))
    studio.clock_s += 8 * 3_600
    studio.run(concurrency=4)
    assert counts(studio) == {Status.DONE: 8}
    manifest = load(studio.manifest)
    with Ledger.reading(studio.project.ledger) as ledger:
        attempts = [a for memory in studio.batch(manifest, ledger).memories.values() for a in memory.attempts]
    took_s = sorted(attempt.took_s for attempt in attempts if attempt.took_s is not None)
    assert len(took_s) == 4
    assert took_s[-1] < 70


def test_a_drain_while_nothing_runs_says_so(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, concurrency=0)
    studio.write(manifest_text("a", "b"))

    studio.run(meanwhile=send(signal.SIGINT, studio=studio, after_s=100))

    (note,) = [event.text for event in studio.told(Kind.NOTE) if "Nothing is lost" in event.text]
    assert note.startswith("no task is running, so this ends soon")


def test_a_task_whose_time_is_up_does_not_keep_the_next_from_being_rendered(studio: Studio) -> None:
    studio.options = replace(studio.options, latency_s=3600)
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1, task_timeout_s=600)

    assert [step.block for step in ended.steps.values()] == [Block.TASK_TIMEOUT, Block.TASK_TIMEOUT]
    studio.clock_s += 3600
    assert studio.run().exit_code is Exit.DONE
    assert len(studio.submits()) == 2
