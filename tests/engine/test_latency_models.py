"""Latency models by kind: each learns for itself, and one of which nothing is known begins with what others took."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.history import JobHistory
from batchrunner.domain.observation import Observation, TaskState
from batchrunner.domain.request import Request
from batchrunner.domain.status import Status
from batchrunner.engine.scheduling.latency_model import LatencyModel
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.sandbox import Behaviour as SandboxOptions
from tests.engine.audit import counts
from tests.moved_time import EVENING_S
from tests.studio import Studio, manifest_text


def request(model: str, length: str) -> Request:
    return Request(model, {"length": length})


def took(asked: Request, *took_s: float) -> Iterable[JobHistory]:
    for number, each_s in enumerate(took_s):
        seen = Observation(number + each_s, TaskState.SUCCESS, "success", took_s=each_s)
        attempt = Attempt(number, 1, 1, asked, "a.mp4", "", "", Decimal(1), float(number), observations=(seen,))
        yield JobHistory((attempt,))


def models(*histories: Iterable[JobHistory]) -> LatencyModels:
    every = [each for listed in histories for each in listed]
    return LatencyModels(every, lambda asked: (asked.model, asked.fields["length"]))


def median_s(model: LatencyModel) -> float:
    return next(age_s for age_s in range(1, 7200) if model.ended_by(age_s, 0.0) >= 0.5)


def test_a_kind_that_is_known_is_not_moved_by_others() -> None:
    known = models(took(request("veo", "4"), *[60.0] * 20), took(request("veo", "8"), *[200.0] * 20))
    assert median_s(known.of(request("veo", "4"))) == pytest.approx(60, abs=3)
    assert median_s(known.of(request("veo", "8"))) == pytest.approx(200, abs=10)


def test_of_an_unknown_kind_what_its_model_took_is_expected_before_what_others_took() -> None:
    known = models(took(request("veo", "4"), *[60.0] * 20), took(request("kling", "5"), *[600.0] * 20))
    assert 40 < median_s(known.of(request("veo", "8"))) < 90
    assert 400 < median_s(known.of(request("kling", "10"))) < 900


def test_of_an_unknown_model_what_others_took_is_expected() -> None:
    known = models(took(request("veo", "4"), *[300.0] * 20))
    other = known.of(request("kling", "5"))
    assert 200 < median_s(other) < 450
    assert other.ended_by(60, 0.0) < 0.05 < models().of(request("kling", "5")).ended_by(60, 0.0)


def test_what_was_expected_of_others_is_soon_outweighed_by_what_is_seen() -> None:
    other = models(took(request("veo", "4"), *[300.0] * 20)).of(request("kling", "5"))
    for _ in range(3):
        other.waited(0.0, 39.0)
        other.ended(39.0, 41.0)
    assert median_s(other) == pytest.approx(40, abs=3)


def test_one_kind_has_one_model_from_which_all_its_tasks_learn() -> None:
    known = models(took(request("veo", "4"), 60.0))
    assert known.of(request("veo", "8")) is known.of(request("veo", "8"))


@pytest.mark.untraced
def test_a_kind_that_is_new_is_left_alone_while_others_tell_that_it_cannot_have_ended(tmp_path: Path) -> None:
    studio = Studio(tmp_path, SandboxOptions(latency_s=120, concurrency=10, balance_usd=Decimal(100_000)))
    names = [f"job{number}" for number in range(10)]
    studio.write(manifest_text(*names))
    studio.run()
    first = [asked.at_s - EVENING_S for asked in studio.asked if asked.is_poll]
    before, began_s = len(studio.asked), studio.clock_s
    studio.write(manifest_text(*(f"other{name}" for name in names)).replace("720p", "4k"))

    studio.run()

    second = [asked.at_s - began_s for asked in studio.asked[before:] if asked.is_poll]
    assert sum(age_s < 60 for age_s in first) > 10
    assert sum(age_s < 60 for age_s in second) <= 2
    assert counts(studio) == {Status.DONE: 20}


def test_of_a_wave_that_began_at_once_the_longest_do_not_count_most() -> None:
    asked = request("veo", "4")
    at_once = [
        JobHistory((replace(attempt, opened_at_s=0.0),))
        for history in took(asked, *(40.0 + number / 10 for number in range(400)))
        for attempt in history.attempts
    ]
    mixed = Random(1).sample(at_once, len(at_once))
    assert median_s(models(mixed).of(asked)) == pytest.approx(60, abs=3)
