"""What ends the submits, or slows them down to one: failures, a model that fails alike, a new model, the deadline."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.event import EventKind, Progress
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.engine.executor import RunResult
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.engine.audit import audit, counts
from tests.engine.services import instead, reply
from tests.io.test_images import png
from tests.moved_time import EVENING_S, MovedClock
from tests.studio import CTRL_C, Asked, Studio, manifest_text, send

MODEL = "google/veo-3.1-i2v"


def studio_with(folder: Path, jobs: int, **options: Any) -> Studio:
    studio = Studio(folder, SandboxOptions(**{"latency_s": 60, "rate_per_min": 600, **options}))
    studio.write(manifest_text(*(f"job{number:02}" for number in range(jobs))))
    return studio


def blocks(ended: RunResult) -> set[HoldReason | None]:
    return {step.hold_reason for step in ended.steps.values()}


def notes(studio: Studio) -> str:
    return "\n".join(event.text for event in studio.told(EventKind.NOTE, EventKind.HALT, EventKind.WAIT))


# --halt


@pytest.mark.parametrize(("most", "charged"), [(1, 2), (3, 4)])
def test_so_many_failures_end_the_submits(tmp_path: Path, most: int, charged: int) -> None:
    studio = studio_with(tmp_path, 12, faults={Fault.TASK_MODERATED: 1.0})

    ended = studio.run(concurrency=2, halt_failures=most)

    assert len(studio.record().charges) <= charged
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert blocks(ended) == {None, HoldReason.HALT}
    assert f"{most} failed in this run" in notes(studio)
    audit(studio)


def test_failures_of_an_earlier_run_do_not_count(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 2, faults={Fault.TASK_FAILED: 1.0})
    studio.run()
    studio.options = SandboxOptions(latency_s=60)
    studio.write(manifest_text("job00", "job01", "job02", "job03"))
    ended = studio.run(halt_failures=1)
    assert counts(studio) == {Status.FAILED: 2, Status.DONE: 2}
    assert HoldReason.HALT not in blocks(ended)


# the breaker


def test_after_five_equal_failures_a_model_gets_one_job_later_and_later(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 30, faults={Fault.TASK_FAILED: 1.0})

    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert counts(studio) == {Status.FAILED: 8, Status.PENDING: 22}
    waits = [later.at_s - earlier.at_s for earlier, later in _pairs(studio.submits())]
    assert max(waits[:4]) < 120
    assert [round(wait, -1) for wait in waits[4:]] == pytest.approx([360, 660, 1260], abs=40)
    assert "keeps failing; trying one job again in 5 min" in notes(studio)
    assert f"no more submits to {MODEL}: it keeps failing" in notes(studio)


def _pairs(asked: list[Asked]) -> list[tuple[Asked, Asked]]:
    return list(itertools.pairwise(asked))


def test_a_retry_of_the_job_that_was_probe_waits_like_any_other(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 30, faults={Fault.TASK_FAILED: 1.0})
    studio.run(concurrency=1, retries=5)
    waits = [later.at_s - earlier.at_s for earlier, later in _pairs(studio.submits())]
    assert [round(wait, -1) for wait in waits[4:]] == pytest.approx([360, 660, 1260], abs=40)


def test_while_a_model_rests_everybody_can_see_until_when(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 30, faults={Fault.TASK_FAILED: 1.0})
    studio.run(concurrency=1)
    silent = [event for event in studio.events if isinstance(event, Progress) and not event.waits_for]
    waits = [event.waits_for for event in studio.events if isinstance(event, Progress) and event.waits_for]
    assert waits[0].startswith(f"{MODEL} keeps failing; trying one job again in ")
    assert len(silent) < 12, "but for the first five clips, it always waits for something"
    assert [event.text for event in studio.told(EventKind.WAIT)] == [
        f"{MODEL} keeps failing; trying one job again in {wait}" for wait in ("5 min", "10 min", "20 min")
    ]


def test_a_pause_that_the_service_asks_for_is_what_everybody_waits_for(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 2)
    refused = reply(429, "RateLimit: wait", {"retry-after": "600"})
    studio.way = instead(lambda method, *_: refused if method == "POST" and len(studio.submits()) == 1 else None)
    studio.run()
    waits = [event.waits_for for event in studio.events if isinstance(event, Progress)]
    assert waits[0].startswith("the service asks for a pause of another ")
    assert all(waits[:18])


def test_a_breaker_lets_at_most_those_fail_that_ran_already(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 40, faults={Fault.TASK_FAILED: 1.0}, concurrency=4)
    studio.run(concurrency=4, task_timeout_s=60_000)
    assert len(studio.record().charges) <= 5 + 3 + 4


@pytest.mark.parametrize("slots", [4, 20])
def test_what_ran_when_a_model_broke_down_takes_no_try_from_it(tmp_path: Path, slots: int) -> None:
    studio = studio_with(tmp_path, 60, faults={Fault.TASK_FAILED: 1.0}, concurrency=slots)

    studio.run(concurrency=slots)

    tries = [later.at_s - earlier.at_s for earlier, later in _pairs(studio.submits())][-3:]
    assert [round(wait, -1) for wait in tries] == pytest.approx([300, 660, 1260], abs=90)
    assert notes(studio).count("trying one job again in") == 4 - 1  # the trip and two tries; the third is the end


def test_jobs_that_wait_for_a_trial_take_no_turn_and_upload_nothing(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, concurrency=6, faults={Fault.TASK_FAILED: 1.0}))
    pictures = {f"job{number:03}": f"{number:03}.png" for number in range(100)}
    for number, name in enumerate(pictures.values()):
        (tmp_path / name).write_bytes(png(64 + number, 36))
    jobs = "".join(f"  - {{id: {job}, prompt: {job}, image: {name}}}\n" for job, name in pictures.items())
    studio.write(f"version: 1\nname: batch\nmodel: {MODEL}\ndefaults: {{durationSeconds: 8}}\njobs:\n{jobs}")

    studio.run(rate_per_min=100)

    uploads = sum(asked.path.endswith("/files") for asked in studio.asked)
    assert len(studio.record().charges) < 30
    assert 0 < uploads <= len(studio.record().charges) + 6
    looks_s = [asked.at_s for asked in studio.asked if asked.is_poll and asked.at_s < EVENING_S + 240]
    assert max(later_s - earlier_s for earlier_s, later_s in itertools.pairwise(looks_s)) < 60


def test_one_that_comes_through_closes_the_breaker(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 12)
    studio.way = broken_until(EVENING_S + 200)

    ended = studio.run(concurrency=1)

    assert ended.exit_code is ExitCode.FAILED
    assert counts(studio) == {Status.FAILED: 5, Status.DONE: 7}


def broken_until(at_s: float) -> Callable[[Responder], Responder]:
    """A service that refuses every submit as invalid until a moment."""

    def way(answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            now_s = EVENING_S + asyncio.get_running_loop().time()
            if method == "POST" and now_s < at_s:
                headers = {**headers, "content-type": "text/plain"}
            return await answer(method, target, headers, body)

        return answered

    return way


def test_moderation_opens_no_breaker(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 12, faults={Fault.TASK_MODERATED: 1.0})
    assert studio.run().exit_code is ExitCode.FAILED
    assert counts(studio) == {Status.FAILED: 12}


# the canary


def test_a_canary_of_an_earlier_run_proves_its_model(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 30, concurrency=30, latency_s=300)
    studio.run(
        concurrency=30,
        canary=True,
        meanwhile=send(CTRL_C, CTRL_C, studio=studio, after_s=240),
    )
    assert len(studio.submits()) == 1
    began_s = studio.clock_s

    studio.run(concurrency=30, canary=True)

    assert sum(asked.at_s < began_s + 200 for asked in studio.submits()) == 30
    assert counts(studio) == {Status.DONE: 30}


def test_a_model_that_is_new_gets_one_job_first(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 22, concurrency=50)

    assert studio.run(concurrency=22, canary=True).exit_code is ExitCode.DONE

    first, second, *_ = studio.submits()
    assert second.at_s - first.at_s > 60


def test_a_canary_that_fails_keeps_the_others_alive(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 22, faults={Fault.TASK_FAILED: 1.0})

    ended = studio.run(canary=True)

    assert len(studio.record().charges) == 1
    assert counts(studio) == {Status.FAILED: 1, Status.PENDING: 21}
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert "--no-canary" in notes(studio)


def test_moderation_passes_the_part_to_the_next_job(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 22, faults={Fault.TASK_MODERATED: 0.4}, seed=1)

    studio.run(canary=True)

    moderated = [Fault.TASK_MODERATED in charge.traits for charge in studio.record().charges]
    first_good = moderated.index(False)
    sent = [asked.at_s for asked in studio.submits()][: first_good + 2]
    assert first_good > 0, "the seed must begin with a moderated one"
    assert all(later - earlier > 60 for earlier, later in itertools.pairwise(sent))
    assert len(studio.record().charges) == 22


@pytest.mark.parametrize("case", ["few jobs", "a clip is known", "nobody wants one"])
def test_no_canary_is_needed(tmp_path: Path, case: str) -> None:
    studio = studio_with(tmp_path, 20 if case == "few jobs" else 23)
    if case == "a clip is known":
        studio.run(only=frozenset({"job00"}), canary=True, task_timeout_s=600)
    before = len(studio.submits())
    studio.run(canary=case != "nobody wants one")
    first, second, *_ = studio.submits()[before:]
    assert second.at_s - first.at_s < 5


# the deadline


def test_at_the_deadline_nothing_more_is_submitted_and_what_runs_is_finished(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 10)

    ended = studio.run(concurrency=2, deadline_s=EVENING_S + 150)

    assert ended.exit_code is ExitCode.DEADLINE
    assert blocks(ended) == {None, HoldReason.DEADLINE}
    assert counts(studio)[Status.DONE] == len(studio.record().charges) == 6
    assert max(asked.at_s for asked in studio.submits()) < EVENING_S + 150


def test_a_deadline_that_is_over_submits_nothing(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 2)
    assert studio.run(deadline_s=EVENING_S - 1).exit_code is ExitCode.DEADLINE
    assert studio.submits() == []


def test_a_machine_that_slept_past_the_deadline_finds_out_soon(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 40)

    async def sleeps(clock: MovedClock) -> None:
        await asyncio.sleep(100)
        clock.jump_s += 8 * 3600

    ended = studio.run(concurrency=1, deadline_s=EVENING_S + 7 * 3600, meanwhile=sleeps)

    assert ended.exit_code is ExitCode.DEADLINE
    assert len(studio.record().charges) <= 3
    audit(studio)


def test_a_machine_that_wakes_up_past_the_deadline_submits_nothing_more(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 40, concurrency=20)
    deadline_s = EVENING_S + 7 * 3600

    async def sleep(clock: MovedClock) -> None:
        await asyncio.sleep(1.0)
        clock.jump_s += 8 * 3600
        await asyncio.Event().wait()

    studio.run(concurrency=20, rate_per_min=60, deadline_s=deadline_s, meanwhile=sleep)

    assert [asked.at_s for asked in studio.submits() if asked.at_s > deadline_s] == []


def test_a_reset_beyond_the_deadline_ends_the_submits_with_a_sentence(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 5, faults={Fault.RATE_LIMITED: 1.0}, rate_per_min=2)
    ended = studio.run(deadline_s=EVENING_S + 20)
    assert ended.exit_code is ExitCode.DEADLINE
    assert "beyond the deadline" in notes(studio)
    assert ended.seconds < 20
