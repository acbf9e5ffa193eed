"""Leaving early: first what runs is finished, then, if somebody insists, only what is on the wire."""

import asyncio
import math

from batchrunner.domain.step import Action, HoldReason
from batchrunner.engine.decider import Decider
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.in_flight import InFlightSubmits
from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.stops import Stops

# How long a POST on the wire may still take when somebody leaves at once. What is not answered then is unknown.
_LAST_SUBMITS_S = 10.0


class EarlyExit:
    """What is done, and said, when a person wants to leave before the end."""

    def __init__(
        self,
        decider: Decider,
        provider: LimitedProvider,
        in_flight: InFlightSubmits,
        stats: RunStats,
        stops: Stops,
        events: EventSink,
    ) -> None:
        self._decider = decider
        self._provider = provider
        self._in_flight = in_flight
        self._stats = stats
        self._stops = stops
        self._events = events

    def drain(self, name: str) -> None:
        """Nothing more is submitted, and what runs is finished. `name` is what asked for it: `Ctrl-C`."""
        running = sum(1 for step in self._decider.steps.values() if step.action is Action.POLL)
        tasks = "1 running task is" if running == 1 else f"{running} running tasks are"
        first = f"{tasks} finished first, {self._about()}" if running else "no task is running, so this ends soon"
        self._stops.stop(HoldReason.DRAIN, f"stopped by {name}: run the same command to continue")
        self._provider.leave_pause()
        if not self._stops.is_polling:
            first = "the service accepts no requests now, so this ends soon: run the same command to check what runs"
        self._events.note(f"{first}; the same signal again stops at once. Nothing is lost either way")

    async def leave(self, work: "asyncio.Task[None]") -> None:
        """Leaves at once, but for the submits on the wire: their answers are worth money."""
        self._stops.stop(HoldReason.DRAIN, "stopped at once: run the same command to continue")
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if self._in_flight:
            self._events.note(f"waiting for {len(self._in_flight)} answers, at most {_LAST_SUBMITS_S:g} seconds")
        await self._in_flight.wait(_LAST_SUBMITS_S)

    def _about(self) -> str:
        """How long a clip takes, by those that were rendered in this run."""
        if not self._stats.render_times_s:
            return "which takes some minutes"  # Source: a Veo 3.1 clip takes 11 seconds to 6 minutes
        minutes = math.ceil(max(self._stats.render_times_s) / 60)
        return "which takes up to a minute" if minutes == 1 else f"which takes up to {minutes} minutes"
