"""The learned limit: found fast, at the price of few refusals; given up when it falls; tried again now and then."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.engine.scheduling.adaptive_limit import START, AdaptiveLimit


def fill(capacity: AdaptiveLimit, slots: int, running: int, now_s: float = 0.0) -> tuple[int, int]:
    """Submits as long as it may, at one moment: how many run then, and how many were refused."""
    refused = 0
    while capacity.may_submit(running, 0.0, now_s):
        if running < slots:
            capacity.accepted(running, 0.0)
            running += 1
        else:
            capacity.refused(running, now_s)
            refused += 1
    return running, refused


@pytest.mark.parametrize("slots", [1, 2, 3, 10, 37, 100, 999])
def test_an_unknown_limit_is_found_at_once_for_a_refusal_or_two(slots: int) -> None:
    capacity = AdaptiveLimit()
    running, refused = fill(capacity, slots, 0)
    assert (running, capacity.limit) == (slots, slots)
    assert refused <= 2


def test_what_the_tier_is_said_to_allow_is_filled_at_once_and_for_one_refusal() -> None:
    capacity = AdaptiveLimit()
    capacity.expect((20,))
    assert fill(capacity, 20, 0) == (20, 1)
    assert (capacity.limit, capacity.known) == (20, 20)


@pytest.mark.parametrize("slots", [1, 2, 10, 19])
def test_a_tier_that_promises_too_much_costs_one_refusal(slots: int) -> None:
    capacity = AdaptiveLimit()
    capacity.expect((20,))
    assert fill(capacity, slots, 0) == (slots, 1)
    assert capacity.limit == slots


def test_an_account_that_takes_more_than_its_tier_is_found_out() -> None:
    capacity = AdaptiveLimit()
    capacity.expect((20,))
    running, refused = fill(capacity, 37, 0)
    assert (running, capacity.limit) == (37, 37)
    assert refused <= 2


def test_what_was_learned_or_remembered_wins_over_the_tier() -> None:
    learned, remembered = AdaptiveLimit(), AdaptiveLimit(7, known=7)
    running, _ = fill(learned, 5, 0)
    for capacity in (learned, remembered):
        capacity.expect((20,))
    assert (running, learned.limit, remembered.limit) == (5, 5, 7)


def test_a_tier_never_exceeds_what_the_user_set() -> None:
    capacity = AdaptiveLimit(START, most=4)
    capacity.expect((20,))
    assert capacity.limit == 4


@pytest.mark.parametrize(("limit", "at_once"), [(1, 1), (3, 1), (8, 2), (16, 4), (1000, 4)])
def test_a_growing_limit_takes_larger_steps_until_the_first_refusal(limit: int, at_once: int) -> None:
    capacity = AdaptiveLimit(limit)
    assert capacity.most_too_many == at_once
    capacity.refused(limit, 0.0)
    assert capacity.most_too_many == 1


def test_a_limit_that_the_user_set_is_never_exceeded_and_costs_nothing() -> None:
    capacity = AdaptiveLimit(limit=10, most=10)
    assert fill(capacity, 50, 0) == (10, 0)
    assert capacity.next_probe_s(10) == math.inf


@pytest.mark.parametrize(("limit", "most", "then"), [(0, 5, 1), (-3, 5, 1), (7, 5, 5), (3, 0, 1)])
def test_odd_limits_are_brought_into_bounds(limit: int, most: int, then: int) -> None:
    assert AdaptiveLimit(limit, most).limit == then


@pytest.mark.parametrize(("before", "after"), [(37, 10), (100, 20), (10, 2), (10, 9), (100, 1), (1000, 1)])
def test_a_limit_that_falls_is_found_with_few_refusals(before: int, after: int) -> None:
    capacity = AdaptiveLimit(limit=before, most=before)
    running, refused = before, 0
    for second in range(2 * before):
        running = max(running - 1, 0)
        running, more = fill(capacity, after, running, second * 1e-3)
        refused += more
    assert capacity.limit == after
    assert refused <= 20


def test_a_full_account_is_tried_again_later_and_later() -> None:
    capacity = AdaptiveLimit(limit=1, most=1)
    now_s, waits_s = 0.0, []
    for _ in range(10):
        assert capacity.may_submit(0, 1.0, now_s)
        capacity.refused(0, now_s)
        assert not capacity.may_submit(0, 1.0, now_s) or capacity.limit > 0
        waits_s.append(capacity.next_probe_s(0) - now_s)
        now_s = capacity.next_probe_s(0)
    assert waits_s == sorted(waits_s)
    assert waits_s[-1] == 30.0


@pytest.mark.parametrize(
    ("known", "tries", "wait_s"),
    [(math.inf, 8, 600.0), (10, 8, 30.0), (5, 8, 600.0), (math.inf, 25, 600.0), (10, 40, 600.0)],
)
def test_more_is_tried_soon_unless_the_account_is_thought_to_take_no_more(
    known: float, tries: int, wait_s: float
) -> None:
    capacity = AdaptiveLimit(limit=5, known=known)
    now_s = 0.0
    for _ in range(tries):
        capacity.refused(5, now_s)
        now_s = capacity.next_probe_s(5)
    capacity.refused(5, 10_000.0)
    assert capacity.next_probe_s(5) == 10_000.0 + wait_s


def test_where_growing_ends_is_what_the_account_takes() -> None:
    capacity = AdaptiveLimit()
    fill(capacity, 7, 0)
    assert (capacity.limit, capacity.known) == (7, 7)


@pytest.mark.parametrize(("slots", "known"), [(2, 2), (10, 10), (5, 10), (1, math.inf), (12, 12)])
def test_of_two_tiers_with_the_same_rate_it_is_the_one_that_is_reached(slots: int, known: float) -> None:
    capacity = AdaptiveLimit()
    capacity.expect((2, 10))
    assert capacity.limit == START
    running, refused = fill(capacity, slots, 0)
    assert (running, capacity.limit, capacity.known) == (slots, slots, known)
    assert refused <= 2


def test_after_a_fall_somebody_else_may_be_there_and_more_is_tried_soon() -> None:
    capacity = AdaptiveLimit(limit=5)
    capacity.refused(1, 0.0)
    for _ in range(8):
        capacity.refused(1, 0.0)
    capacity.refused(1, 10_000.0)
    assert (capacity.known, capacity.next_probe_s(1)) == (math.inf, 10_030.0)


def test_what_was_probe_in_vain_for_long_is_tried_soon_again_once_it_was_there() -> None:
    capacity = AdaptiveLimit(limit=5)
    for second in range(20):
        capacity.refused(5, float(second))
    assert capacity.known == 5
    capacity.accepted(5, 0.0)
    capacity.accepted(5, 1.0)
    assert (capacity.limit, capacity.known) == (6, 6)
    capacity.refused(3, 100.0)
    assert capacity.limit < capacity.known


def test_what_came_free_elsewhere_is_taken_over_at_once() -> None:
    capacity = AdaptiveLimit(limit=10, most=10)
    capacity.refused(4, 0.0)
    assert capacity.limit == 4
    assert fill(capacity, 10, 4, 100.0) == (10, 0)


def test_a_slot_that_was_expected_to_be_free_says_nothing_about_the_limit() -> None:
    capacity = AdaptiveLimit(limit=10, most=1000)
    capacity.refused(10, 0.0)
    capacity.accepted(10, 0.8)
    assert capacity.limit == 10
    capacity.accepted(11, 0.01)
    assert capacity.limit == 11


# hope


def test_hope_is_followed_as_long_as_it_is_rarely_wrong() -> None:
    capacity = AdaptiveLimit(limit=10, most=10)
    assert capacity.may_submit(10, 0.9, 0.0)
    assert not capacity.may_submit(10, 0.3, 0.0)
    capacity.refused(10, 0.0)
    capacity.refused(10, 0.0)
    assert not capacity.may_submit(10, 1.0, 0.0)
    for _ in range(30):
        capacity.accepted(9, 1.0)
    assert capacity.may_submit(10, 0.95, 0.0)


def test_what_is_unseen_has_a_bound() -> None:
    assert not AdaptiveLimit(limit=10, most=10).may_submit(18, 1.0, 0.0)


@given(st.lists(st.booleans(), max_size=300))
def test_refused_hopes_are_a_fifth_of_the_accepted_at_most(free: list[bool]) -> None:
    capacity = AdaptiveLimit(limit=10, most=10)
    accepted = refused = 0
    for is_free in free:
        if capacity.may_submit(10, 1.0, 0.0):
            if is_free:
                capacity.accepted(10, 1.0)
                accepted += 1
            else:
                capacity.refused(10, 0.0)
                refused += 1
        else:
            capacity.accepted(9, 1.0)
            accepted += 1
    assert refused <= 2 + 0.2 * accepted + 1e-6


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50), st.floats(0, 1)), max_size=100), st.integers(1, 30))
def test_the_limit_stays_within_its_bounds(answers: list[tuple[bool, int, float]], most: int) -> None:
    capacity = AdaptiveLimit(most=most)
    for is_accepted, running, p_free in answers:
        if is_accepted:
            capacity.accepted(running, p_free)
        else:
            capacity.refused(running, 0.0)
        assert 1 <= capacity.limit <= most
