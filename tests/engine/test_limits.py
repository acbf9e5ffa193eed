"""Slots, pace and looks over whole runs: what an account allows is found, used, given back, and never exceeded."""

import asyncio
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.io.http import Answered, Responder
from batchrunner.providers.credentials import Credentials
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Charged, HttpAnswer, Sandbox, record
from batchrunner.sandbox.exchange import pieces
from batchrunner.storage.account_limits import AccountLimits
from batchrunner.storage.open import read_ledger
from tests.engine.audit import assert_each_is_paid_once, audit, counts
from tests.moved_time import EVENING_S, MovedClock, in_moved_time
from tests.studio import API, FILES, KEY, Asked, Studio, manifest_text

pytestmark = pytest.mark.untraced

WINDOW_S = 60.0
TASK_S = 30.0
HOUR_S = 3600.0


class Refusals:
    """Stands on the way and writes down what was refused with 429: when it was answered, and which kind."""

    def __init__(self) -> None:
        self.slots_s: list[float] = []
        self.rate_s: list[float] = []

    def way(self, studio: Studio) -> Callable[[Responder], Responder]:
        def between(answer: Responder) -> Responder:
            async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
                found = await answer(method, target, headers, body)
                if found.status != 429:
                    return found
                text = b"".join([chunk async for chunk in found.chunks])
                kind = self.slots_s if b"concurrent" in text else self.rate_s
                kind.append(studio.asked[-1].at_s)
                return HttpAnswer(found.status, found.headers, pieces(text))

            return answered

        return between


def names(count: int, first: str = "job") -> list[str]:
    return [f"{first}{number:03}" for number in range(count)]


def account(folder: Path, jobs: int, first: str = "job", **options: Any) -> tuple[Studio, Refusals]:
    """An account of no published tier, unless `rate_per_min` is that of one: nothing says how many tasks it allows."""
    settings = {"latency_s": TASK_S, "latency_spread_s": TASK_S / 3, "rate_per_min": 900, **options}
    folder.mkdir(exist_ok=True)
    studio, refusals = Studio(folder, SandboxOptions(balance_usd=Decimal(100_000), **settings)), Refusals()
    studio.way = refusals.way(studio)
    studio.write(manifest_text(*names(jobs, first)))
    return studio, refusals


def remembered_slots(studio: Studio) -> int | None:
    with read_ledger(studio.project.ledger) as ledger:
        return ledger.account.slots(Credentials(API, KEY).key_digest)


def most_in_a_minute(asked: Iterable[Asked]) -> int:
    times_s = [each.at_s for each in asked if each.is_api]
    return max((bisect_left(times_s, at_s + WINDOW_S) - n for n, at_s in enumerate(times_s)), default=0)


def running_at(charges: Iterable[Charged], at_s: float) -> int:
    return sum(1 for each in charges if each.at_s <= at_s < each.at_s + each.latency_s)


def most_running(charges: Iterable[Charged]) -> int:
    listed = list(charges)
    return max(running_at(listed, each.at_s) for each in listed)


def first_full_s(charges: Iterable[Charged], slots: int, from_s: float = EVENING_S) -> float:
    """How long it took from a moment on until so many tasks ran at once."""
    listed = list(charges)
    full = (each.at_s for each in listed if each.at_s >= from_s and running_at(listed, each.at_s) >= slots)
    return next(full, math.inf) - from_s


def used(charges: tuple[Charged, ...], slots: int, from_s: float = EVENING_S) -> float:
    """The share of the slots' time that was used until the last submit was accepted."""
    until_s = charges[-1].at_s
    busy_s = sum(max(min(each.at_s + each.latency_s, until_s) - max(each.at_s, from_s), 0.0) for each in charges)
    return busy_s / (slots * (until_s - from_s))


def gaps(times_s: list[float]) -> list[float]:
    return [later_s - earlier_s for earlier_s, later_s in pairwise(times_s)]


def shared(way: Callable[[Responder], Responder], service: Sandbox) -> Callable[[Responder], Responder]:
    """A way that leads to a service that others use too, instead of the studio's own."""
    return lambda _own: way(service.answer)


# an unknown limit


@pytest.mark.parametrize(("slots", "travel_s"), [*((slots, 0.1) for slots in (1, 2, 3, 10, 37, 100)), (100, 1.0)])
def test_nearly_all_of_an_unknown_limit_is_used_within_three_task_lengths(
    tmp_path: Path, slots: int, travel_s: float
) -> None:
    studio, refusals = account(tmp_path, slots + 7, concurrency=slots)
    studio.travel_s = travel_s

    studio.run()

    assert first_full_s(studio.record().charges, math.ceil(0.95 * slots)) < 3 * TASK_S
    assert len(refusals.slots_s) <= 14
    assert refusals.rate_s == []
    # submits that are on the wire together may each seem to find one slot more
    assert remembered_slots(studio) == pytest.approx(slots, abs=max(1.0, 4 * travel_s))
    assert counts(studio) == {Status.DONE: slots + 7}


@pytest.mark.parametrize(("slots", "per_min"), [(20, 200), (7, 200), (50, 500), (2, 100)])
def test_a_cold_run_is_full_within_seconds_for_few_refusals_though_its_tier_may_be_wrong(
    tmp_path: Path, slots: int, per_min: int
) -> None:
    studio, refusals = account(tmp_path, 5 * slots, concurrency=slots, rate_per_min=per_min)

    studio.run()

    charges = studio.record().charges
    assert first_full_s(charges, slots) < 10
    before_any_ends_s = EVENING_S + TASK_S / 2  # later refusals are the price of slots that came free unseen
    assert sum(at_s < before_any_ends_s for at_s in refusals.slots_s) <= 5
    assert refusals.rate_s == []
    assert counts(studio) == {Status.DONE: 5 * slots}


def test_the_next_run_starts_from_the_limit_that_the_last_one_learned(tmp_path: Path) -> None:
    studio, refusals = account(tmp_path, 20, concurrency=12, later_concurrency=((EVENING_S + HOUR_S, 24),))
    studio.run()
    assert remembered_slots(studio) == 12
    before, again_s = len(refusals.slots_s), studio.clock_s
    studio.write(manifest_text(*names(20, "more")))

    studio.run()

    charges = studio.record().charges
    assert first_full_s(charges, 12, again_s) < 4
    assert remembered_slots(studio) == 12
    assert len(refusals.slots_s) - before <= 8


def test_another_project_starts_from_what_was_learned_with_the_same_key(tmp_path: Path) -> None:
    limits = AccountLimits(tmp_path / "state")
    first, _ = account(tmp_path / "first", 20, concurrency=12)
    second, refusals = account(tmp_path / "second", 20, concurrency=12)
    first.account_limits = second.account_limits = limits
    first.run()
    assert limits.slots(Credentials(API, KEY).key_digest, API) == 12

    second.run()

    assert first_full_s(second.record().charges, 12) < 4
    assert len(refusals.slots_s) <= 6
    assert remembered_slots(second) == 12


# a limit that changes


@pytest.mark.parametrize(("before", "after"), [(10, 9), (25, 3)])
def test_slots_are_given_back_when_the_limit_falls_and_no_job_is_lost(tmp_path: Path, before: int, after: int) -> None:
    fall_s = EVENING_S + 1.5 * TASK_S
    jobs = 2 * before + 3 * after
    studio, refusals = account(tmp_path, jobs, concurrency=before, later_concurrency=((fall_s, after),))

    studio.run()

    refused_after_s = [at_s - fall_s for at_s in refusals.slots_s if at_s >= fall_s]
    assert len(refused_after_s) <= 16
    assert remembered_slots(studio) == pytest.approx(after, abs=1)
    assert used(studio.record().charges, after, fall_s + 2 * TASK_S) > 0.9
    assert counts(studio) == {Status.DONE: jobs}
    audit(studio)


@pytest.mark.parametrize(("before", "after"), [(2, 5), (5, 10)])
def test_more_is_tried_now_and_then_and_found_when_the_limit_rises(tmp_path: Path, before: int, after: int) -> None:
    rise_s = EVENING_S + 2.5 * TASK_S
    jobs = 3 * before + 4 * after
    studio, refusals = account(tmp_path, jobs, concurrency=before, later_concurrency=((rise_s, after),))

    studio.run()

    assert first_full_s(studio.record().charges, math.ceil(0.9 * after), rise_s) < 5 * TASK_S
    assert len(refusals.slots_s) <= 24
    assert counts(studio) == {Status.DONE: jobs}


def test_an_account_full_of_somebody_else_s_tasks_is_tried_rarely_and_used_when_it_frees(tmp_path: Path) -> None:
    free_s = EVENING_S + HOUR_S
    studio, refusals = account(tmp_path, 12, concurrency=0, later_concurrency=((free_s, 5),))

    studio.run()

    # two submits a minute, and the account's balance before each
    assert len([asked for asked in studio.asked if asked.at_s < free_s]) <= 4 * 62
    assert min(gaps(refusals.slots_s[3:-4])) >= 30
    assert first_full_s(studio.record().charges, 5, free_s) < 90
    assert counts(studio) == {Status.DONE: 12}
    audit(studio)


def test_an_account_that_stays_full_of_other_tasks_is_told_once_for_somebody_may_want_to_look(tmp_path: Path) -> None:
    studio, _ = account(tmp_path, 4, concurrency=0, later_concurrency=((EVENING_S + 2 * HOUR_S, 5),))

    studio.run()

    [told] = studio.told(EventKind.WAIT)
    assert told.text.startswith("nothing could be submitted for 15 min: other tasks use all slots of the account; ")
    assert counts(studio) == {Status.DONE: 4}


def test_tasks_that_nobody_waits_for_any_longer_are_named_where_they_hold_all_slots(tmp_path: Path) -> None:
    studio, _ = account(tmp_path, 4, concurrency=2, latencies_s=(2 * HOUR_S, 2 * HOUR_S, TASK_S, TASK_S))

    studio.run(task_timeout_s=HOUR_S)

    [told] = studio.told(EventKind.WAIT)
    assert (
        "other tasks use all slots of the account, 2 of them tasks of this run that it no longer waits for" in told.text
    )
    assert sorted(counts(studio)) == [Status.DONE, Status.RUNNING]


def test_a_command_that_submits_nothing_learns_nothing_of_the_limit(tmp_path: Path) -> None:
    studio, _ = account(tmp_path, 3, concurrency=10)
    studio.run(submits=False)
    assert remembered_slots(studio) is None


# what somebody wished


@pytest.mark.parametrize("wish", [1, 3, 7])
def test_a_number_that_somebody_gave_is_never_exceeded_and_nothing_is_remembered(tmp_path: Path, wish: int) -> None:
    studio, refusals = account(tmp_path, 12, concurrency=50)

    studio.run(concurrency=wish)

    charges = studio.record().charges
    assert most_running(charges) == wish
    assert used(charges, wish) > 0.85
    assert refusals.slots_s == []
    assert remembered_slots(studio) is None


# the pace


@pytest.mark.parametrize(("rate", "least"), [(100, 90), (300, 200), (1000, 200)])
def test_what_the_account_says_of_its_rate_is_used_and_never_exceeded(tmp_path: Path, rate: int, least: int) -> None:
    studio, refusals = account(tmp_path, 60, concurrency=50, rate_per_min=rate)

    studio.run()

    assert refusals.rate_s == []
    assert least <= most_in_a_minute(studio.asked) <= rate


def test_a_rate_that_the_account_raises_in_mid_run_is_followed(tmp_path: Path) -> None:
    rise_s = EVENING_S + 70
    studio, refusals = account(tmp_path, 100, concurrency=40)
    way = studio.way

    def saying(answer: Responder) -> Responder:
        between = way(answer)

        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            found = await between(method, target, headers, body)
            assert isinstance(found, HttpAnswer)
            says = {"x-ratelimit-limit": "100"} if studio.asked[-1].at_s < rise_s else {}
            left = {"x-ratelimit-remaining": "50"}
            return replace(found, headers={**found.headers, **left, **says})

        return answered

    studio.way = saying

    studio.run()

    before = [asked for asked in studio.asked if asked.at_s < rise_s]
    after = [asked for asked in studio.asked if asked.at_s >= rise_s]
    assert 90 <= most_in_a_minute(before) <= 100
    assert 120 < most_in_a_minute(after) <= 1000
    assert refusals.rate_s == []
    assert counts(studio) == {Status.DONE: 100}


# two runs, one account


@pytest.mark.parametrize("slots", [2, 5])
def test_two_runs_on_one_account_use_nearly_all_of_it_and_pay_once(tmp_path: Path, slots: int) -> None:
    rng = Random(3)
    options = {
        "concurrency": slots,
        "rate_per_min": 100,
        "latencies_s": tuple(40.0 + 40.0 * rng.random() for _ in range(24 * slots)),
    }
    one, _ = account(tmp_path / "one", 12 * slots, "one", **options)
    two, _ = account(tmp_path / "two", 12 * slots, "two", **options)
    state = tmp_path / "service.jsonl"

    async def both(clock: MovedClock) -> None:
        service = Sandbox(state=state, clock=clock, base_url=API, files_url=FILES, options=one.options)
        one.way, two.way = shared(one.way, service), shared(two.way, service)
        await asyncio.gather(one.go(clock), later(clock))

    async def later(clock: MovedClock) -> None:
        await asyncio.sleep(2.5 * TASK_S)
        await two.go(clock)

    in_moved_time(both)

    charges = record(state).charges
    # what is lost is the start, the hand-over from one to the other, and what a look finds late
    assert used(charges, slots) > 0.9
    assert_each_is_paid_once(charges)
    assert counts(one) == counts(two) == {Status.DONE: 12 * slots}


def test_a_task_far_beyond_all_others_is_asked_for_rarely_and_never_given_up(tmp_path: Path) -> None:
    lasting_s = (*[TASK_S] * 9, 3 * HOUR_S, *[TASK_S] * 10)
    studio, _ = account(tmp_path, 20, concurrency=3, latencies_s=lasting_s)

    studio.run(task_timeout_s=5 * HOUR_S)

    stuck = max(studio.record().charges, key=lambda charge: charge.latency_s)
    ages_s = [asked.at_s - stuck.at_s for asked in studio.asked if asked.path.endswith(stuck.task_id)]
    in_hours = Counter(int(age_s // HOUR_S) for age_s in ages_s)
    assert 20 <= in_hours[1] <= 60
    assert 20 <= in_hours[2] <= 60
    assert ages_s[-1] < 3 * HOUR_S + 180
    assert counts(studio) == {Status.DONE: 20}
    audit(studio)
