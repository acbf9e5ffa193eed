"""Agreement: what a run would pay is shown, somebody says yes, and no more than that is ever paid."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

from batchrunner.app.contract_check import remember_paid, why_refused
from batchrunner.app.endpoint import KEY_REFUSED, Endpoint
from batchrunner.app.offer import Offer
from batchrunner.app.run_options import RunOptions
from batchrunner.app.selection import Selection, matching, names
from batchrunner.app.summarize import asked_models, concurrency_of, summary_of
from batchrunner.catalog import Catalog, Model
from batchrunner.domain.job import Job
from batchrunner.domain.money import NOTHING, dollars
from batchrunner.domain.settings import DEFAULT_MAX_REPLACE
from batchrunner.domain.step import Action, Step
from batchrunner.domain.text import local, plural
from batchrunner.errors import Unauthorized, UsageError
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch, JobState
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.plan_digest import Terms, difference, plan_digest
from batchrunner.planning.plan_summary import PlanSummary
from batchrunner.planning.replaced import Replaced
from batchrunner.storage.output_folders import folder_faults, try_folders
from batchrunner.storage.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody agreed to: no more than this is paid, and for no other jobs."""

    limits: EffectiveLimits
    options: PlanOptions


# Whoever agrees returns; whoever does not raises NotConfirmed or InsufficientBalance.
Ask = Callable[[Offer], None]


async def approve(
    order: RunOptions,
    batch: Batch,
    limits: EffectiveLimits,
    options: PlanOptions,
    *,
    endpoint: Endpoint,
    ask: Ask,
    clock: Clock,
    slots: int | None = None,
) -> Approval:
    """Checks what may be checked before anything is paid, and lets somebody agree to the rest.

    `slots` is how many tasks the account runs at once, as far as that is known.

    Raises:
        UsageError: the plan is not the one that was named, or a job has no price.
        NotConfirmed: nobody agreed.
        Unauthorized: the key is no good.
        InsufficientBalance: the balance does not pay for it, and nobody said that a part is enough.
    """
    options, seen = chosen(order, batch, limits, options)
    base_url, at_once = endpoint.access.base_url, concurrency_of(limits, slots)
    summary = summary_of(batch, limits, seen, at_once, base_url, clock.wall_s(), hook=order.notify)
    check_plan(order, seen, terms(batch, limits, base_url, summary))
    submits = {s.identity.name: s.step for s in seen if s.step.action is Action.SUBMIT}
    options = replace(options, agreed=frozenset(submits))
    limits = replace(limits, halt_failures=order.halt.failures(len(submits)) if order.halt else None)
    if not submits:
        return Approval(replace(limits, run_usd=NOTHING), options)
    check_replaced(order, summary.replaced)
    refuse_faults(folder_faults({*_folders_of(batch, seen), *_folders_of_versions(batch, seen)}))
    check_prices(order, batch, seen)
    asked = asked_models(batch, seen) if endpoint.is_paid else []
    check_contracts(asked, batch.project.manifest, accept_drift=order.accept_drift)
    if await endpoint.refuses_key(clock):
        raise Unauthorized(KEY_REFUSED)
    ask(_offer(batch, limits, summary, list(submits.values()), await endpoint.balance(clock)))
    refuse_faults(try_folders(batch.project.safe, _folders_of(batch, seen)))  # now that something may be written
    for model in asked:
        remember_paid(model, accept_drift=order.accept_drift)
    # what jobs without a price cost nobody knows, so that the sum is no limit
    caps = (limits.run_usd, order.most_usd, summary.most_usd)
    return Approval(replace(limits, run_usd=min((usd for usd in caps if usd is not None), default=None)), options)


def chosen(
    order: RunOptions, batch: Batch, limits: EffectiveLimits, options: PlanOptions
) -> tuple[PlanOptions, list[JobState]]:
    """The options with the jobs that were selected, and what would be done with every job then."""
    if order.marking is None and not order.selection.is_all:  # `retry` and `redo` chose before they marked
        seen = batch.first_steps(options, None)
        if not order.submits:
            meant = matching(order.selection, seen, batch.catalog, with_removed=True)
            return replace(options, fetched=frozenset(each.identity.name for each in meant)), seen
        only = names(order.selection, seen, batch.catalog)
        options = replace(options, only=only, over_limit=_over_limit(order.selection, seen, batch.catalog))
    return options, batch.first_steps(options, batch.budget(limits).room_usd)


def _over_limit(selection: Selection, seen: Sequence[JobState], catalog: Catalog) -> frozenset[str]:
    """The names of the jobs that only the limit leaves out, and of some that have nothing to do."""
    if selection.limit is None:
        return frozenset()
    return names(replace(selection, limit=None), seen, catalog) or frozenset(each.identity.name for each in seen)


def terms(batch: Batch, limits: EffectiveLimits, base_url: str, summary: PlanSummary) -> Terms:
    """What a plan is about beside its jobs."""
    priced_on, limits_usd = batch.prices.priced_on, (limits.run_usd, limits.budget_usd)
    return Terms(base_url, priced_on, limits.retries, *limits_usd, summary.replaced, summary.outgoing.names)


def check_plan(order: RunOptions, seen: Iterable[JobState], agreed: Terms) -> None:
    """Nothing, where the plan is the one that somebody looked at.

    Raises:
        UsageError: it is another one.
    """
    if order.plan is None:
        return
    planned = [(s.job, s.step) for s in seen]
    digest = plan_digest(planned, agreed)
    if order.plan != digest:
        why = difference(planned, agreed, order.plan)
        raise UsageError(
            f"the plan is {digest} now, not {order.plan}{f' ({why})' if why else ''}: check it with "
            "`batchrunner plan`. Nothing was submitted"
        )


def check_replaced(order: RunOptions, again: Replaced) -> None:
    """Nothing, where no more finished clips are rendered again than somebody may mean.

    Raises:
        UsageError: a slip in a default looks like this.
    """
    if order.max_replace is None and order.plan is not None:
        return  # whoever names a plan has seen it there
    most = (order.max_replace or DEFAULT_MAX_REPLACE).clips(again.finished)
    if again.clips > most:
        raise UsageError(
            f"{again.clips} of {plural(again.finished, 'finished clip')} would be rendered again (already paid: "
            f"{dollars(again.had_cost_usd)}): {again.why()}. That is more than {most}: to allow it, pass "
            f"--max-replace {again.clips}. Nothing was submitted"
        )


def _folders_of(batch: Batch, seen: Iterable[JobState]) -> set[Path]:
    """Where the clips go that would be paid."""
    return {batch.project.output(s.job.output).parent for s in seen if s.job and s.step.action is Action.SUBMIT}


def _folders_of_versions(batch: Batch, seen: Iterable[JobState]) -> set[Path]:
    """Where those go that they replace."""
    return {folder / "versions" for folder in _folders_of(batch, (s for s in seen if s.history.attempts))}


def refuse_faults(faults: list[str]) -> None:
    """Nothing, where the disk takes the clips that would be paid.

    Raises:
        UsageError: it does not.
    """
    if faults:
        raise UsageError(f"clips cannot be written: {'; '.join(faults)}. Fix this and run again. Nothing was submitted")


def check_prices(order: RunOptions, batch: Batch, seen: Iterable[JobState]) -> None:
    """Nothing, where each job that would be paid has a price, or nobody minds.

    Raises:
        UsageError: one has none.
    """
    unpriced = [s.job for s in seen if s.step.action is Action.SUBMIT and s.job and not batch.is_priced(s.job)]
    if unpriced and not order.allow_unpriced:
        raise UsageError(
            f"{unpriced[0].name} has no price ({unpriced[0].request.model}, as it is written): add it to the prices, "
            "or pass --allow-unpriced; cost limits then ignore it until it is billed"
        )


def check_contracts(models: Iterable[Model], manifest: Path, *, accept_drift: bool) -> None:
    """Nothing, where no contract has changed that nobody looked at.

    Raises:
        UsageError: one has.
    """
    refused = [why for model in models if (why := why_refused(model, manifest))]
    if refused and not accept_drift:
        raise UsageError(refused[0])


def _offer(
    batch: Batch, limits: EffectiveLimits, summary: PlanSummary, submits: Sequence[Step], balance_usd: Decimal | None
) -> Offer:
    return Offer(
        summary=summary,
        affordable=len(submits) if balance_usd is None else affordable(submits, balance_usd),
        waits_for_balance=limits.waits_for_balance,
        balance_usd=balance_usd,
        folder=str(_common_folder(batch.project, batch.jobs.values())),
        until=None if limits.deadline_s is None else local(limits.deadline_s),
    )


def affordable(submits: Iterable[Step], balance_usd: Decimal) -> int:
    """How many of these, in their order, a balance pays for."""
    sums = accumulate(step.cost.high_usd for step in submits)
    return sum(1 for usd in sums if usd <= balance_usd)


def _common_folder(project: ProjectPaths, jobs: Iterable[Job]) -> Path:
    """The folder below which all clips go."""
    folders = {project.output(job.output).parent for job in jobs}
    first, *more = sorted(folders)
    while any(not folder.is_relative_to(first) for folder in more):
        first = first.parent
    return first
