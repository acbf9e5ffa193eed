"""Outages: after an unknown outcome submits go one at a time, later and later, until one is accepted."""

from dataclasses import dataclass

from batchrunner.domain.attempt import Answer, Outcome, RejectReason
from batchrunner.domain.job import Job
from batchrunner.domain.step import HoldReason
from batchrunner.engine.balance_reader import BalanceReader
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.submit_guard import PassiveGuard
from batchrunner.engine.scheduling.backoff import backoff_s
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops
from batchrunner.io.clock import Clock
from batchrunner.providers.provider import Retry

# Source: rule 8 in docs/promises.md.
MOST_UNKNOWNS = 5
_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 300.0


@dataclass(slots=True)
class OutageBackoff:
    """The arithmetic of it: failures, unknown outcomes, and when the next careful submit may leave."""

    unknowns: int = 0
    _failures: int = 0
    _not_before_s: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether submits go one at a time."""
        return self._failures > 0

    @property
    def is_over(self) -> bool:
        """Whether no more money is risked in this run: five unknowns without an acceptance between them."""
        return self.unknowns >= MOST_UNKNOWNS

    def wait_s(self, now_s: float) -> float:
        """How long the next careful submit has to wait."""
        return self._not_before_s - now_s

    def record_unknown(self, now_s: float) -> None:
        """An outcome is unknown: it may have been paid."""
        self.unknowns += 1
        self.record_failure(now_s)

    def record_failure(self, now_s: float) -> None:
        """The service cannot be reached, or a free request is not answered."""
        self._failures += 1
        wait_s = backoff_s(self._failures, _FIRST_WAIT_S, _LONGEST_WAIT_S)
        self._not_before_s = max(self._not_before_s, now_s + wait_s)

    def record_success(self) -> None:
        """One was accepted: all is well."""
        self.unknowns = self._failures = 0
        self._not_before_s = 0.0


class OutageGuard(PassiveGuard):
    """Money that vanished is not followed by more money before a free request is answered."""

    def __init__(
        self, base_url: str, balance: BalanceReader, stops: Stops, wakeup: Wakeup, clock: Clock, events: EventSink
    ) -> None:
        self._base_url = base_url
        self._balance = balance
        self._stops = stops
        self._wakeup = wakeup
        self._clock = clock
        self._events = events
        self._backoff = OutageBackoff()

    @property
    def reason(self) -> str:
        """The service's answer."""
        return f"waiting for {self._base_url} to answer" if self._backoff.is_on else ""

    @property
    def exclusive(self) -> bool:
        """Until one is accepted."""
        return self._backoff.is_on

    @property
    def is_open(self) -> bool:
        """Whether the time of the last failure is over: a new one begins a longer time."""
        return self._wait_s() <= 0

    async def before(self, job: Job) -> None:
        """Waits its time, and then for the answer to a free request; a failure meanwhile begins both anew."""
        while self._backoff.is_on and self._stops.allows(job):
            if not self.is_open:
                await self._wakeup.wait_for(self._wait_s())
            elif await self._is_answering(job) and self.is_open:
                return

    def _wait_s(self) -> float:
        return self._backoff.wait_s(self._clock.monotonic_s())

    async def _is_answering(self, job: Job) -> bool:
        reply = await self._balance.read(lambda: self._stops.allows(job))
        is_answered = reply.retry is Retry.NO
        if not is_answered:
            self._backoff.record_failure(self._clock.monotonic_s())
        return is_answered

    def record(self, job: Job, answer: Answer) -> None:
        """An accepted submit ends the outage, an unknown one or one that could not be sent makes it longer."""
        del job
        now_s = self._clock.monotonic_s()
        if answer.outcome is Outcome.ACCEPTED:
            self._backoff.record_success()
        elif answer.outcome is Outcome.UNKNOWN:
            self._backoff.record_unknown(now_s)
            if self._backoff.is_over:
                self._stops.stop(HoldReason.HALT, f"{MOST_UNKNOWNS} submits in a row have an unknown outcome")
        elif answer.reject_reason is RejectReason.NOT_SENT:
            if not self._backoff.is_on:
                self._events.note(f"{self._base_url} cannot be reached: {answer.message}")
            self._backoff.record_failure(now_s)
