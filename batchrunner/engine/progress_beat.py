"""How far a run is, reported at every beat."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from batchrunner.domain.budget import Budget
from batchrunner.domain.event import Progress
from batchrunner.domain.status import Status
from batchrunner.domain.step import Step
from batchrunner.engine.decider import Decider
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.slots import SlotQueue
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
    """Counts, money, and what is waited for: the first of `waiting` that has a reason.

    It has been waited for since that one was first seen to have a reason; its words may change meanwhile.
    """

    waiting: Sequence[Waiting]
    decider: Decider
    budget: Budget
    slots: SlotQueue
    stats: RunStats
    stops: Stops
    clock: Clock
    events: EventSink
    _holding: Waiting | None = field(init=False, default=None)
    _since_s: float = field(init=False, default=0.0)

    async def run(self, beat_s: float) -> NoReturn:
        """One beat after the other, the first after a beat."""
        began_s = self.clock.monotonic_s()
        while True:
            await asyncio.sleep(beat_s)
            now_s = self.clock.monotonic_s()
            self.events.report(self._progress(now_s - began_s, now_s))

    def _progress(self, elapsed_s: float, now_s: float) -> Progress:
        steps = self._steps()
        failed = (step.attempt.error_class for step in steps if step.status is Status.FAILED and step.attempt)
        reason, waits_s = self._waits(now_s)
        return Progress(
            counts=Counter(step.status for step in steps),
            spent_usd=self.budget.spent_usd,
            elapsed_s=elapsed_s,
            waits_for=reason,
            left_s=self._left_s(steps, elapsed_s) if self.stops.is_stopped or not reason else None,
            waits_s=waits_s,
            limit_usd=self.budget.limit_usd,
            slots_used=self.slots.used,
            slots_known=self.slots.limit.limit,
            failures=Counter(kind for kind in failed if kind),
        )

    def _steps(self) -> list[Step]:
        """The last steps that count: what left the manifest does only while something is still to be done with it."""
        wanted = self.decider.batch.jobs
        return [step for who, step in self.decider.steps.items() if who in wanted or not step.is_last]

    def _waits(self, now_s: float) -> tuple[str, float]:
        for each in (self.stops, *self.waiting):
            if reason := each.reason:
                if each is not self._holding:
                    self._holding, self._since_s = each, now_s
                return reason, now_s - self._since_s
        self._holding = None
        return "", 0.0

    def _left_s(self, steps: Sequence[Step], elapsed_s: float) -> float | None:
        """How long the rest takes if it goes on as so far; what is not submitted any more is no rest."""
        statuses = _OPEN if self.stops.is_stopped else (Status.PENDING, *_OPEN)
        left = sum(1 for step in steps if step.status in statuses and not step.is_last)
        rendered = len(self.stats.render_times_s)
        return left * elapsed_s / rendered if rendered else None
