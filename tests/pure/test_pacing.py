"""The arithmetic of waiting: never above the pace, and careful with money after money has vanished."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner.pacing import MOST_UNKNOWNS, Caution, Full, Pace, backoff_s, poll_wait_s


def departures(pace: Pace, arrivals: list[float]) -> list[float]:
    """When requests leave that come at these times, each behind the one before it."""
    left: list[float] = []
    for arrival_s in sorted(arrivals):
        now_s = max(arrival_s, left[-1] if left else 0.0)
        now_s += max(pace.wait_s(now_s), 0.0)
        pace.book(now_s)
        left.append(now_s)
    return left


def most_in_a_minute(left: list[float]) -> int:
    return max(sum(1 for other in left if start <= other < start + 59.999_999) for start in left)


ARRIVALS = st.lists(st.floats(0, 600), min_size=1, max_size=150) | st.builds(
    lambda number, at_s: [at_s] * number, st.integers(1, 300), st.floats(0, 1e6)
)


@example(1, [0.0] * 10)
@example(2, [0.0] * 10)
@example(10, [0.0] * 30)
@example(49, [0.0] * 120)
@example(50, [0.0] * 120)
@example(100, [0.0] * 250)
@settings(deadline=None)
@given(st.integers(1, 1200), ARRIVALS)
def test_no_minute_sees_more_requests_than_the_pace(per_min: int, arrivals: list[float]) -> None:
    assert most_in_a_minute(departures(Pace(per_min), arrivals)) <= per_min


@settings(deadline=None)
@given(st.integers(1, 1200), ARRIVALS)
def test_nobody_waits_for_ever(per_min: int, arrivals: list[float]) -> None:
    left = departures(Pace(per_min), arrivals)
    assert left[-1] - max(arrivals) <= len(arrivals) * 60.0 / (per_min * 0.9) + 1e-3


def test_a_long_batch_uses_nearly_all_of_the_pace() -> None:
    minutes = departures(Pace(100), [0.0] * 1000)[-1] / 60
    assert 10 * 0.99 < minutes < 10 / 0.9


def test_a_pause_holds_everybody_and_ends() -> None:
    pace = Pace(600)
    pace.pause(30.0)
    assert pace.wait_s(0.0) == 30.0
    assert pace.wait_s(29.0) == 1.0
    assert pace.wait_s(30.0) <= 0.0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    pace = Pace(600)
    pace.pause(30.0)
    pace.pause(10.0)
    assert pace.wait_s(10.0) == 20.0


@pytest.mark.parametrize(
    ("ours", "told", "then"), [(100, 20, 20), (100, 500, 100), (20, 100, 20), (100, 0, 1), (100, -7, 1)]
)
def test_what_the_service_allows_only_ever_lowers_the_pace(ours: int, told: int, then: int) -> None:
    pace = Pace(ours)
    pace.limit(told)
    assert pace.per_min == then


@settings(deadline=None)
@given(st.integers(2, 600), st.integers(1, 600), ARRIVALS)
def test_after_a_limit_the_pace_is_that_of_the_service(ours: int, told: int, arrivals: list[float]) -> None:
    pace = Pace(ours)
    departures(pace, [0.0] * 20)
    pace.limit(told)
    later = [3600.0 + at_s for at_s in arrivals]
    assert most_in_a_minute(departures(pace, later)) <= min(ours, told)


# caution


def test_caution_waits_longer_each_time_and_at_most_five_minutes() -> None:
    caution, waits = Caution(), []
    for _ in range(9):
        caution.trouble(0.0)
        waits.append(caution.wait_s(0.0))
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_only_unknown_outcomes_lead_to_a_halt() -> None:
    caution = Caution()
    for _ in range(100):
        caution.trouble(0.0)
    assert (caution.is_on, caution.is_over) == (True, False)
    for number in range(1, MOST_UNKNOWNS + 1):
        caution.unknown(0.0)
        assert caution.is_over is (number == 5)


def test_an_acceptance_ends_caution_and_forgets() -> None:
    caution = Caution()
    assert not caution.is_on
    for _ in range(4):
        caution.unknown(0.0)
    caution.accepted()
    assert (caution.is_on, caution.is_over, caution.unknowns, caution.wait_s(7.0)) == (False, False, 0, -7.0)
    caution.unknown(100.0)
    assert caution.wait_s(100.0) == 5.0


# full


def test_a_full_account_is_tried_again_later_and_later() -> None:
    full, waits = Full(), []
    for _ in range(6):
        full.refused(0.0)
        waits.append(full.wait_s(0.0))
    assert (waits, full.is_on) == ([5, 10, 20, 40, 60, 60], True)


def test_a_finished_task_makes_it_worth_trying_at_once_and_carefully() -> None:
    full = Full()
    full.refused(0.0)
    full.freed()
    assert (full.wait_s(0.0), full.is_on) == (0.0, True)
    full.refused(0.0)
    assert full.wait_s(0.0) == 10.0


def test_a_slot_that_was_found_ends_it() -> None:
    full = Full()
    full.refused(0.0)
    full.accepted()
    assert (full.wait_s(0.0), full.is_on) == (0.0, False)


# waits


@pytest.mark.parametrize(("tries", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (100, 60)])
def test_what_is_free_is_tried_again_at_doubling_distances(tries: int, seconds: float) -> None:
    assert backoff_s(tries) == seconds


def test_a_night_without_a_network_is_waited_out() -> None:
    """Two thousand tries, a minute apart: the doubling must not leave the numbers that a float can hold."""
    assert backoff_s(2000) == 60.0
    caution, full = Caution(), Full()
    for _ in range(2000):
        caution.trouble(0.0)
        full.refused(0.0)
    assert (caution.wait_s(0.0), full.wait_s(0.0)) == (300.0, 60.0)


@pytest.mark.parametrize(("age_s", "seconds"), [(-5, 2), (0, 2), (8, 2), (20, 5), (40, 10), (60, 15), (3600, 15)])
def test_a_task_is_asked_for_at_a_quarter_of_its_age(age_s: float, seconds: float) -> None:
    assert poll_wait_s(age_s) == seconds
