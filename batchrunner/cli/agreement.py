"""Agreement: what a run would pay is shown, somebody says yes, and no more than that is ever paid."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

from batchrunner.cli import consent
from batchrunner.cli.order import Order
from batchrunner.cli.selection import Selection, names
from batchrunner.cli.setting import Service
from batchrunner.clock import Clock
from batchrunner.errors import Unauthorized, UsageError
from batchrunner.nouns.job import Job
from batchrunner.nouns.money import NOTHING
from batchrunner.nouns.step import Action, Step, total
from batchrunner.plan import Options
from batchrunner.reports import dated, local, plan_digest
from batchrunner.runner import Batch, Limits, Project, Seen


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody agreed to: no more than this is paid, and for no other jobs."""

    limits: Limits
    options: Options


def agree(order: Order, batch: Batch, limits: Limits, options: Options, service: Service, clock: Clock) -> Agreement:
    """Shows what would be paid, and asks.

    Raises:
        UsageError: the plan is not the one that was named, or a job has no price.
        Unconfirmed: nobody agreed.
        Unauthorized: the key is no good.
        Unaffordable: the balance does not pay for it, and nobody said that a part is enough.
    """
    options, seen = chosen(order, batch, limits, options)
    check_plan(order, seen)
    submits = {s.identity.name: s.step for s in seen if s.step.action is Action.SUBMIT}
    options = replace(options, agreed=frozenset(submits))
    limits = replace(limits, halt_failures=order.halt.failures(len(submits)) if order.halt else None)
    if not submits:
        return Agreement(replace(limits, run_usd=NOTHING), options)
    unpriced = check_prices(order, batch, seen)
    if asyncio.run(service.refuses_key(clock)):
        raise Unauthorized("the service refuses this key: nothing was submitted")
    offer = _offer(batch, limits, submits.values(), asyncio.run(service.balance(clock)), clock)
    consent.ask(offer, yes=order.yes, part_is_enough=order.allow_partial)
    if not unpriced:  # what they cost nobody knows, so that the sum is no limit
        run_usd = offer.most_usd if limits.run_usd is None else min(offer.most_usd, limits.run_usd)
        limits = replace(limits, run_usd=run_usd)
    return Agreement(limits, options)


def chosen(order: Order, batch: Batch, limits: Limits, options: Options) -> tuple[Options, list[Seen]]:
    """The options with the jobs that were selected, and what would be done with every job then."""
    selection = Selection(order.select, order.exclude, order.limit)
    if order.marking is None and not selection.is_all:  # `retry` and `redo` chose before they marked
        options = replace(options, only=names(selection, batch.first_steps(options, None)))
    return options, batch.first_steps(options, batch.purse(limits).room_usd)


def check_plan(order: Order, seen: Iterable[Seen]) -> None:
    """Nothing, where the plan is the one that somebody looked at.

    Raises:
        UsageError: it is another one.
    """
    digest = plan_digest((s.job, s.step) for s in seen)
    if order.plan is not None and order.plan != digest:
        raise UsageError(
            f"the plan is {digest} now, not {order.plan}: look at it with `batchrunner plan`. Nothing was submitted"
        )


def check_prices(order: Order, batch: Batch, seen: Iterable[Seen]) -> int:
    """How many jobs that would be paid have no price: none, unless nobody minds.

    Raises:
        UsageError: one has none.
    """
    unpriced = [s.job for s in seen if s.step.action is Action.SUBMIT and s.job and not batch.is_priced(s.job)]
    if unpriced and not order.allow_unpriced:
        raise UsageError(
            f"{unpriced[0].name} has no price ({unpriced[0].request.model}, as it is written): add it to the prices, "
            "or say --allow-unpriced, and no limit counts it before its bill"
        )
    return len(unpriced)


def _offer(
    batch: Batch, limits: Limits, submits: Iterable[Step], balance_usd: Decimal | None, clock: Clock
) -> consent.Offer:
    submits = list(submits)
    left = None if limits.budget_usd is None else limits.budget_usd - batch.lifetime_usd()
    return consent.Offer(
        manifest=batch.name,
        clips=len(submits),
        cost=total(submits),
        retries=limits.retries,
        priced=dated(batch.prices.priced_on, clock.wall_s()),
        affordable=len(submits) if balance_usd is None else affordable(submits, balance_usd),
        waits_for_balance=limits.waits_for_balance,
        max_cost_usd=limits.run_usd,
        budget_left_usd=left,
        balance_usd=balance_usd,
        folder=str(_common_folder(batch.project, batch.jobs.values())),
        until=None if limits.deadline_s is None else local(limits.deadline_s),
    )


def affordable(submits: Iterable[Step], balance_usd: Decimal) -> int:
    """How many of these, in their order, a balance pays for."""
    sums = accumulate(step.cost.high_usd for step in submits)
    return sum(1 for usd in sums if usd <= balance_usd)


def _common_folder(project: Project, jobs: Iterable[Job]) -> Path:
    """The folder below which all clips go."""
    folders = {project.output(job.output).parent for job in jobs}
    first, *more = sorted(folders)
    while any(not folder.is_relative_to(first) for folder in more):
        first = first.parent
    return first
