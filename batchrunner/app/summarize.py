"""What a plan comes to, for everybody who is shown it."""

from collections.abc import Iterable, Sequence

from batchrunner.catalog import Model
from batchrunner.domain.step import Action, HoldReason
from batchrunner.domain.text import day_of
from batchrunner.engine.scheduling.adaptive_limit import START
from batchrunner.planning.batch import Batch, JobState
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.outgoing import outgoing
from batchrunner.planning.plan_summary import PlanSummary, groups
from batchrunner.planning.price_basis import price_basis
from batchrunner.planning.replaced import replaced
from batchrunner.reports.expected import expected_s


def summary_of(
    batch: Batch,
    limits: EffectiveLimits,
    seen: Sequence[JobState],
    concurrency: int,
    base_url: str,
    now_s: float,
    *,
    hook: str | None = None,
) -> PlanSummary:
    """What all these steps come to, under the address of a service and of a web hook.

    Jobs of other manifests that are brought to their end beside them are not told.
    """
    wanted = [s for s in seen if s.job]
    submitted = [s.job for s in wanted if s.job and s.step.action is Action.SUBMIT]
    unpriced = {job.identity: job.name for job in submitted if not batch.is_priced(job)}
    rendered = [s.job.request for s in wanted if s.job and s.step.action in (Action.SUBMIT, Action.POLL)]
    takes_s = expected_s(rendered, batch.histories.values(), concurrency, batch.catalog.latency_kind)
    return PlanSummary(
        title=f"{batch.name} ({batch.profile})" if batch.profile else batch.name,
        groups=groups(wanted, unpriced.keys()),
        removed=groups(removed_of(batch, seen)),
        basis=price_basis(submitted, batch.estimates, day_of(now_s)),
        concurrency=concurrency,
        expected_s=takes_s,
        ends_at_s=now_s + takes_s,
        retries=limits.retries,
        max_cost_usd=limits.run_usd,
        budget_left_usd=None if limits.budget_usd is None else limits.budget_usd - batch.lifetime_usd(),
        uncovered=tuple(s.identity.name for s in wanted if s.step.hold_reason is HoldReason.COST_LIMIT),
        unpriced=tuple(unpriced.values()),
        replaced=replaced((s.job, s.history, s.step) for s in seen),
        outgoing=outgoing(submitted, batch.catalog, batch.sources, base_url, hook),
    )


def concurrency_of(limits: EffectiveLimits, slots: int | None) -> int:
    """How many tasks run at once in the end: as many as was said, as the account takes, or as a run begins with."""
    return limits.concurrency or slots or START


def asked_models(batch: Batch, seen: Iterable[JobState]) -> list[Model]:
    """The models that would be asked for clips."""
    slugs = dict.fromkeys(s.job.request.model for s in seen if s.job and s.step.action is Action.SUBMIT)
    return [model for model in map(batch.catalog.find, slugs) if model]


def removed_of(batch: Batch, seen: Iterable[JobState]) -> tuple[JobState, ...]:
    """The jobs that left the manifest and with which something is still to be done."""
    left = (s for s in seen if s.job is None and s.identity.manifest == batch.name)
    return tuple(s for s in left if s.step.action is not Action.NONE)
