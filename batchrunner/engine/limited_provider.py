"""The provider behind the account's limits: no request leaves before its turn, and each reply says how to go on.

What a 429 means is decided here and nowhere else: `RateLimiter` slows all requests down, and `SlotQueue` gives a slot
back. The job itself goes to the planner again, which submits it once more: a refused submit has cost nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from batchrunner.domain.step import HoldReason
from batchrunner.domain.text import duration
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.adaptive_limit import AdaptiveLimit
from batchrunner.engine.scheduling.request_gate import LEAST_WAIT_S, RequestGate
from batchrunner.engine.stops import Stops
from batchrunner.io.clock import Clock
from batchrunner.providers.provider import (
    BalanceReply,
    Provider,
    ProviderReply,
    Retry,
    SubmitReply,
    TaskReply,
    UploadReply,
    UploadReplyKind,
)

# Whoever wants to leave waits for no longer pause than this.
_LONGEST_PAUSE_OF_A_DRAIN_S = 60.0


@dataclass(slots=True, kw_only=True, eq=False)
class LimitedProvider:
    """Asks the provider. For `submit` and `poll` the turn is taken before: by `acquire`, or by the poll queue."""

    provider: Provider
    gate: RequestGate
    limit: AdaptiveLimit
    stops: Stops
    stats: RunStats
    clock: Clock
    events: EventSink
    _ahead_s: float = field(init=False, default=0.0)
    _is_slow: bool = field(init=False, default=False)

    async def acquire(self, is_wanted: Callable[[], bool]) -> bool:
        """Waits for the right to send one request; False if it is not wanted any more."""
        return await self.gate.acquire(is_wanted)

    async def submit(self, path: str, body: Mapping[str, object]) -> SubmitReply:
        """The paid POST, once."""
        self.stats.submits += 1
        return await self.provider.submit(path, body)

    def record_submit(self, reply: SubmitReply) -> None:
        """What the reply to a submit, which is on record by now, says of the account's limits."""
        if reply.retry is Retry.CONCURRENCY:
            self.stats.refused_429 += 1  # the slots learn from it; the rate has nothing to do with it
        else:
            self._record(reply)

    async def poll(self, task_id: str) -> TaskReply:
        """One poll: free."""
        self.stats.polls += 1
        reply = await self.provider.poll(task_id)
        self._record(reply)
        return reply

    async def upload(self, name: str, data: bytes, is_wanted: Callable[[], bool]) -> UploadReply | None:
        """Sends an image when it is its turn: free. None if it is not wanted any more."""
        send = self.provider.upload
        if send is None:
            return UploadReply(UploadReplyKind.REFUSED, message="it takes links only, no local files")
        if not await self.acquire(is_wanted):
            return None
        reply = await send(name, data)
        self._record(reply)
        return reply

    async def balance(self, is_wanted: Callable[[], bool]) -> BalanceReply | None:
        """What the account holds, when it is its turn: free. None if it is not wanted any more."""
        if not await self.acquire(is_wanted):
            return None
        reply = await self.provider.balance()
        self._record(reply)
        return reply

    def now_s(self) -> float:
        """The time of the service in Unix seconds, as its last dated reply gave it: ours may be wrong."""
        return self.clock.wall_s() + self._ahead_s

    def wait_s(self) -> float:
        """How long the next request would wait; 0 or less: not at all."""
        return self.gate.rate.wait_s(self.clock.monotonic_s())

    @property
    def reason(self) -> str:
        """What the account's rate makes the next request wait for; empty where it does not."""
        pause_s = self.gate.rate.pause_s(self.clock.monotonic_s())
        if pause_s >= LEAST_WAIT_S:
            return f"the service asks for a pause of another {duration(pause_s)}"
        return self.gate.slowness()

    def leave_pause(self) -> None:
        """Whoever wants to leave does not wait for a pause that the service asked for."""
        pause_s = self.gate.rate.pause_s(self.clock.monotonic_s())
        if self.stops.is_drained and self.stops.is_polling and pause_s > _LONGEST_PAUSE_OF_A_DRAIN_S:
            said = f"the service accepts no requests for another {duration(pause_s)}: run the same command to continue"
            self.stops.stop_polling(HoldReason.DRAIN, said)

    def _record(self, reply: ProviderReply) -> None:
        """What a reply says of the account's rate holds for everyone; a pause beyond the deadline ends the submits."""
        limits = reply.limits
        self.stats.refused_429 += reply.retry is Retry.RATE_LIMIT
        if self.provider.distrust:
            self.stops.stop_polling(HoldReason.HALT, self.provider.distrust)
        if limits.sent_at_s is not None:
            self._ahead_s = limits.sent_at_s - self.clock.wall_s()
        if limits.per_min and (published := self.provider.limits.slots_by_rate.get(limits.per_min)):
            self.limit.expect(published)
        wait_s = self.gate.record(reply)
        if not self._is_slow and (slowness := self.gate.slowness()):
            self._is_slow = True
            self.events.note(slowness)
        self.leave_pause()
        if wait_s > 0:
            self.stops.check_wait(wait_s)
