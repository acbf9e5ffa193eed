"""Whether clips cost what was agreed to: the first by what the account loses, each by what the service bills."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from batchrunner.errors import LedgerError
from batchrunner.events import Happened, Kind
from batchrunner.modellix import BalanceReply
from batchrunner.nouns.facts import Attempt
from batchrunner.nouns.job import Identity
from batchrunner.nouns.money import dollars
from batchrunner.nouns.step import Block
from batchrunner.runner.run import Doubt, Run

_MOST = Decimal("1.05")
_MEND = "look up today's prices, and name them with --prices"


def _is_above(paid_usd: Decimal, estimate_usd: Decimal) -> bool:
    """Whether it is more than was agreed to; what had no price was agreed to without one."""
    return estimate_usd > 0 and paid_usd > estimate_usd * _MOST


async def weigh_before(run: Run, is_wanted: Callable[[], bool]) -> Decimal | None:
    """What the account holds before the first submit; where it does not say, nothing is weighed."""
    while run.posts and is_wanted():
        await run.bell.heard()  # what they cost would count for this one
    reply = await read_balance(run, is_wanted)
    if reply.is_trouble:
        _weigh_another(run)
    elif reply.usd is None:
        run.weighings = 0
    return reply.usd


async def weigh_after(run: Run, identity: Identity, before_usd: Decimal, estimate_usd: Decimal) -> None:
    """What the account lost by the first clip. Too much is a doubt: another run may have paid at that moment."""
    reply = await read_balance(run)
    if reply.is_trouble:
        _weigh_another(run)
        return
    run.weighings = 0
    if reply.usd is None or not _is_above(before_usd - reply.usd, estimate_usd):
        return
    lost, estimate = dollars(before_usd - reply.usd), dollars(estimate_usd)
    run.doubt = Doubt(identity, f"the account lost {lost} by the first clip, which was estimated at {estimate}")
    run.tell(Happened(Kind.NOTE, f"{run.doubt.reason}: no more submits before its bill is known"))


def _weigh_another(run: Run) -> None:
    """The next clip is weighed instead; but a balance that is never told does not hold up a night."""
    run.weighings -= 1
    if run.weighings == 0:
        run.say("what the first clips cost could not be checked: the balance was not answered")


def heed_bill(run: Run, attempt: Attempt) -> None:
    """What a clip of this run was billed, against its estimate: more than 5 % above ends the submits."""
    billed_usd = attempt.billed_usd
    if attempt.run_id != run.run_id or billed_usd is None:
        return
    run.doubt = None
    if _is_above(billed_usd, attempt.reserved_usd):
        billed, estimate = dollars(billed_usd), dollars(attempt.reserved_usd)
        run.stop(Block.PRICE, f"a clip was billed {billed}, and was estimated at {estimate}: {_MEND}")


def end_doubt(run: Run, identity: Identity) -> None:
    """The first clip came to its end, and no bill said what it cost: then the doubt is believed."""
    if run.doubt and run.doubt.identity == identity:
        run.stop(Block.PRICE, f"{run.doubt.reason}: {_MEND}")
        run.doubt = None


async def read_balance(run: Run, is_wanted: Callable[[], bool] = lambda: True) -> BalanceReply:
    """What the account holds just now, put on record; not told, if it is not wanted any more when its turn comes."""
    if not await run.traffic.turn(is_wanted):
        return BalanceReply()
    reply = await run.service.balance()
    run.heed(reply.limits, refused=reply.is_refused)
    if reply.usd is not None:
        with suppress(LedgerError):  # what matters more says so by itself
            run.ledger.account.told_balance(run.run_id, run.access.key_digest, reply.usd, run.clock.wall_s())
    return reply
