"""How a run is left: by a signal, by a second one, by a task's patience."""

import asyncio
import signal
from dataclasses import replace

import pytest

from batchrunner.errors import Exit
from batchrunner.nouns.status import Status
from batchrunner.nouns.step import Block
from batchrunner.sandbox import Fault
from tests.moved_time import MovedClock
from tests.runner.audit import audit
from tests.runner.services import Crossing, refusing
from tests.studio import Meanwhile, Studio, manifest_text


def send(*numbers: signal.Signals, studio: Studio, after_s: float) -> Meanwhile:
    """Somebody presses Ctrl-C (or the like) in the midst of a run."""

    async def meanwhile(_clock: MovedClock) -> None:
        await asyncio.sleep(after_s)
        for number in numbers:
            assert studio.signals is not None
            studio.signals.receive(number)

    return meanwhile


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


def test_a_task_whose_time_is_up_does_not_keep_the_next_from_being_rendered(studio: Studio) -> None:
    studio.options = replace(studio.options, latency_s=3600)
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1, task_timeout_s=600)

    assert [step.block for step in ended.steps.values()] == [Block.TASK_TIMEOUT, Block.TASK_TIMEOUT]
    studio.clock_s += 3600
    assert studio.run().exit_code is Exit.DONE
    assert len(studio.submits()) == 2
