"""Whether clips cost what was agreed to: the first of a model by what the account loses, each by its bill."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.money import NOTHING, Cost, dollars
from batchrunner.domain.request import Request
from batchrunner.domain.step import HoldReason
from batchrunner.engine.balance_reader import BalanceReader
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.submit_guard import PassiveGuard
from batchrunner.engine.in_flight import InFlightSubmits
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops
from batchrunner.providers.provider import Retry
from batchrunner.storage.records import HighWaterMark

_MOST = Decimal("1.05")
_HELP = "look up today's prices and pass them with --prices"
_COUNTS = "the next plan counts with that bill; to compare it, look up today's prices (--prices FILE)"
# An account that loses nothing for so long is not paid from by anybody else, as far as one can see.
_QUIET_S = 10.0
# So many clips are compared with the balance before it is said that it cannot be done.
_MOST_CHECKS = 5


@dataclass(frozen=True, slots=True)
class _BalanceBefore:
    """What the account held before a clip that is checked, and what was on record of other runs at that moment."""

    usd: Decimal
    mark: HighWaterMark


@dataclass(frozen=True, slots=True)
class _SuspectedOvercharge:
    """A clip that was checked seems to cost more than was agreed to."""

    identity: JobId
    model: str
    reason: str


@dataclass(slots=True, kw_only=True, eq=False)
class PriceGuard(PassiveGuard):
    """Compares the first clip of each model with the balance, and each bill with its estimate.

    `cost_of` gives today's estimate. Without `submits` nothing is checked that would be paid. `is_outage` tells of a
    service that does not answer just now: then another clip is checked.
    """

    run_id: int
    cost_of: Callable[[Request], Cost]
    balance: BalanceReader
    in_flight: InFlightSubmits
    is_outage: Callable[[], bool]
    stops: Stops
    wakeup: Wakeup
    events: EventSink
    submits: bool
    _checks_left: dict[str, int] = field(init=False, default_factory=dict)
    _before: _BalanceBefore | None = field(init=False, default=None)
    _suspected: _SuspectedOvercharge | None = field(init=False, default=None)
    _suspicions: dict[str, str] = field(init=False, default_factory=dict)
    _overcharges: dict[int, tuple[Decimal, Decimal]] = field(init=False, default_factory=dict)

    @property
    def reason(self) -> str:
        """The bill of a clip that seems to cost too much."""
        return self._suspected.reason if self._suspected else ""

    @property
    def exclusive(self) -> bool:
        """While a clip is checked: what others cost would count for it."""
        return self._before is not None

    @property
    def is_overcharged(self) -> bool:
        """Whether a bill was above what was agreed to."""
        return bool(self._overcharges)

    async def before(self, job: Job) -> None:
        """Waits for the bill of a suspected clip; then reads the balance, if this clip is one to be checked."""
        self._before = None
        while self._suspected and self.stops.allows(job):
            await self.wakeup.wait()
        if self._is_unchecked(job.request.model) and not self.is_outage() and self.stops.allows(job):
            self._before = await self._balance_before(job.request.model, lambda: self.stops.allows(job))

    def _is_unchecked(self, model: str) -> bool:
        """Whether a clip of this model is still to be compared; where nothing is submitted nothing is."""
        return self.submits and self._checks_left.get(model, _MOST_CHECKS) > 0

    async def _balance_before(self, model: str, is_wanted: Callable[[], bool]) -> _BalanceBefore | None:
        """What the account holds before a submit; where it does not say, nothing is checked.

        A clip that is checked because of a suspicion goes at a quiet moment: nobody else pays then, as far as one can
        see.
        """
        while self.in_flight and is_wanted():
            await self.wakeup.wait()  # what they cost would count for this one
        earlier = await self._held(model, is_wanted) if model in self._suspicions else None
        if earlier is not None:
            await self.wakeup.sleep_unless(_QUIET_S, is_wanted)
        mark = self.balance.high_water_mark()
        usd = await self._held(model, is_wanted)
        if usd is None:
            return None
        if earlier is not None and usd < earlier:
            self._check_another(model, "something else is paid from this account")
            return None
        return _BalanceBefore(usd, mark)

    async def _held(self, model: str, is_wanted: Callable[[], bool]) -> Decimal | None:
        reply = await self.balance.read(is_wanted)
        if reply.retry is not Retry.NO:
            self._check_another(model)
        elif reply.usd is None and is_wanted():
            self._checks_left[model] = (
                0  # the service does not give it; where it was not asked, the next clip is checked
            )
        return reply.usd

    async def after(self, job: Job, answer: Answer) -> None:
        """What the account lost by a clip, but for what other runs of this ledger paid meanwhile.

        Too much is suspected only: somebody else may have paid at that moment.
        """
        before, self._before = self._before, None
        if before is None or answer.outcome is not Outcome.ACCEPTED:
            return
        reply = await self.balance.read()
        if reply.retry is not Retry.NO:
            self._check_another(job.request.model)
            return
        self._checks_left[job.request.model] = 0
        if reply.usd is not None:
            lost_usd = before.usd - reply.usd - self.balance.reserved_by_others(before.mark)
            self._compare(job, lost_usd, self.cost_of(job.request).high_usd)

    def _compare(self, job: Job, lost_usd: Decimal, estimate_usd: Decimal) -> None:
        if not _is_above(lost_usd, estimate_usd):
            self._suspicions.pop(job.request.model, None)
            return
        again = job.request.model in self._suspicions
        which = "a second clip, which was submitted alone and" if again else "the first clip, which"
        reason = f"the account lost {dollars(lost_usd)} by {which} was estimated at {dollars(estimate_usd)}"
        self._suspected = _SuspectedOvercharge(job.identity, job.request.model, reason)
        said = "something else may have been paid at that moment: submitting is paused until that clip is billed"
        self.events.note(f"{reason}; {said}")

    def _check_another(self, model: str, why: str = "the service did not say the balance") -> None:
        """The next clip is checked instead; but a balance that the service never gives does not hold up a night."""
        self._checks_left[model] = self._checks_left.get(model, _MOST_CHECKS) - 1
        if self._checks_left[model] == 0:
            self.events.note(f"what the first clips cost could not be checked: {why}")

    def record_bill(self, attempt: Attempt, billed_usd: Decimal) -> None:
        """What a clip was billed, against its estimate: more than 5 % above ends the submits; it is always reported.

        That of an earlier run is compared with today's estimate, too: its price may be known since then.
        """
        estimate_usd = attempt.reserved_usd
        if attempt.run_id == self.run_id:
            self._suspected = None
            self._suspicions.pop(attempt.request.model, None)
            self.wakeup.notify_all()
        else:
            estimate_usd = max(estimate_usd, self.cost_of(attempt.request).high_usd)
        if not _is_above(billed_usd, estimate_usd):
            return
        said = f"a clip was billed {dollars(billed_usd)}, but was estimated at {dollars(estimate_usd)}"
        if self.submits and not self.stops.is_stopped:
            self.stops.stop(HoldReason.PRICE, f"{said}: {_COUNTS}")
        elif not self._overcharges:
            self.events.emit(EventKind.ALARM, said)
        self._overcharges[attempt.id] = billed_usd, estimate_usd

    def report_overcharges(self) -> None:
        """What all clips that were dearer than agreed to cost together, where one alone was reported."""
        if len(self._overcharges) > 1:
            billed_usd, estimate_usd = (sum(usd, NOTHING) for usd in zip(*self._overcharges.values(), strict=True))
            said = f"clips were billed {dollars(billed_usd)}, but were estimated at {dollars(estimate_usd)}"
            self.events.emit(EventKind.ALARM, f"{len(self._overcharges)} {said}")

    def end_suspicion(self, identity: JobId) -> None:
        """A checked clip came to its end, and no bill said what it cost: one is suspected, two are believed."""
        if self._suspected is None or self._suspected.identity != identity:
            return
        suspected, self._suspected = self._suspected, None
        if suspected.model in self._suspicions:
            why = (
                f"{suspected.reason}, as it did before; no bill says what they cost, so an overcharge is only suspected"
            )
            self.stops.stop(HoldReason.PRICE, f"{why}: {_HELP}")
        else:
            self._suspicions[suspected.model], self._checks_left[suspected.model] = suspected.reason, _MOST_CHECKS
            which = "the next one goes alone at a quiet moment, and is compared with the balance, too"
            self.events.note(f"no bill says what the first clip cost: {which}")
            self.wakeup.notify_all()


def _is_above(paid_usd: Decimal, estimate_usd: Decimal) -> bool:
    """Whether it is more than was agreed to; what had no price was agreed to without one."""
    return estimate_usd > 0 and paid_usd > estimate_usd * _MOST
