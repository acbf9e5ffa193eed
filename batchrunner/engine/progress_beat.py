"""How far a run is, reported at every beat."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from batchrunner.domain.budget import Budget
from batchrunner.domain.event import Progress
from batchrunner.domain.status import Status
from batchrunner.engine.decider import Decider
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.stops import Stops
from batchrunner.io.clock import Clock

_OPEN = (Status.RUNNING, Status.RENDERED)


class Waiting(Protocol):
    """Something that may hold the next submit up."""

    @property
    def reason(self) -> str:
        """What is waited for, in words; empty where nothing is."""


@dataclass(slots=True, kw_only=True, eq=False)
class ProgressBeat:
    """Counts, money, and what is waited for: the first of `waiting` that has a reason."""

    waiting: Sequence[Waiting]
    decider: Decider
    budget: Budget
    stats: RunStats
    stops: Stops
    clock: Clock
    events: EventSink

    async def run(self, beat_s: float) -> NoReturn:
        """One beat after the other."""
        began_s = self.clock.monotonic_s()
        while True:
            await asyncio.sleep(beat_s)
            counts = Counter(step.status for step in self.decider.steps.values())
            elapsed_s = self.clock.monotonic_s() - began_s
            reason = self._reason()
            left_s = self._left_s(counts, elapsed_s) if self.stops.is_stopped or not reason else None
            self.events.report(Progress(counts, self.budget.spent_usd, elapsed_s, reason, left_s))

    def _reason(self) -> str:
        return next((reason for each in (self.stops, *self.waiting) if (reason := each.reason)), "")

    def _left_s(self, counts: Mapping[Status, int], elapsed_s: float) -> float | None:
        """How long the rest takes if it goes on as so far; what is not submitted any more is no rest."""
        statuses = _OPEN if self.stops.is_stopped else (Status.PENDING, *_OPEN)
        left = sum(counts.get(status, 0) for status in statuses)
        rendered = len(self.stats.render_times_s)
        return left * elapsed_s / rendered if rendered else None
