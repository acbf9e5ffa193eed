"""Looking: the look that finds most comes first, none before it can find anything; and hope for a free slot."""

import math
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchrunner.engine.scheduling.latency_model import LatencyModel
from batchrunner.engine.scheduling.poll_policy import LEAST_IDLE_S, RunningTask, chance_free, next_poll


def around_a_minute() -> LatencyModel:
    rng = Random(3)
    return LatencyModel((end_s - 1, end_s + 1) for end_s in (rng.uniform(40, 80) for _ in range(300)))


KNOWN = around_a_minute()


def running(submitted_at_s: float, waiting_at_s: float | None = None) -> RunningTask:
    return RunningTask(KNOWN, submitted_at_s, submitted_at_s if waiting_at_s is None else waiting_at_s)


def test_nothing_runs_and_nothing_is_asked_for() -> None:
    assert next_poll([], 5.0, LEAST_IDLE_S) == (None, math.inf)


def test_a_young_task_is_asked_for_when_it_may_have_ended() -> None:
    task = running(100.0)
    found, at_s = next_poll([task], 100.0, 0.2)
    assert found is task
    assert 125.0 < at_s < 150.0
    assert next_poll([task], at_s, 0.2) == (task, at_s)


def test_the_slot_that_is_longest_free_is_looked_at_first() -> None:
    tasks = [running(50.0), running(0.0, 69.0), running(0.0, 55.0), running(90.0)]
    assert next_poll(tasks, 70.0, LEAST_IDLE_S) == (tasks[2], 70.0)


def test_a_task_that_is_asked_already_is_not_asked_again() -> None:
    tasks = [running(0.0), running(10.0)]
    tasks[0].is_being_polled = True
    assert next_poll(tasks, 70.0, LEAST_IDLE_S) == (tasks[1], 70.0)
    tasks[1].is_being_polled = True
    assert next_poll(tasks, 70.0, LEAST_IDLE_S) == (None, math.inf)


def test_after_a_failed_look_others_come_first_and_it_is_not_forgotten() -> None:
    failed, young = running(0.0), running(70.0)
    failed.not_before_s = 75.0
    assert next_poll([failed, young], 70.0, LEAST_IDLE_S) == (failed, 75.0)


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.floats(0.01, 5))
def test_who_comes_back_at_the_time_said_finds_a_look_worth_it(submitted: list[float], least_s: float) -> None:
    tasks = [running(at_s) for at_s in submitted]
    found, at_s = next_poll(tasks, 100.0, least_s)
    assert found is not None
    assert found.idle_s(at_s) >= least_s * 0.999
    earliest_s = max(min(task.next_poll_at_s(least_s) for task in tasks), 100.0)
    assert at_s == pytest.approx(earliest_s, abs=1e-3)


def test_what_was_seen_is_learned_once() -> None:
    forecast = LatencyModel()
    task = RunningTask(forecast, 100.0, 100.0)
    task.seen_waiting(150.0)
    before = forecast.ended_by(45, 0)
    task.seen_waiting(140.0)
    assert (task.waiting_at_s, forecast.ended_by(45, 0)) == (150.0, before)
    task.seen_ended(155.0)
    assert forecast.longest_s == 55.0


# hope for a slot


def test_fewer_tasks_than_slots_leave_room_for_sure() -> None:
    assert chance_free([running(0.0)], 2, 0.0) == 1.0
    assert chance_free([], 1, 0.0) == 1.0


def test_young_tasks_leave_no_hope_and_old_ones_leave_no_doubt() -> None:
    assert chance_free([running(0.0), running(5.0)], 2, 10.0) < 0.02
    assert chance_free([running(0.0), running(5.0)], 2, 120.0) > 0.9


@pytest.mark.parametrize("excess", [0, 1, 2, 3])
def test_hope_is_that_one_more_than_the_excess_has_ended(excess: int) -> None:
    tasks = [running(at_s, max(at_s, 40.0)) for at_s in (0.0, 3.0, 9.0, 20.0, 22.0)]
    now_s = 65.0
    chances = [task.chance_ended(now_s) for task in tasks]
    by_count = [0.0] * 6
    for ended in product((False, True), repeat=5):
        by_count[sum(ended)] += math.prod(p if yes else 1 - p for p, yes in zip(chances, ended, strict=True))
    truth = sum(by_count[excess + 1 :]) / sum(by_count[excess:])
    assert chance_free(tasks, 5 - excess, now_s) == pytest.approx(truth)


def test_after_a_refusal_only_what_ended_since_makes_room() -> None:
    tasks = [running(0.0, 50.0), running(0.0, 50.0)]
    assert chance_free(tasks, 2, 70.0) > 0.7
    assert chance_free(tasks, 2, 70.0, full_at_s=70.0) == 0.0
    assert 0.0 < chance_free(tasks, 2, 72.0, full_at_s=70.0) < chance_free(tasks, 2, 78.0, full_at_s=70.0)


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 200), max_size=10),
    st.integers(0, 12),
    st.floats(0, 300),
    st.floats(-math.inf, 300, allow_nan=False),
)
def test_hope_is_a_probability(submitted: list[float], limit: int, now_s: float, full_at_s: float) -> None:
    assert 0.0 <= chance_free([running(at_s) for at_s in submitted], limit, now_s, full_at_s) <= 1.0
