"""The balance: what happens when it is used up."""

from collections.abc import Callable

from batchrunner.domain.attempt import Answer, Outcome, RejectReason
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job
from batchrunner.domain.money import Cost
from batchrunner.domain.observation import without_codes
from batchrunner.domain.step import HoldReason
from batchrunner.engine.balance_reader import BalanceReader
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.submit_guard import PassiveGuard
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops

# How often an account that is used up is asked.
_TOP_UP_S = 60.0


class BalanceGuard(PassiveGuard):
    """With `waits`, submits wait for a top-up; without, an account that is used up ends them.

    While they wait, the next one goes alone: a refusal is free, an accepted one shows that the money is there.
    """

    def __init__(
        self,
        balance: BalanceReader,
        cost_of: Callable[[Job], Cost],
        stops: Stops,
        wakeup: Wakeup,
        events: EventSink,
        *,
        waits: bool,
    ) -> None:
        self._balance = balance
        self._cost_of = cost_of
        self._stops = stops
        self._wakeup = wakeup
        self._events = events
        self._waits = waits
        self._is_used_up = False
        self._is_open = True

    @property
    def reason(self) -> str:
        """A top-up, while the account is used up."""
        return "waiting for the balance to be topped up" if self._is_used_up else ""

    @property
    def exclusive(self) -> bool:
        """While the account was used up at last."""
        return self._is_used_up

    @property
    def is_open(self) -> bool:
        """Whether no submit was refused since the last one was let through."""
        return self._is_open

    async def before(self, job: Job) -> None:
        """Asks again and again until the account holds enough; where it does not say, the submit is tried."""
        await self._wait(job)
        self._is_open = True

    async def _wait(self, job: Job) -> None:
        while self._is_used_up and self._stops.allows(job):
            await self._wakeup.sleep_unless(_TOP_UP_S, lambda: self._stops.allows(job))
            if not self._stops.allows(job):
                return
            reply = await self._balance.read(lambda: self._stops.allows(job))
            if reply.usd is None or reply.usd >= self._cost_of(job).high_usd:
                return

    def record(self, job: Job, answer: Answer) -> None:
        """The account does not pay for this submit."""
        del job
        if answer.reject_reason is not RejectReason.BALANCE:
            return
        if not self._waits:
            self._stops.stop(HoldReason.BALANCE, f"the balance is used up: {without_codes(answer.message)}")
            return
        self._is_open = False
        if not self._is_used_up:
            self._is_used_up = True
            said = f"the balance is used up, waiting for a top-up: {without_codes(answer.message)}"
            self._events.emit(EventKind.WAIT, said)

    async def after(self, job: Job, answer: Answer) -> None:
        """An accepted submit shows that the account was topped up."""
        del job
        if answer.outcome is Outcome.ACCEPTED:
            self._is_used_up = False
            self._events.note("the balance was topped up: submitting continues")
