"""Whole nights: many jobs, every kind of trouble at once, and what is true in the morning."""

import asyncio
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path

import pytest

from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault, HttpAnswer
from tests.engine.audit import audit, counts
from tests.engine.services import instead, reply
from tests.moved_time import EVENING_S, MovedClock
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced


def studio_with(folder: Path, jobs: int, options: SandboxOptions) -> Studio:
    studio = Studio(folder, options)
    studio.write(manifest_text(*(f"shot{number:03}" for number in range(jobs))))
    return studio


def test_a_night_of_500_jobs_with_every_fault_ends_with_every_job_told(tmp_path: Path) -> None:
    options = SandboxOptions(
        latency_s=90,
        latency_spread_s=60,
        concurrency=25,
        rate_per_min=1000,
        faults=dict.fromkeys(Fault, 0.01),
        seed=7,
        balance_usd=Decimal(10_000),
    )
    studio = studio_with(tmp_path, 500, options)

    ended = studio.run(concurrency=25, rate_per_min=1000)

    audit(studio)
    found = counts(studio)
    assert found.total() == 500
    assert set(found) <= {Status.DONE, Status.FAILED, Status.UNKNOWN, Status.RENDERED}
    assert found[Status.RENDERED] == sum(Fault.NO_VIDEO in charge.traits for charge in studio.record().charges)
    assert found[Status.DONE] + found[Status.FAILED] + found[Status.RENDERED] == len(studio.known_tasks())
    assert found[Status.DONE] > 400
    assert found[Status.UNKNOWN] > 0  # else this night was too quiet to show anything
    assert ended.exit_code is ExitCode.PERSON_NEEDED


def test_the_morning_after_pays_nothing_more(tmp_path: Path) -> None:
    faults = dict.fromkeys((Fault.SUBMIT_CUT_AFTER, Fault.TASK_FAILED, Fault.DOWNLOAD_CUT, Fault.POLL_500), 0.1)
    studio = studio_with(tmp_path, 60, SandboxOptions(latency_s=60, faults=faults, seed=3))
    studio.run(concurrency=10, rate_per_min=600)
    spent_usd, submits = studio.record().spent_usd, len(studio.submits())

    for _ in range(3):
        studio.run(concurrency=10, rate_per_min=600)

    assert (studio.record().spent_usd, len(studio.submits())) == (spent_usd, submits)
    audit(studio)


def test_an_outage_of_ten_minutes_costs_at_most_five_unknowns_and_nothing_else(tmp_path: Path) -> None:
    """It begins while a hundred submits are leaving, one every tenth of a second."""
    outage = (EVENING_S + 3, EVENING_S + 603)
    options = SandboxOptions(latency_s=60, concurrency=100, rate_per_min=600, outages=(outage,))
    studio = studio_with(tmp_path, 100, options)

    studio.run(concurrency=100, rate_per_min=600)

    audit(studio)
    found = counts(studio)
    assert 1 <= found[Status.UNKNOWN] <= 5
    assert found[Status.DONE] == 100 - found[Status.UNKNOWN]
    assert len(studio.record().charges) == found[Status.DONE]


def test_a_laptop_that_sleeps_three_hours_finds_its_clips_again(tmp_path: Path) -> None:
    """Its links are over and its renders long finished; nobody paid again, nobody gave up."""
    studio = studio_with(tmp_path, 30, SandboxOptions(latency_s=300, link_life_s=3600))

    async def sleep(clock: MovedClock) -> None:
        await asyncio.sleep(400)
        clock.jump_s += 3 * 3600

    studio.run(meanwhile=sleep, concurrency=10)

    assert counts(studio) == {Status.DONE: 30}
    assert len(studio.submits()) == 30
    audit(studio)


@pytest.mark.parametrize(
    ("days", "lost", "code"),
    [
        # nobody said for how long these are kept: up to a week they may be there again
        (2, Status.RUNNING, ExitCode.WORK_LEFT),
        (8, Status.EXPIRED, ExitCode.PERSON_NEEDED),
    ],
)
def test_a_laptop_that_sleeps_for_days_loses_the_clips_of_that_moment_and_says_so(
    tmp_path: Path, days: int, lost: Status, code: ExitCode
) -> None:
    studio = studio_with(tmp_path, 6, SandboxOptions(latency_s=300, retention_s=24 * 3600))

    async def sleep(clock: MovedClock) -> None:
        await asyncio.sleep(60)
        clock.jump_s += days * 24 * 3600

    ended = studio.run(meanwhile=sleep, concurrency=2)

    assert counts(studio) == {lost: 2, Status.DONE: 4}
    assert ended.exit_code is code
    audit(studio)


def test_a_clock_that_is_set_back_stops_nothing(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 12, SandboxOptions(latency_s=60, rate_per_min=30))

    async def set_back(clock: MovedClock) -> None:
        await asyncio.sleep(45)
        clock.jump_s -= 600

    studio.run(meanwhile=set_back, concurrency=6, task_timeout_s=3 * 3600)

    assert counts(studio) == {Status.DONE: 12}
    audit(studio)


@pytest.mark.parametrize("kind", ["seconds", "date", "reset"])
def test_a_pause_that_the_service_asks_for_holds_for_everyone_at_once(tmp_path: Path, kind: str) -> None:
    """One of six running jobs is told to wait ten minutes: nobody asks anything until then."""
    until_s = EVENING_S + 630
    headers = {
        "seconds": {"retry-after": "600"},
        "date": {"retry-after": formatdate(until_s, usegmt=True)},
        "reset": {"x-ratelimit-reset": str(int(until_s)), "x-ratelimit-remaining": "0"},
    }[kind]
    studio = studio_with(tmp_path, 12, SandboxOptions(latency_s=60))
    told_at_s: list[float] = []

    def look(_method: str, _path: str, _prompt: str) -> HttpAnswer | None:
        now_s = studio.asked[-1].at_s
        if told_at_s or now_s < EVENING_S + 30:
            return None
        told_at_s.append(now_s)
        return reply(429, "RateLimit: wait", headers)

    studio.way = instead(look)

    studio.run(concurrency=6)

    [told_s] = told_at_s
    quiet_until_s = told_s + 600 if kind == "seconds" else until_s
    # a second is given to what was on its way when the answer came
    assert not [asked for asked in studio.asked if asked.is_api and told_s + 1 < asked.at_s < quiet_until_s]
    assert counts(studio) == {Status.DONE: 12}
    audit(studio)
