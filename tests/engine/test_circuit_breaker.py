"""Trust in a model: on trial when it is new or fails alike, and proven by the first clip that comes through."""

import pytest

from batchrunner.engine.guards.circuit_breaker import CircuitBreaker


def after(*kinds: str, trust: CircuitBreaker | None = None) -> CircuitBreaker:
    """The trust after these failures, a second apart; `ok` is a clip that came through."""
    trust = trust or CircuitBreaker()
    for now_s, kind in enumerate(kinds):
        if kind == "ok":
            trust.record_success()
        else:
            trust.record_failure(kind, float(now_s), was_probe=trust.is_half_open)
    return trust


@pytest.mark.parametrize(
    ("kinds", "on_trial"),
    [
        ((), False),
        (("a",) * 4, False),
        (("a",) * 5, True),
        (("a", "a", "a", "a", "b", "a"), False),
        (("a", "a", "a", "a", "ok", "a"), False),
        (("b", *("a",) * 5), True),
        ((*("a",) * 5, "ok"), False),
    ],
)
def test_five_equal_failures_in_a_row_put_a_model_on_trial(kinds: tuple[str, ...], *, on_trial: bool) -> None:
    assert after(*kinds).is_half_open is on_trial


def test_each_try_that_fails_alike_makes_the_next_wait_longer() -> None:
    trust, waits = after(*("a",) * 4), []
    for _ in range(4):
        assert trust.record_failure("a", 1_000.0, was_probe=trust.is_half_open)
        waits.append(trust.wait_s(1_000.0))
    assert waits == [300.0, 600.0, 1_200.0, 2_400.0]


def test_after_three_tries_that_failed_it_is_over() -> None:
    trust = after(*("a",) * 7)
    assert not trust.is_over
    trust.record_failure("a", 9.0, was_probe=True)
    assert trust.is_over


def test_what_ran_already_when_the_trial_began_is_no_try() -> None:
    trust = after(*("a",) * 5)
    wait_s = trust.wait_s(5.0)
    for _ in range(50):
        assert not trust.record_failure("a", 100.0, was_probe=False)
    assert (trust.is_over, trust.wait_s(5.0)) == (False, wait_s)


@pytest.mark.parametrize("was_probe", [True, False])
def test_only_a_clip_ends_a_trial_and_no_failure_of_another_kind(*, was_probe: bool) -> None:
    trust = after(*("a",) * 5)
    assert trust.record_failure("b", 100.0, was_probe=was_probe) is was_probe
    assert trust.is_half_open
    assert after("b", "c", trust=trust).is_half_open
    assert not after("ok", trust=trust).is_half_open


def test_a_model_that_is_new_is_half_open_until_a_clip_comes_through() -> None:
    trust = CircuitBreaker(is_proven=False)
    assert (trust.is_half_open, trust.is_over, trust.wait_s(0.0)) == (True, False, 0.0)
    trust.record_success()
    assert (trust.is_half_open, trust.is_over) == (False, False)


def test_a_first_clip_that_fails_is_the_end_of_it() -> None:
    assert after("a", trust=CircuitBreaker(is_proven=False)).is_over
