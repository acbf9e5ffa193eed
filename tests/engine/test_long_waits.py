"""Models that let a task wait for days, or keep its result for weeks: their descriptions say so, and it counts."""

from pathlib import Path

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour
from tests.engine.own_models import studio_with_own
from tests.engine.services import instead, reply
from tests.moved_time import DAY_S
from tests.studio import Studio

HOUR_S = 3600.0
NEXT = "the next run checks again"


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (
            {"longest_wait_s": 172_800},
            f"still running after 60 min (the service may start it up to 48 h after its submit): {NEXT}",
        ),
        ({"longest_wait_s": 1_800}, f"still running after 60 min: {NEXT}"),
        ({}, f"still running after 60 min: {NEXT}"),
    ],
)
def test_a_task_that_may_not_have_begun_is_left_to_the_next_run_with_these_words(
    tmp_path: Path, described: dict[str, int], said: str
) -> None:
    studio = studio_with_own(tmp_path, "a", options=Behaviour(latency_s=30 * HOUR_S), **described)

    ended = studio.run(task_timeout_s=HOUR_S)

    [step] = ended.steps.values()
    assert (step.hold_reason, step.reason) == (HoldReason.TASK_TIMEOUT, said)
    studio.clock_s += 30 * HOUR_S
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 1, "it stayed resumable: nothing is paid again"


def lost_for(studio: Studio, days: float) -> Studio:
    """A clip that nobody fetched in time; then the service knows nothing of it, nor ever said for how long it would."""
    studio.run(task_timeout_s=10)
    studio.clock_s += days * DAY_S
    studio.way = instead(
        lambda _method, path, _prompt: reply(404, "NotFound: no such task") if "/tasks/" in path else None
    )
    return studio


@pytest.mark.parametrize(("days", "status"), [(8, Status.RUNNING), (29, Status.RUNNING), (31, Status.EXPIRED)])
def test_a_result_that_is_kept_for_a_month_is_not_given_up_after_a_week(
    tmp_path: Path, days: float, status: Status
) -> None:
    studio = lost_for(studio_with_own(tmp_path, "a", retention_days={"least": 30, "most": 30}), days)

    studio.run()

    assert studio.statuses() == {"a": status}
    assert len(studio.submits()) == 1
    assert not studio.told(EventKind.ALARM)


def test_a_description_that_promises_less_gives_nothing_up_sooner(tmp_path: Path) -> None:
    studio = lost_for(studio_with_own(tmp_path, "a", retention_days={"least": 1, "most": 1}), 3)

    studio.run()

    assert studio.statuses() == {"a": Status.RUNNING}
