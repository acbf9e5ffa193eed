"""The forecast: what it believes with no data, with some, and with much; and that its numbers are probabilities."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchrunner.engine.scheduling.latency_model import LatencyModel

AGES = st.floats(0, 20_000)
SEEN = st.lists(st.tuples(st.floats(0, 10_000), st.floats(0, 600)).map(lambda p: (p[0], p[0] + p[1])), max_size=15)


def between_40_and_80(tasks: int = 400) -> LatencyModel:
    rng = Random(1)
    ends_s = [rng.uniform(40, 80) for _ in range(tasks)]
    return LatencyModel((end_s - 1, end_s + 1) for end_s in ends_s)


# no data


def test_knowing_nothing_any_age_of_the_known_range_is_plausible() -> None:
    nothing = LatencyModel()
    by = [nothing.ended_by(age_s, 0.0) for age_s in (11, 60, 360, 3600)]
    assert by == sorted(by)
    assert 0.05 < nothing.ended_by(60, 11) < 0.9
    assert nothing.ended_by(360, 11) < 0.95


def test_knowing_nothing_nothing_is_far_beyond() -> None:
    assert not LatencyModel().is_far_beyond(1e9)


# learning


@pytest.mark.parametrize(
    ("age_s", "waiting_at_s", "truth"),
    [(30, 0, 0.0), (50, 0, 0.25), (60, 0, 0.5), (70, 0, 0.75), (70, 60, 0.5), (60, 50, 1 / 3), (95, 0, 1.0)],
)
def test_many_tasks_are_learned(age_s: float, waiting_at_s: float, truth: float) -> None:
    assert between_40_and_80().ended_by(age_s, waiting_at_s) == pytest.approx(truth, abs=0.08)


@pytest.mark.parametrize("step_s", [2, 5, 10, 20])
def test_coarse_looks_teach_almost_the_same_as_fine_ones(step_s: int) -> None:
    rng = Random(2)
    looks = [math.floor(rng.uniform(40, 80) / step_s) * step_s for _ in range(400)]
    forecast = LatencyModel((low_s, low_s + step_s) for low_s in looks)
    assert forecast.ended_by(60, 0) == pytest.approx(0.5, abs=0.08)


def test_what_still_runs_counts_with_what_it_waited() -> None:
    quick_only, all_of_them = LatencyModel(), LatencyModel()
    for forecast in (quick_only, all_of_them):
        for _ in range(5):
            forecast.waited(0, 40)
            forecast.ended(40, 42)
    for _ in range(95):
        all_of_them.waited(0, 60)
    assert all_of_them.ended_by(60, 0) < 0.15
    assert quick_only.ended_by(60, 0) > 0.7


def test_what_is_new_outweighs_what_is_old() -> None:
    forecast = between_40_and_80()
    for _ in range(200):
        forecast.waited(0, 159)
        forecast.ended(159, 161)
    assert forecast.ended_by(80, 0) < 0.6
    assert forecast.ended_by(170, 100) > 0.9


def test_three_times_the_longest_is_far_beyond() -> None:
    forecast = LatencyModel([(99, 100)])
    assert not forecast.is_far_beyond(300)
    assert forecast.is_far_beyond(301)


@pytest.mark.parametrize(
    ("from_s", "to_s"), [(5, 5), (9, 3), (-5, -1), (0, math.inf), (math.nan, 3), (0, math.nan), (9000, 9500)]
)
def test_a_wait_of_no_length_or_of_no_number_teaches_nothing(from_s: float, to_s: float) -> None:
    forecast = between_40_and_80(20)
    before = [forecast.ended_by(age_s, 0.0) for age_s in range(0, 200, 7)]
    forecast.waited(from_s, to_s)
    assert [forecast.ended_by(age_s, 0.0) for age_s in range(0, 200, 7)] == before


def test_an_end_of_no_number_teaches_nothing() -> None:
    forecast = LatencyModel()
    forecast.ended(3.0, math.inf)
    assert (forecast.longest_s, forecast.ended_by(60, 0)) == (0.0, LatencyModel().ended_by(60, 0))


def test_an_end_before_the_last_look_counts_at_that_look() -> None:
    forecast = LatencyModel()
    forecast.ended(50.0, 20.0)
    assert forecast.longest_s == 50.0


# what holds always


@settings(deadline=None)
@given(SEEN, AGES, AGES, AGES)
def test_the_chance_is_a_probability_that_grows_with_age(
    seen: list[tuple[float, float]], one_s: float, two_s: float, three_s: float
) -> None:
    forecast = LatencyModel(seen)
    waiting_s, early_s, late_s = sorted((one_s, two_s, three_s))
    early, late = forecast.ended_by(early_s, waiting_s), forecast.ended_by(late_s, waiting_s)
    assert 0.0 <= early <= late <= 1.0
    assert forecast.ended_by(waiting_s, late_s) == 0.0


@settings(deadline=None)
@given(SEEN, AGES, st.floats(0, 500))
def test_the_idle_time_is_the_integral_of_the_chance(
    seen: list[tuple[float, float]], waiting_s: float, after_s: float
) -> None:
    forecast = LatencyModel(seen)
    parts = 400
    width_s = after_s / parts
    chances = [forecast.ended_by(waiting_s + (n + 0.5) * width_s, waiting_s) for n in range(parts)]
    idle_s = forecast.idle_s(waiting_s + after_s, waiting_s)
    assert idle_s == pytest.approx(sum(chances) * width_s, rel=1e-2, abs=max(width_s, 1e-6))
    assert 0.0 <= idle_s <= after_s + 1e-6


@settings(deadline=None)
@given(SEEN, AGES, st.floats(1e-3, 100))
def test_at_the_age_of_an_idle_time_it_is_reached_and_just_before_it_is_not(
    seen: list[tuple[float, float]], waiting_s: float, idle_s: float
) -> None:
    forecast = LatencyModel(seen)
    age_s = forecast.age_of_idle(idle_s, waiting_s)
    assert forecast.idle_s(age_s, waiting_s) >= idle_s
    assert forecast.idle_s(age_s - 1e-3, waiting_s) <= idle_s


@pytest.mark.parametrize(
    ("idle_s", "waiting_s", "age_s"),
    [(0, 7, 7), (-1, 7, 7), (0, -3, 0), (math.inf, 7, math.inf), (1, math.inf, math.inf)],
)
def test_the_edges_of_an_idle_time(idle_s: float, waiting_s: float, age_s: float) -> None:
    assert LatencyModel().age_of_idle(idle_s, waiting_s) == age_s


def test_for_ever_is_long_enough() -> None:
    assert LatencyModel().ended_by(math.inf, 5.0) == 1.0
    assert LatencyModel().idle_s(math.inf, 5.0) == math.inf
    assert LatencyModel().ended_by(math.nan, 5.0) == 0.0
