"""Whether clips cost what was agreed to: the first by what the account loses, each by what the service bills."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.event import EventKind, RunEvent
from batchrunner.domain.job import JobId
from batchrunner.domain.money import NOTHING, dollars
from batchrunner.domain.step import HoldReason
from batchrunner.engine.run import MOST_CHECKS, Run, SuspectedOvercharge
from batchrunner.errors import LedgerError
from batchrunner.providers.modellix import BalanceReply
from batchrunner.storage.records import HighWaterMark

_MOST = Decimal("1.05")
_MEND = "look up today's prices, and name them with --prices"
# An account that loses nothing for so long is not paid from by anybody else, as far as one can see.
_QUIET_S = 10.0


@dataclass(frozen=True, slots=True)
class BalanceBefore:
    """What the account held before a clip that is weighed, and what was on record of other runs at that moment."""

    usd: Decimal
    moment: HighWaterMark


def _is_above(paid_usd: Decimal, estimate_usd: Decimal) -> bool:
    """Whether it is more than was agreed to; what had no price was agreed to without one."""
    return estimate_usd > 0 and paid_usd > estimate_usd * _MOST


async def balance_before(run: Run, is_wanted: Callable[[], bool]) -> BalanceBefore | None:
    """What the account holds before a submit; where it does not say, nothing is weighed.

    A clip that is weighed because of a suspicion goes at a quiet moment: nobody else pays then, as far as one can see.
    """
    while run.posts and is_wanted():
        await run.wakeup.wait()  # what they cost would count for this one
    earlier = await _held(run, is_wanted) if run.suspicion else None
    if earlier is not None:
        await run.wakeup.sleep_unless(_QUIET_S, is_wanted)
    moment = run.ledger.account.high_water_mark()
    usd = await _held(run, is_wanted)
    if usd is None:
        return None
    if earlier is not None and usd < earlier:
        _check_another(run, "somebody else pays from this account")
        return None
    return BalanceBefore(usd, moment)


async def _held(run: Run, is_wanted: Callable[[], bool]) -> Decimal | None:
    reply = await read_balance(run, is_wanted)
    if reply.is_trouble:
        _check_another(run)
    elif reply.usd is None:
        run.checks_left = 0
    return reply.usd


async def compare_balance(run: Run, identity: JobId, before: BalanceBefore, estimate_usd: Decimal) -> None:
    """What the account lost by a clip, but for what other runs of this ledger paid meanwhile.

    Too much is a doubt: somebody else may have paid at that moment.
    """
    reply = await read_balance(run)
    if reply.is_trouble:
        _check_another(run)
        return
    run.checks_left = 0
    if reply.usd is None:
        return
    beside_usd = run.ledger.account.reserved_by_others(run.run_id, run.access.key_digest, before.moment)
    lost_usd = before.usd - reply.usd - beside_usd
    if not _is_above(lost_usd, estimate_usd):
        run.suspicion = ""
        return
    which = "a second clip, which went alone and" if run.suspicion else "the first clip, which"
    lost, estimate = dollars(lost_usd), dollars(estimate_usd)
    run.suspected_overcharge = SuspectedOvercharge(
        identity, f"the account lost {lost} by {which} was estimated at {estimate}"
    )
    reason = run.suspected_overcharge.reason
    said = f"{reason}; somebody else may have paid at that moment: no more submits before its bill is known"
    run.tell(RunEvent(EventKind.NOTE, said))


def _check_another(run: Run, why: str = "the balance was not answered") -> None:
    """The next clip is weighed instead; but a balance that is never told does not hold up a night."""
    run.checks_left -= 1
    if run.checks_left == 0:
        run.say(f"what the first clips cost could not be checked: {why}")


def heed_bill(run: Run, attempt: Attempt, billed_usd: Decimal) -> None:
    """What a clip was billed, against its estimate: more than 5 % above ends the submits, and is told in any case.

    That of an earlier run is compared with today's estimate, too: its price may be known since then.
    """
    estimate_usd = attempt.reserved_usd
    if attempt.run_id == run.run_id:
        run.suspected_overcharge, run.suspicion = None, ""
    else:
        estimate_usd = max(estimate_usd, run.batch.prices.cost(attempt.request).high_usd)
    if not _is_above(billed_usd, estimate_usd):
        return
    said = f"a clip was billed {dollars(billed_usd)}, and was estimated at {dollars(estimate_usd)}"
    if run.submits and not run.is_stopped:
        run.stop(HoldReason.PRICE, f"{said}: {_MEND}")
    elif not run.overcharges:
        run.tell(RunEvent(EventKind.ALARM, said))
    run.overcharges[attempt.id] = billed_usd, estimate_usd


def tell_overcharges(run: Run) -> None:
    """What all clips that were dearer than agreed to cost together, where one alone was told."""
    if len(run.overcharges) > 1:
        billed_usd, estimate_usd = (sum(usd, NOTHING) for usd in zip(*run.overcharges.values(), strict=True))
        said = f"clips were billed {dollars(billed_usd)}, and were estimated at {dollars(estimate_usd)}"
        run.tell(RunEvent(EventKind.ALARM, f"{len(run.overcharges)} {said}"))


def end_suspicion(run: Run, identity: JobId) -> None:
    """A clip that was weighed came to its end, and no bill said what it cost: one is a suspicion, two are believed."""
    if run.suspected_overcharge is None or run.suspected_overcharge.identity != identity:
        return
    doubt, run.suspected_overcharge = run.suspected_overcharge, None
    if run.suspicion:
        why = f"{doubt.reason}, as by one before it; no bill says what they cost, so it is only suspected"
        run.stop(HoldReason.PRICE, f"{why}: {_MEND}")
    else:
        run.suspicion, run.checks_left = doubt.reason, MOST_CHECKS
        run.say("no bill says what the first clip cost: the next one goes alone at a quiet moment, and is weighed, too")
        run.nudge()


async def read_balance(run: Run, is_wanted: Callable[[], bool] = lambda: True) -> BalanceReply:
    """What the account holds just now, put on record; not told, if it is not wanted any more when its turn comes."""
    if not await run.gate.acquire(is_wanted):
        return BalanceReply()
    reply = await run.service.balance()
    run.heed(reply.limits, refused=reply.is_refused)
    if reply.usd is not None:
        with suppress(LedgerError):  # what matters more says so by itself
            run.ledger.account.record_balance(run.run_id, run.access.key_digest, reply.usd, run.clock.wall_s())
    return reply
