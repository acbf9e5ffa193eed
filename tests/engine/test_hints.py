"""Hints bring a poll forward and decide nothing: right ones save polls, wrong ones and missing ones change nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from batchrunner.app.endpoint import Endpoint
from batchrunner.domain.status import Status
from batchrunner.io.clock import Clock
from batchrunner.io.http import Http
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.modellix import Modellix
from batchrunner.providers.provider import Provider, WaitForHints
from tests.engine.audit import audit, counts
from tests.moved_time import MovedClock
from tests.studio import Studio, manifest_text

pytestmark = pytest.mark.untraced

JOBS = 30
MINUTE_S = 60.0

WAITING = """slug: google/veo-3.1-i2v
like: google/veo-3.1-i2v
path: google/veo-3.1-i2v/async
source: {page: a page of mine, read: 2026-11-20, confidence: doc}
notifies: wait
"""

MakeSource = Callable[[Studio], WaitForHints]


class Hinted(Modellix):
    """The service with another source of hints."""

    source: WaitForHints | None = None

    @property
    def wait_for_hints(self) -> WaitForHints | None:
        return self.source or super().wait_for_hints


class Hearing(Studio):
    """A run that is given hints: by the imitated service, or by a source of the test's own."""

    make_source: MakeSource | None = None

    def endpoint(self, clock: MovedClock) -> Endpoint:
        return replace(super().endpoint(clock), make_provider=self.provider)

    def provider(self, http: Http, access: Credentials, clock: Clock) -> Provider:
        made = Hinted(http, access.base_url, access.key, clock)
        if self.make_source is not None:
            made.source = self.make_source(self)
        return made


def ran(studio: Studio) -> float:
    """A whole run; how long it took."""
    studio.options = replace(
        studio.options, concurrency=10, rate_per_min=100, latency_s=60, latency_spread_s=20, tells_ends=True
    )
    studio.write(heard(studio, manifest_text(*(f"job{number:02}" for number in range(JOBS)))))
    took_s = studio.run().seconds
    assert counts(studio) == {Status.DONE: JOBS}
    audit(studio)
    return took_s


def heard(studio: Studio, text: str) -> str:
    """The manifest of a run that is given hints: its model's description says that the service can wait."""
    if not isinstance(studio, Hearing):
        return text
    (studio.folder / "model.yaml").write_text(WAITING, encoding="utf-8")
    return text.replace("version: 1\n", "version: 1\nmodels: [model.yaml]\n", 1)


def polls(studio: Studio) -> int:
    return sum(asked.is_poll for asked in studio.asked)


def found_late_s(studio: Studio) -> float:
    """How long after its end a task was found to have ended, on average."""
    last_s = {asked.path.rpartition("/")[2]: asked.at_s for asked in studio.asked if asked.is_poll}
    return mean(last_s[each.task_id] - each.at_s - each.latency_s for each in studio.record().charges)


def most_in_a_minute(studio: Studio) -> int:
    times_s = [asked.at_s for asked in studio.asked if asked.is_api]
    return max(sum(at_s <= each_s < at_s + MINUTE_S for each_s in times_s) for at_s in times_s)


def without(folder: Path) -> Studio:
    folder.mkdir()
    return Studio(folder)


def hearing(folder: Path, make_source: MakeSource | None = None) -> Hearing:
    folder.mkdir()
    studio = Hearing(folder)
    studio.make_source = make_source
    return studio


def lying(studio: Studio) -> WaitForHints:
    """Says of every task at once that it has ended."""

    async def ask(_wait_s: float) -> tuple[str, ...]:
        return tuple(each.task_id for each in studio.record().charges)

    return ask


def flooding(_studio: Studio) -> WaitForHints:
    """Names ten thousand tasks that are none of ours, again and again."""

    async def ask(_wait_s: float) -> tuple[str, ...]:
        return tuple(f"task-{number}" for number in range(10_000))

    return ask


def failing(_studio: Studio) -> WaitForHints:
    async def ask(_wait_s: float) -> tuple[str, ...]:
        raise OSError("no such luck")

    return ask


def hanging(_studio: Studio) -> WaitForHints:
    async def ask(_wait_s: float) -> tuple[str, ...]:
        await asyncio.Event().wait()
        raise AssertionError

    return ask


def test_with_hints_ends_are_found_earlier_and_for_fewer_polls(tmp_path: Path) -> None:
    plain, hinted = without(tmp_path / "plain"), hearing(tmp_path / "hinted")
    plain_s, hinted_s = ran(plain), ran(hinted)
    assert found_late_s(hinted) < 0.6 * found_late_s(plain)
    assert polls(hinted) < 0.9 * polls(plain)
    assert hinted_s <= plain_s
    assert most_in_a_minute(hinted) <= 100


def test_wrong_hints_cost_one_poll_of_each_task_and_give_no_wrong_status(tmp_path: Path) -> None:
    plain, lied_to = without(tmp_path / "plain"), hearing(tmp_path / "lied_to", lying)
    plain_s, lied_to_s = ran(plain), ran(lied_to)
    assert polls(lied_to) <= polls(plain) + 2 * JOBS
    assert lied_to_s <= 1.05 * plain_s
    assert most_in_a_minute(lied_to) <= 100


@pytest.mark.parametrize("source", [flooding, failing, hanging])
def test_a_source_that_is_of_no_use_leaves_the_run_as_it_is(tmp_path: Path, source: MakeSource) -> None:
    plain, other = without(tmp_path / "plain"), hearing(tmp_path / "other", source)
    plain_s, other_s = ran(plain), ran(other)
    assert other_s == pytest.approx(plain_s, rel=0.03)
    assert polls(other) == pytest.approx(polls(plain), rel=0.15)
    assert most_in_a_minute(other) <= 100


def test_a_service_that_knows_no_such_address_is_asked_less_and_less(tmp_path: Path) -> None:
    studio = hearing(tmp_path / "deaf")
    studio.options = replace(studio.options, latency_s=600, tells_ends=False)
    studio.write(heard(studio, manifest_text("a")))

    studio.run()

    asked_s = [asked.at_s for asked in studio.asked if asked.path == "/api/v1/tasks"]
    assert 3 <= len(asked_s) <= 10
    assert asked_s[-1] - asked_s[-2] > 60
    assert counts(studio) == {Status.DONE: 1}


def test_nobody_is_asked_for_hints_where_no_description_says_that_the_service_waits(tmp_path: Path) -> None:
    studio = hearing(tmp_path / "plain")
    studio.options = replace(studio.options, tells_ends=True)
    studio.write(manifest_text("a"))

    studio.run()

    assert "/api/v1/tasks" not in [asked.path for asked in studio.asked]
