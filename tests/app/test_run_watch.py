"""A run that somebody else watches: the same as it tells itself, for what has changed."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app.active_run import ActiveRun, Heartbeat, active_run
from batchrunner.app.run_manifest import RunPorts
from batchrunner.app.run_watch import RunWatch, watched
from batchrunner.app.webhook import Notifier
from batchrunner.catalog import shipped_prices
from batchrunner.domain.event import Event, EventKind, Progress, RunEvent
from batchrunner.domain.status import Status
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.open import read_ledger
from batchrunner.storage.run_lock import run_lock
from tests.moved_time import MovedClock
from tests.studio import Studio, manifest_text


class Watched(Studio):
    """A studio whose runs leave word of how far they are."""

    def ports(self, clock: MovedClock) -> RunPorts:
        usual = super().ports(clock)
        beat = Heartbeat(self.project, "batch", clock, self.events.append)
        return replace(usual, notifier=Notifier(None, "batch", beat), beat_s=1.0)


@pytest.fixture
def studio(tmp_path: Path) -> Watched:
    """Three slots, clips of a minute, one in three fails."""
    options = SandboxOptions(
        latency_s=60, concurrency=3, balance_usd=Decimal(1_000), faults={Fault.TASK_FAILED: 0.3}, seed=3
    )
    studio = Watched(tmp_path, options)
    studio.write(manifest_text(*"abcdefghi"))
    return studio


@pytest.fixture
def locked(studio: Watched) -> Iterator[None]:
    with run_lock(studio.project.folder, "batch", "2026-11-23T18:00:00Z"):
        yield


@pytest.mark.usefixtures("locked")
def test_who_watches_sees_what_the_run_tells(studio: Watched) -> None:
    seen: list[Event] = []

    async def watch(clock: MovedClock) -> None:
        await asyncio.sleep(0.3)
        with read_ledger(studio.project.ledger) as ledger:
            looks = watched(studio.project, "batch", ledger, shipped_prices(), clock)
            for _ in range(8):
                await asyncio.sleep(31.0)
                with suppress(StopIteration):
                    while not (events := next(looks)) or not isinstance(events[-1], Progress):
                        pass
                    seen.extend(events)
                    told = [event for event in studio.events if isinstance(event, Progress)][-1]
                    (found,) = (event for event in events if isinstance(event, Progress))
                    assert replace(found, elapsed_s=told.elapsed_s, left_s=told.left_s, waits_s=told.waits_s) == told
        await asyncio.sleep(1e9)

    studio.run(meanwhile=watch, run_usd=Decimal(100))

    heard = Counter((event.kind, event.job) for event in seen if isinstance(event, RunEvent))
    told = Counter((event.kind, event.job) for event in studio.told(EventKind.DONE, EventKind.FAILED))
    assert heard
    assert heard <= told
    assert {kind for kind, _ in heard} == {EventKind.DONE, EventKind.FAILED}
    last = [event for event in seen if isinstance(event, Progress)][-1]
    assert last.limit_usd == Decimal(100)
    assert sum(last.failures.values()) == last.counts[Status.FAILED] > 0


class Counted:
    """A ledger that counts what is read of it."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.reads: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        if "histor" in name:
            self.reads[name] += 1
        return getattr(self._ledger, name)


@pytest.mark.usefixtures("locked")
def test_a_look_reads_no_history_but_those_of_what_has_changed(studio: Watched) -> None:
    studio.run(only=frozenset("ab"))
    active = active_run(studio.project, "batch")
    assert active is not None
    with read_ledger(studio.project.ledger) as reader:
        run = reader.last_run("batch")
        assert run is not None
        ledger = Counted(reader)
        clock = MovedClockAt(studio.clock_s)
        watch = RunWatch(studio.project, "batch", ledger, shipped_prices(), run, clock)
        ledger.reads.clear()

        (progress,) = watch.events(active)
        assert ledger.reads == {}

        studio.run(only=frozenset("c"))
        *_, progress = watch.events(active)
        assert isinstance(progress, Progress)
        assert ledger.reads == {"history": 1}
        assert sum(progress.counts.values()) == 9


class MovedClockAt(MovedClock):
    """The wall's clock alone."""

    def __init__(self, now_s: float) -> None:
        self._now_s = now_s

    def wall_s(self) -> float:
        return self._now_s


def test_where_no_run_is_active_there_is_nothing_to_watch(studio: Watched) -> None:
    studio.run(only=frozenset("a"))
    with read_ledger(studio.project.ledger) as ledger:
        assert list(watched(studio.project, "batch", ledger, shipped_prices(), MovedClockAt(studio.clock_s))) == []


@pytest.mark.usefixtures("locked")
def test_while_somebody_is_asked_a_look_gives_nothing(studio: Watched) -> None:
    with read_ledger(studio.project.ledger) as ledger:
        looks = watched(studio.project, "batch", ledger, shipped_prices(), MovedClockAt(studio.clock_s))
        assert next(looks) == next(looks) == ()


def test_it_says_whose_run_it_is_and_for_how_long_it_has_waited(studio: Watched) -> None:
    with run_lock(studio.project.folder, "batch", "2026-11-23T18:00:00Z"):
        beat = Heartbeat(studio.project, "batch", MovedClockAt(1_000.0), lambda _: None)
        known = active_run(studio.project, "batch")
        beat(Progress({}, Decimal(0), 1.0, "waiting for a free slot in the account", waits_s=600.0))
        waiting = active_run(studio.project, "batch")
    assert isinstance(known, ActiveRun)
    assert isinstance(waiting, ActiveRun)
    assert waiting.beat is not None
    where, since = f" on {waiting.owner.host}", "since 2026-11-23T18:00:00Z"
    process = f"run active: process {waiting.owner.pid}"
    assert known.in_words(1_120.0) == f"{process}{where}, {since}"
    waits = "waiting for a free slot in the account (12 min so far)"
    assert waiting.in_words(1_120.0) == f"{process} of {waiting.beat.user}{where}, {since}; {waits}"
    assert active_run(studio.project, "batch") is None
