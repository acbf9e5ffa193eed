"""How a run is left: by a signal, by a second one, by a task's patience."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.engine.scheduling.poll_queue import PollQueue
from batchrunner.engine.shutdown import ShutdownReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Responder
from batchrunner.manifest.load import load
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault, HttpAnswer
from batchrunner.storage.open import read_ledger
from tests.engine.audit import audit, counts
from tests.engine.services import Crossing, instead, refusing, reply
from tests.io.test_images import png
from tests.moved_time import EVENING_S, MovedClock, MovedLoop
from tests.studio import CTRL_C, Studio, manifest_text, send


@pytest.mark.parametrize("number", [CTRL_C, ShutdownReason.TERMINATE, ShutdownReason.HANGUP])
def test_the_first_signal_finishes_what_runs_and_leaves_the_rest_pending(
    studio: Studio, number: ShutdownReason
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
    assert [step.hold_reason for step in ended.steps.values()] == [
        None,
        None,
        HoldReason.DRAIN,
        HoldReason.DRAIN,
        HoldReason.DRAIN,
    ]
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 5


@pytest.mark.parametrize(
    ("number", "code"),
    [(CTRL_C, ExitCode.INTERRUPTED), (ShutdownReason.TERMINATE, ExitCode.TERMINATED)],
)
def test_the_second_signal_leaves_at_once_and_loses_nothing(
    studio: Studio, number: ShutdownReason, code: ExitCode
) -> None:
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(concurrency=2, meanwhile=send(number, number, studio=studio, after_s=20))

    assert ended.exit_code is code
    assert ended.seconds == 20
    assert studio.statuses() == {"a": Status.RUNNING, "b": Status.RUNNING, "c": Status.PENDING}
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 3
    audit(studio)


def test_a_terminal_that_is_gone_never_counts_as_a_second_signal(studio: Studio) -> None:
    studio.write(manifest_text("a", "b"))
    hups = send(ShutdownReason.HANGUP, ShutdownReason.HANGUP, ShutdownReason.HANGUP, studio=studio, after_s=20)

    studio.run(concurrency=1, meanwhile=hups)

    assert studio.statuses() == {"a": Status.DONE, "b": Status.PENDING}


@pytest.mark.parametrize(("slow_s", "status"), [(5, Status.RUNNING), (60, Status.UNKNOWN)])
def test_who_leaves_at_once_waits_ten_seconds_for_the_submits_on_the_wire(
    studio: Studio, slow_s: float, status: Status
) -> None:
    studio.way = Crossing(slow_s=slow_s).way
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1, meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=1))

    assert ended.seconds == pytest.approx(min(slow_s, 11), abs=0.5)
    assert studio.statuses() == {"a": status, "b": Status.PENDING}
    audit(studio)


def test_a_signal_during_a_download_loses_nothing(studio: Studio) -> None:
    studio.options = replace(studio.options, faults={Fault.DOWNLOAD_HANG: 1.0})
    studio.write(manifest_text("a"))

    studio.run(meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=90))

    assert studio.statuses() == {"a": Status.RENDERED}
    assert not studio.clip("a").exists()
    studio.options = replace(studio.options, faults={})
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1


def test_a_drain_in_the_midst_of_caution_ends_the_run(studio: Studio) -> None:
    studio.way = refusing(status=500)
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(concurrency=1, meanwhile=send(ShutdownReason.TERMINATE, studio=studio, after_s=8))

    assert ended.seconds < 10
    assert studio.statuses() == {"a": Status.UNKNOWN, "b": Status.UNKNOWN, "c": Status.PENDING}


def told_to_wait(method: str, path: str) -> Callable[[Responder], Responder]:
    """A way on which the first such request is told to wait for 50 minutes."""
    asked: list[str] = []

    def look(its_method: str, its_path: str, _prompt: str) -> HttpAnswer | None:
        if (its_method, asked) != (method, []) or path not in its_path:
            return None
        asked.append(its_path)
        return reply(429, "RateLimit: wait", {"retry-after": "3000"})

    return instead(look)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/async"), ("POST", "/media/files"), ("GET", "/team/balance")], ids=str
)
def test_a_drain_in_a_pause_that_the_service_asked_for_ends_the_run(studio: Studio, method: str, path: str) -> None:
    studio.way = told_to_wait(method, path)
    write_with_pictures(studio, 3)

    ended = studio.run(concurrency=1, meanwhile=send(CTRL_C, studio=studio, after_s=20))

    assert ended.seconds < 21
    assert counts(studio) == {Status.PENDING: 3}


def test_the_deadline_in_a_pause_that_the_service_asked_for_ends_the_run(studio: Studio) -> None:
    studio.way = told_to_wait("POST", "/async")
    studio.write(manifest_text("a", "b", "c"))

    async def sleep(clock: MovedClock) -> None:
        await asyncio.sleep(100)
        clock.jump_s += 7_200
        await asyncio.Event().wait()

    ended = studio.run(concurrency=1, deadline_s=EVENING_S + 3_600, meanwhile=sleep)

    assert ended.exit_code is ExitCode.DEADLINE
    assert ended.seconds < 120


def test_a_drain_lets_no_picture_be_uploaded_any_more(studio: Studio) -> None:
    write_with_pictures(studio, 50)

    ended = studio.run(concurrency=50, rate_per_min=10, meanwhile=send(CTRL_C, studio=studio, after_s=20))

    assert ended.seconds < 120
    assert [asked for asked in studio.asked if "/media" in asked.path and asked.at_s > EVENING_S + 21] == []


def write_with_pictures(studio: Studio, count: int) -> None:
    """Jobs that each have a local picture of their own."""
    for number in range(count):
        (studio.folder / f"{number}.png").write_bytes(png(64 + number, 36))
    jobs = "".join(f"  - {{id: job{n}, prompt: job{n}, image: {n}.png}}\n" for n in range(count))
    studio.write(f"version: 1\nname: batch\nmodel: google/veo-3.1-i2v\ndefaults: {{durationSeconds: 8}}\njobs:\n{jobs}")


@pytest.mark.parametrize("jobs", [1, 40])
def test_a_process_that_stood_still_beyond_its_patience_goes_on(studio: Studio, jobs: int) -> None:
    """Ctrl-Z and `fg`: every timer of the loop is due at the same moment."""
    studio.options = replace(studio.options, latency_s=3600, concurrency=100)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(jobs))))

    async def stand_still(_: MovedClock) -> None:
        await asyncio.sleep(100)
        cast("MovedLoop", asyncio.get_running_loop()).now_s += 2_000
        await asyncio.Event().wait()

    ended = studio.run(concurrency=60, rate_per_min=100, meanwhile=stand_still)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert counts(studio) == {Status.RUNNING: jobs}


def test_a_bug_in_what_serves_all_jobs_still_waits_for_the_submits_on_the_wire(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.way = Crossing(slow_s=3).way
    studio.write(manifest_text("a", "b", "c"))
    serve = PollQueue.serve

    def broken(looks: PollQueue, now_s: float, *, is_slot_wanted: bool) -> float:
        if len(studio.submits()) > 1:
            raise ZeroDivisionError
        return serve(looks, now_s, is_slot_wanted=is_slot_wanted)

    monkeypatch.setattr(PollQueue, "serve", broken)
    with pytest.raises(ZeroDivisionError):
        studio.run(concurrency=3)

    assert len(studio.record().charges) == len(studio.known_tasks()) > 1


def test_a_key_that_is_refused_ends_the_looks_at_all_other_tasks(studio: Studio) -> None:
    studio.options = replace(studio.options, latency_s=600, concurrency=40)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(40))))
    refused: list[str] = []

    def look(_method: str, path: str, _prompt: str) -> HttpAnswer | None:
        if "/tasks/" not in path or studio.asked[-1].at_s < EVENING_S + 120:
            return None
        refused.append(path)
        return reply(403, "Forbidden: the key")

    studio.way = instead(look)
    ended = studio.run(concurrency=40)

    assert ended.exit_code is ExitCode.REFUSED
    assert len(refused) < 5


def test_a_task_timeout_only_stops_the_asking(studio: Studio) -> None:
    studio.options = replace(studio.options, latency_s=3600)
    studio.write(manifest_text("a"))

    ended = studio.run(task_timeout_s=600)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert 600 <= ended.seconds < 620
    assert studio.statuses() == {"a": Status.RUNNING}
    studio.clock_s += 3600
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1


def test_what_a_late_look_finds_is_brought_home(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=300, concurrency=40)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(40))))
    studio.run(concurrency=40, meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=60))
    assert counts(studio) == {Status.RUNNING: 40}
    studio.clock_s += 7_200

    ended = studio.run(task_timeout_s=60, rate_per_min=20)

    assert ended.exit_code is ExitCode.DONE
    assert counts(studio) == {Status.DONE: 40}


def test_the_task_of_a_retry_is_asked_for_although_the_first_one_was_late(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=30, concurrency=40, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text(*(f"job{number:02}" for number in range(30))))
    studio.run(concurrency=40, meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=10))
    studio.clock_s += 7_200
    studio.options = SandboxOptions(latency_s=30, concurrency=40)

    studio.run(task_timeout_s=60, rate_per_min=20, retries=1)

    asked = {asked.path.rpartition("/")[2] for asked in studio.asked if asked.is_poll}
    assert {charge.task_id for charge in studio.record().charges} <= asked


def test_how_long_a_clip_took_is_learned_only_by_whoever_was_there(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, concurrency=4)
    studio.write(manifest_text(*(f"job{number:02}" for number in range(8))))
    studio.run(concurrency=4, meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=20))
    studio.clock_s += 8 * 3_600
    studio.run(concurrency=4)
    assert counts(studio) == {Status.DONE: 8}
    manifest = load(studio.manifest)
    with read_ledger(studio.project.ledger) as ledger:
        attempts = [a for memory in studio.batch(manifest, ledger).histories.values() for a in memory.attempts]
    took_s = sorted(attempt.took_s for attempt in attempts if attempt.took_s is not None)
    assert len(took_s) == 4
    assert took_s[-1] < 70


def test_a_drain_while_nothing_runs_says_so(studio: Studio) -> None:
    studio.options = SandboxOptions(latency_s=60, concurrency=0)
    studio.write(manifest_text("a", "b"))

    studio.run(meanwhile=send(CTRL_C, studio=studio, after_s=100))

    (note,) = [event.text for event in studio.told(EventKind.NOTE) if "Nothing is lost" in event.text]
    assert note.startswith("no task is running, so this ends soon")


def test_a_task_whose_time_is_up_does_not_keep_the_next_from_being_rendered(studio: Studio) -> None:
    studio.options = replace(studio.options, latency_s=3600)
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=1, task_timeout_s=600)

    assert [step.hold_reason for step in ended.steps.values()] == [HoldReason.TASK_TIMEOUT, HoldReason.TASK_TIMEOUT]
    studio.clock_s += 3600
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 2
