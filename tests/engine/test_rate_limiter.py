"""The arithmetic of waiting: never above the pace, and careful with money after money has vanished."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner.engine.guards.outage import MOST_UNKNOWNS, OutageBackoff
from batchrunner.engine.scheduling.backoff import backoff_s
from batchrunner.engine.scheduling.rate_limiter import RateLimiter


def departures(pace: RateLimiter, arrivals: list[float]) -> list[float]:
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
    assert most_in_a_minute(departures(RateLimiter(per_min), arrivals)) <= per_min


@settings(deadline=None)
@given(st.integers(1, 1200), ARRIVALS)
def test_nobody_waits_for_ever(per_min: int, arrivals: list[float]) -> None:
    left = departures(RateLimiter(per_min), arrivals)
    assert left[-1] - max(arrivals) <= len(arrivals) * 60.0 / (per_min * 0.9) + 1e-3


def test_a_long_batch_uses_nearly_all_of_the_pace() -> None:
    minutes = departures(RateLimiter(100), [0.0] * 1000)[-1] / 60
    assert 10 * 0.99 < minutes < 10 / 0.9


def test_a_pause_holds_everybody_and_ends() -> None:
    pace = RateLimiter(600)
    pace.pause(30.0)
    assert pace.wait_s(0.0) == 30.0
    assert pace.wait_s(29.0) == 1.0
    assert pace.wait_s(30.0) <= 0.0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    pace = RateLimiter(600)
    pace.pause(30.0)
    pace.pause(10.0)
    assert pace.wait_s(10.0) == 20.0


@pytest.mark.parametrize(
    ("ours", "told", "then"), [(100, 20, 20), (100, 500, 100), (20, 100, 20), (100, 0, 1), (100, -7, 1)]
)
def test_what_the_service_allows_never_raises_the_pace_above_a_wish(ours: int, told: int, then: int) -> None:
    pace = RateLimiter(ours, ours)
    pace.limit(told)
    assert pace.per_min == then


def test_without_a_wish_the_pace_is_what_the_service_allows() -> None:
    pace = RateLimiter(100)
    for told in (500, 20, 1000):
        pace.limit(told)
        assert pace.per_min == told


@settings(deadline=None)
@given(st.integers(2, 600), st.integers(1, 600), ARRIVALS)
def test_after_a_limit_the_pace_is_that_of_the_service(ours: int, told: int, arrivals: list[float]) -> None:
    pace = RateLimiter(ours, ours)
    departures(pace, [0.0] * 20)
    pace.limit(told)
    later = [3600.0 + at_s for at_s in arrivals]
    assert most_in_a_minute(departures(pace, later)) <= min(ours, told)


def test_looks_keep_a_burst_free_for_submits() -> None:
    pace = RateLimiter(100)
    for _ in range(3):
        assert pace.wait_s(0.0) <= 0.0
        pace.book(0.0)
    assert pace.wait_s(0.0) > 0.0
    assert pace.wait_s(0.7) <= 0.0 < pace.wait_s(0.7, is_poll=True)


def test_a_refusal_slows_down_once_and_quiet_heals() -> None:
    pace = RateLimiter(600)
    for now_s in (100.0, 101.0, 114.9):
        pace.refused(now_s)
    assert pace.share(115.0) == pytest.approx(0.825)
    pace.refused(115.0)
    assert pace.share(115.0) == pytest.approx(0.66)
    assert pace.share(50.0) == pytest.approx(0.66)
    assert pace.share(1000.0) == 1.0


def test_refusals_for_ever_leave_a_little() -> None:
    pace = RateLimiter(100)
    for minute in range(100):
        pace.refused(minute * 20.0)
    assert 0.0 < pace.share(99 * 20.0) < 0.2


@pytest.mark.parametrize(("left", "ours", "gives_way"), [(0, 30, True), (5, 30, True), (5, 92, False), (20, 10, False)])
def test_an_account_used_up_by_others_is_given_way_to(left: int, ours: int, gives_way: bool) -> None:  # noqa: FBT001
    pace = RateLimiter(100)
    for n in range(ours):
        pace.book(n * 0.6)
    pace.remaining(left, 100, 59.0)
    assert (pace.share(59.0) < 1.0) is gives_way


def test_two_runs_on_one_account_share_its_requests() -> None:
    paces, window, refused, sent = (RateLimiter(100), RateLimiter(100)), list[float](), [0, 0], [0, 0]
    paces[1].refused(0.0)
    for tick in range(36_000):
        now_s = tick / 10
        window = [at_s for at_s in window if at_s > now_s - 60.0]
        for n, pace in enumerate(paces):
            if pace.wait_s(now_s) <= 0.0:
                pace.book(now_s)
                if len(window) < 100:
                    window.append(now_s)
                    sent[n] += 1
                    pace.remaining(100 - len(window), 100, now_s)
                else:
                    refused[n] += 1
                    pace.refused(now_s)
    assert sum(sent) > 0.9 * 6000
    assert sum(refused) < 0.03 * 6000
    assert 0.6 < sent[0] / sent[1] < 1.6


# caution


def test_caution_waits_longer_each_time_and_at_most_five_minutes() -> None:
    caution, waits = OutageBackoff(), []
    for _ in range(9):
        caution.record_failure(0.0)
        waits.append(caution.wait_s(0.0))
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_only_unknown_outcomes_lead_to_a_halt() -> None:
    caution = OutageBackoff()
    for _ in range(100):
        caution.record_failure(0.0)
    assert (caution.is_on, caution.is_over) == (True, False)
    for number in range(1, MOST_UNKNOWNS + 1):
        caution.record_unknown(0.0)
        assert caution.is_over is (number == 5)


def test_an_acceptance_ends_caution_and_forgets() -> None:
    caution = OutageBackoff()
    assert not caution.is_on
    for _ in range(4):
        caution.record_unknown(0.0)
    caution.record_success()
    assert (caution.is_on, caution.is_over, caution.unknowns, caution.wait_s(7.0)) == (False, False, 0, -7.0)
    caution.record_unknown(100.0)
    assert caution.wait_s(100.0) == 5.0


# full


# waits


@pytest.mark.parametrize(("tries", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (100, 60)])
def test_what_is_free_is_tried_again_at_doubling_distances(tries: int, seconds: float) -> None:
    assert backoff_s(tries) == seconds
