"""A success without a video: paid, asked for during minutes, kept for the next run, and paid again by a person only."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Responder
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.engine.audit import audit, counts
from tests.engine.services import retold
from tests.engine.test_decisions import decide
from tests.engine.wishes import PRICE_USD
from tests.moved_time import DAY_S, EVENING_S
from tests.studio import CTRL_C, Studio, manifest_text, send

MINUTE_S = 60.0


def studio_without_videos(folder: Path, jobs: int = 1) -> Studio:
    studio = Studio(folder, SandboxOptions(latency_s=60, faults={Fault.NO_VIDEO: 1.0}))
    studio.write(manifest_text(*(f"job{number}" for number in range(jobs))))
    return studio


def asked_after_its_end(studio: Studio) -> list[float]:
    """When its task was asked for after the service had said success."""
    ended_at_s = studio.record().charges[0].at_s + 60
    return [asked.at_s - ended_at_s for asked in studio.asked if asked.is_poll and asked.at_s > ended_at_s]


def test_a_success_without_a_video_is_asked_for_more_than_ten_minutes(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path)

    studio.run()

    asked = asked_after_its_end(studio)
    assert 10 * MINUTE_S < asked[-1] < 15 * MINUTE_S
    assert len(asked) < 20


def test_it_stays_for_the_next_run_and_is_no_failure(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path)

    ended = studio.run()

    [step] = ended.steps.values()
    assert (step.status, step.hold_reason) == (Status.RENDERED, HoldReason.FETCH_FAILED)
    assert "no video" in step.reason
    assert "redo" in step.reason
    assert ended.exit_code is ExitCode.WORK_LEFT
    assert studio.booked_usd() == PRICE_USD


def test_retries_never_pay_for_it_again(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path, jobs=3)

    studio.run(retries=1)
    studio.run(retries=1)

    assert len(studio.record().charges) == 3
    audit(studio)


def test_a_video_that_comes_late_is_fetched(studio: Studio) -> None:
    studio.way = without_videos_until(studio, EVENING_S + 8 * MINUTE_S)
    studio.write(manifest_text("a"))

    assert studio.run().exit_code is ExitCode.DONE

    audit(studio)
    assert [event.kind for event in studio.told(EventKind.RENDERED, EventKind.DONE)] == [
        EventKind.RENDERED,
        EventKind.DONE,
    ]


def test_a_video_that_comes_after_an_hour_is_fetched_by_the_next_run(studio: Studio) -> None:
    studio.way = without_videos_until(studio, EVENING_S + 60 * MINUTE_S)
    studio.write(manifest_text("a"))
    studio.run()
    studio.clock_s = EVENING_S + 61 * MINUTE_S

    assert studio.run().exit_code is ExitCode.DONE

    assert len(studio.submits()) == 1
    audit(studio)


def test_the_next_run_asks_a_few_times_only(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path)
    studio.run()
    asked = len(studio.asked)

    assert studio.run().seconds < MINUTE_S

    assert 1 < len(studio.asked) - asked < 6


def test_a_person_may_pay_for_it_again(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path)
    studio.run()
    studio.options = replace(studio.options, faults={})

    assert decide(studio, DecisionKind.REDO, "job0").exit_code is ExitCode.DONE

    assert len(studio.record().charges) == 2


def test_once_the_service_has_forgotten_it_a_person_is_needed(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path)
    studio.run()
    studio.clock_s += 8 * DAY_S

    assert studio.run().exit_code is ExitCode.PERSON_NEEDED

    assert studio.statuses() == {"job0": Status.EXPIRED}
    assert len(studio.submits()) == 1


def test_whoever_drains_does_not_wait_for_it(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path)

    ended = studio.run(meanwhile=send(CTRL_C, studio=studio, after_s=200))

    assert ended.seconds < 220
    assert ended.exit_code is ExitCode.WORK_LEFT


@pytest.mark.parametrize(("canary", "most"), [(True, 1), (False, 10)])
def test_a_model_that_gives_no_videos_is_not_paid_for_a_whole_batch(tmp_path: Path, *, canary: bool, most: int) -> None:
    studio = studio_without_videos(tmp_path, jobs=40)

    studio.run(canary=canary, concurrency=4, deadline_s=EVENING_S + 20 * MINUTE_S)

    assert len(studio.record().charges) <= most
    assert counts(studio)[Status.PENDING] >= 40 - most


def test_a_slot_is_not_kept_for_a_video_that_does_not_come(tmp_path: Path) -> None:
    studio = studio_without_videos(tmp_path, jobs=2)

    studio.run(concurrency=1)

    first, second = studio.submits()
    assert second.at_s - first.at_s < 2 * MINUTE_S


def without_videos_until(studio: Studio, until_s: float) -> Callable[[Responder], Responder]:
    """A way on which successes have no videos yet."""

    def edit(data: dict[str, Any]) -> None:
        if "result" in data and studio.asked[-1].at_s < until_s:
            data["result"] = {"resources": []}

    return retold(edit)
