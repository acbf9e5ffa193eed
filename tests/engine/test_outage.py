"""How fast a run may be, how many submits it may have on the wire, and how it behaves after money may have vanished."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from batchrunner.domain.event import EventKind, Progress
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Responder
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault, HttpAnswer
from tests.engine.audit import audit, counts
from tests.engine.services import Crossing, Statuses, instead, prompt_in, refusing, reply
from tests.moved_time import EVENING_S
from tests.studio import Asked, Studio, manifest_text

pytestmark = pytest.mark.untraced

WINDOW_S = 60.0
BALANCE = "/api/v1/team/balance"


def names(count: int) -> list[str]:
    return [f"job{number:03}" for number in range(count)]


def studio_with(folder: Path, jobs: int, **options: Any) -> Studio:
    settings: dict[str, Any] = {"latency_s": 60, "balance_usd": Decimal(100_000), **options}
    studio = Studio(folder, SandboxOptions(**settings))
    studio.write(manifest_text(*names(jobs)))
    return studio


def most_in_a_minute(asked: Iterable[Asked]) -> int:
    """The fullest window of sixty seconds, wherever it begins."""
    times = [each.at_s for each in asked if each.is_api]
    return max((bisect_left(times, at_s + WINDOW_S) - number for number, at_s in enumerate(times)), default=0)


def gaps(asked: list[Asked]) -> list[float]:
    return [later.at_s - earlier.at_s for earlier, later in pairwise(asked)]


def test_an_address_that_cannot_be_reached_is_named_at_once_and_while_it_is_waited_for(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 3)

    def look(_method: str, _path: str, _prompt: str) -> HttpAnswer | None:
        if studio.asked[-1].at_s < EVENING_S + 300:
            raise ConnectionRefusedError
        return None

    studio.way = instead(look)
    studio.run()

    [note] = studio.told(EventKind.NOTE)
    assert note.text.startswith(f"{studio.api} cannot be reached: no connection")
    waits = [event.waits_for for event in studio.events if isinstance(event, Progress)]
    assert waits[0] == f"waiting for {studio.api} to answer"
    assert counts(studio) == {Status.DONE: 3}


def all_unknown(method: str, _path: str, _prompt: str) -> HttpAnswer | None:
    return reply(500, "InternalError: for ever") if method == "POST" else None


def unknown_until(accepted_from: int) -> Callable[[str, str, str], HttpAnswer | None]:
    """The first submits are unknown, those from this number on are accepted."""
    submits = 0

    def look(method: str, path: str, prompt: str) -> HttpAnswer | None:
        nonlocal submits
        submits += method == "POST"
        return all_unknown(method, path, prompt) if submits < accepted_from else None

    return look


def test_five_unknowns_without_an_acceptance_halt_the_submits(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 20)
    studio.way = instead(all_unknown)

    ended = studio.run(concurrency=10)

    assert counts(studio) == {Status.UNKNOWN: 5, Status.PENDING: 15}
    assert len(studio.submits()) == 5
    assert {step.hold_reason for step in ended.steps.values()} == {HoldReason.UNKNOWN, HoldReason.HALT}
    assert ended.exit_code is ExitCode.PERSON_NEEDED


def test_an_acceptance_between_unknowns_starts_the_count_anew(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 12)
    every_second = {f"job{number:03}" for number in range(0, 12, 2)}
    studio.way = refusing(*every_second, status=500)

    studio.run(concurrency=1)

    assert counts(studio) == {Status.UNKNOWN: 6, Status.DONE: 6}


def test_after_an_unknown_submits_go_one_at_a_time_later_and_later(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 10)
    studio.way = instead(all_unknown)

    studio.run(concurrency=1)

    assert gaps(studio.submits()) == pytest.approx([5, 10, 20, 40], abs=1)


def test_a_free_request_is_answered_before_each_careful_submit(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 10)
    studio.way = instead(all_unknown)

    studio.run(concurrency=1)

    paths = ["submit" if asked.is_submit else asked.path for asked in studio.asked]
    assert paths == [*[BALANCE, "submit"] * 5, BALANCE]


class AnsweredLate:
    """Some submits are answered with a status of the test, each once and after its own time: `at_s`, on the wall.

    Meanwhile the balance takes 3 seconds, so that an answer may come while it is asked.
    """

    def __init__(self, after_s: Mapping[str, float], status: int = 500) -> None:
        self._after_s = dict(after_s)
        self._status = status
        self.at_s: list[float] = []

    def way(self, answer: Responder) -> Responder:
        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            after_s = self._after_s.pop(prompt_in(body).rpartition(" ")[2], None)
            if after_s is not None:
                await asyncio.sleep(after_s)
                self.at_s.append(EVENING_S + asyncio.get_running_loop().time())
                return reply(self._status, "Refused: for this test")
            if target == BALANCE and len(self.at_s) == 1:
                await asyncio.sleep(3)
            return await answer(method, target, headers, body)

        return answered


def test_an_unknown_outcome_that_comes_while_the_free_request_is_asked_makes_the_wait_longer(tmp_path: Path) -> None:
    studio, unknown = studio_with(tmp_path, 8), AnsweredLate({"job001": 0, "job002": 6})
    studio.way = unknown.way

    studio.run(concurrency=10, rate_per_min=600)

    last_s = unknown.at_s[-1]
    assert any(each.is_balance and each.at_s < last_s < each.at_s + 3 for each in studio.asked)
    asked, submit, *_ = [each for each in studio.asked if each.at_s > last_s and (each.is_balance or each.is_submit)]
    assert (asked.is_balance, submit.is_submit) == (True, True), "it is asked again"
    assert asked.at_s - last_s == pytest.approx(10, abs=1)
    assert counts(studio) == {Status.DONE: 6, Status.UNKNOWN: 2}


def test_an_unknown_outcome_that_comes_while_a_submit_waits_for_its_turn_holds_it_back(tmp_path: Path) -> None:
    studio, unknown = studio_with(tmp_path, 6), AnsweredLate({"job001": 2})
    studio.way = unknown.way

    studio.run(concurrency=10, rate_per_min=10)

    [unknown_s] = unknown.at_s
    asked, submit, *_ = [each for each in studio.asked if each.at_s > unknown_s and (each.is_balance or each.is_submit)]
    assert (asked.is_balance, submit.is_submit) == (True, True)
    assert asked.at_s - unknown_s > 5
    assert counts(studio) == {Status.DONE: 5, Status.UNKNOWN: 1}


def test_a_balance_that_is_used_up_while_a_submit_waits_for_its_turn_holds_it_back(tmp_path: Path) -> None:
    studio, refused = studio_with(tmp_path, 6), AnsweredLate({"job001": 2}, status=402)
    studio.way = refused.way

    studio.run(concurrency=10, rate_per_min=10, waits_for_balance=True)

    first_s = refused.at_s[0]
    asked, submit, *_ = [each for each in studio.asked if each.at_s > first_s and (each.is_balance or each.is_submit)]
    assert (asked.is_balance, submit.is_submit) == (True, True)
    assert asked.at_s - first_s == pytest.approx(60, abs=10)


@pytest.mark.parametrize("hours", [1, 6])
def test_while_no_free_request_is_answered_nothing_is_submitted(tmp_path: Path, hours: int) -> None:
    """The service is down from the first submit on: it costs one unknown, not five, however long it lasts."""
    down_until_s = EVENING_S + hours * 3600
    studio = studio_with(tmp_path, 4, outages=((EVENING_S, down_until_s),))

    studio.run(concurrency=1)

    assert counts(studio) == {Status.UNKNOWN: 1, Status.DONE: 3}
    assert [asked.at_s > down_until_s for asked in studio.submits()] == [False, True, True, True]
    assert max(gaps([asked for asked in studio.asked if asked.is_balance])) == pytest.approx(300, abs=1)


def test_once_one_is_accepted_submits_go_at_full_speed_again(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 12)
    studio.way = instead(unknown_until(3))

    studio.run(concurrency=10, rate_per_min=600)

    assert counts(studio) == {Status.UNKNOWN: 2, Status.DONE: 10}
    assert max(gaps(studio.submits()[-8:])) < 2
    audit(studio)


def test_a_refused_connection_is_no_unknown_and_never_halts(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 3)
    tried = 0

    def look(method: str, _path: str, _prompt: str) -> HttpAnswer | None:
        nonlocal tried
        tried += 1
        if tried <= 12:
            raise ConnectionRefusedError
        return None

    studio.way = instead(look)

    studio.run()

    assert counts(studio) == {Status.DONE: 3}
    assert len(studio.record().charges) == 3
    audit(studio)


# the first goes alone, to be weighed
@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (4, 4), (50, 4)])
def test_never_are_more_than_four_submits_on_the_wire(tmp_path: Path, concurrency: int, most: int) -> None:
    studio, crossing = studio_with(tmp_path, 30, concurrency=50), Crossing(slow_s=20)
    studio.way = crossing.way

    studio.run(concurrency=concurrency)

    assert crossing.most == most
    assert counts(studio) == {Status.DONE: 30}


def test_after_an_unknown_only_one_submit_is_on_the_wire(tmp_path: Path) -> None:
    studio, crossing = studio_with(tmp_path, 12), Crossing(slow_s=20)
    studio.way = lambda answer: crossing.way(refusing(*names(12)[1:6], status=500)(answer))

    studio.run(concurrency=10)

    # after the first, four went together before one of them was unknown; the fifth went alone, and was the last
    assert counts(studio) == {Status.DONE: 1, Status.UNKNOWN: 5, Status.PENDING: 6}
    [*_, before_last, last] = studio.submits()
    assert last.at_s - before_last.at_s > 20
    assert crossing.most == 4


@pytest.mark.parametrize("slots", [1, 2, 7])
@pytest.mark.parametrize("spread_s", [0, 50])
def test_slots_are_never_exceeded_and_never_left_empty(tmp_path: Path, slots: int, spread_s: float) -> None:
    studio = studio_with(tmp_path, 20, concurrency=slots, latency_spread_s=spread_s, rate_per_min=600)
    statuses = Statuses()
    studio.way = statuses.way

    ended = studio.run(concurrency=slots, rate_per_min=600)

    assert statuses.seen[429] == 0
    assert ended.stats.refused_429 == 0
    assert counts(studio) == {Status.DONE: 20}
    # a render is seen to end at most 15 seconds late: a run that left slots empty would take longer
    assert ended.seconds < -(-20 // slots) * (60 + spread_s + 20)


def test_a_second_run_counts_the_tasks_that_run_already(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, 8, concurrency=3, latency_s=600)
    statuses = Statuses()
    studio.run(concurrency=3, task_timeout_s=30)
    assert counts(studio)[Status.RUNNING] >= 3
    studio.way = statuses.way

    studio.run(concurrency=3)

    assert statuses.seen[429] == 0
    assert counts(studio) == {Status.DONE: 8}
    audit(studio)


@pytest.mark.parametrize("rate", [6, 10, 30, 100, 300])
def test_requests_of_all_kinds_never_exceed_the_rate(tmp_path: Path, rate: int) -> None:
    studio = studio_with(tmp_path, 40, concurrency=50, rate_per_min=10_000)

    studio.run(concurrency=40, rate_per_min=rate, task_timeout_s=7 * 3600)

    assert most_in_a_minute(studio.asked) <= rate
    assert counts(studio) == {Status.DONE: 40}


@pytest.mark.parametrize("rate", [10, 60])
def test_the_account_s_own_rate_wins_over_a_greater_wish(tmp_path: Path, rate: int) -> None:
    studio, statuses = studio_with(tmp_path, 20, concurrency=50, rate_per_min=rate), Statuses()
    studio.way = statuses.way

    studio.run(concurrency=20, rate_per_min=600, task_timeout_s=7 * 3600)

    # before the first answers nobody can know the account's rate; after them nobody may exceed it
    assert statuses.seen[429] <= 4
    assert counts(studio) == {Status.DONE: 20}


def test_a_rate_that_is_kept_leaves_most_of_it_used(tmp_path: Path) -> None:
    """Caution about the rate must not make a night twice as long: forty submits alone need forty requests."""
    studio = studio_with(tmp_path, 40, concurrency=50)

    studio.run(concurrency=40, rate_per_min=60)

    assert most_in_a_minute(studio.asked) >= 45


def test_faults_do_not_loosen_the_rate(tmp_path: Path) -> None:
    faults = {Fault.POLL_503: 0.3, Fault.POLL_CUT: 0.2, Fault.RATE_LIMITED: 0.05}
    studio = studio_with(tmp_path, 30, concurrency=50, faults=faults, rate_per_min=10_000)

    studio.run(concurrency=30, rate_per_min=100)

    assert most_in_a_minute(studio.asked) <= 100
    assert counts(studio) == {Status.DONE: 30}
