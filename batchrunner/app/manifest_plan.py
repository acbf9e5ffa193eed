"""The plan of a manifest: what a run would do next with each job, why, and for how much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batchrunner.app.approval import chosen, terms
from batchrunner.app.contract_check import check_command, why_refused
from batchrunner.app.decisions import decided_by, limited_to, with_decisions
from batchrunner.app.endpoint import SANDBOX_ACCESS
from batchrunner.app.job_set import wanted_of
from batchrunner.app.run_options import RunOptions
from batchrunner.app.session import in_flight_run, known_ledger
from batchrunner.app.summarize import asked_models, concurrency_of, removed_of, summary_of
from batchrunner.catalog import Model, PriceList
from batchrunner.domain.settings import DEFAULT_MAX_REPLACE
from batchrunner.engine.limit_memory import remembered_slots
from batchrunner.errors import UsageError
from batchrunner.manifest.load import Manifest
from batchrunner.planning.batch import Batch, JobState, load_batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.plan_digest import plan_digest
from batchrunner.reports.plan_table import Planned
from batchrunner.storage.account_limits import NO_LIMITS, own_limits
from batchrunner.storage.interface import AccountReader
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.symlinks import check_symlinks


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Whom a plan would ask: the service's address, and what tells the key apart (None: there is no key yet)."""

    base_url: str
    key_digest: str | None = None

    @property
    def is_paid(self) -> bool:
        """Whether it takes money: the imitated service in this very process takes none."""
        return (self.base_url, self.key_digest) != (SANDBOX_ACCESS.base_url, SANDBOX_ACCESS.key_digest)

    def slots(self, known: AccountReader) -> int | None:
        """How many tasks a run would begin with at once, as runs have learnt it; None where nobody knows."""
        if self.key_digest is None:
            return None
        return remembered_slots(own_limits() if self.is_paid else NO_LIMITS, known, self.key_digest, self.base_url)


def plan_of(
    manifest: Manifest, project: ProjectPaths, prices: PriceList, options: RunOptions, account: AccountRef, now_s: float
) -> tuple[Planned, Sequence[JobState]]:
    """The plan under these options, and how each job stands. Nothing is written, and nobody is asked."""
    check_symlinks(project, manifest.name, [job.output for job in manifest.jobs])
    limits = options.limits(manifest.settings, now_s)
    planning = PlanOptions(limits.retries)
    with known_ledger(project) as ledger:
        flying = in_flight_run(project, ledger, manifest.name)
        slots = account.slots(ledger.account)
        batch = load_batch(project, wanted_of(manifest), ledger, prices, now_s, flying)
        decided = decided_by(options, batch, ledger, limits.retries, now_s)
    if decided is not None:
        planning, batch = limited_to(decided, planning), with_decisions(batch, decided.decisions)
    _, seen = chosen(options, batch, limits, planning)
    planned = planned_of(batch, limits, concurrency_of(limits, slots), seen, account.base_url, now_s)
    return _with_refused(planned, batch, seen) if account.is_paid else planned, seen


def planned_of(
    batch: Batch, limits: EffectiveLimits, concurrency: int, seen: Sequence[JobState], base_url: str, now_s: float
) -> Planned:
    """What there is to show; a job that left the manifest only where something is still to be done with it."""
    summary = summary_of(batch, limits, seen, concurrency, base_url, now_s)
    return Planned(
        states=tuple(s for s in seen if s.job),
        removed=removed_of(batch, seen),
        digest=plan_digest(((s.job, s.step) for s in seen), terms(batch, limits, base_url, summary)),
        summary=replace(summary, max_replaced=DEFAULT_MAX_REPLACE.clips(summary.replaced.finished)),
    )


def _with_refused(planned: Planned, batch: Batch, seen: Sequence[JobState]) -> Planned:
    """The plan with the models that `run` refuses before somebody looked at them."""
    manifest = batch.project.manifest
    refused = [model for model in asked_models(batch, seen) if _is_refused(model, manifest)]
    if not refused:
        return planned
    slugs, check = tuple(model.slug for model in refused), check_command(refused, manifest)
    return replace(planned, summary=replace(planned.summary, refused=slugs, check_command=check))


def _is_refused(model: Model, manifest: Path) -> bool:
    try:
        return bool(why_refused(model, manifest))
    except UsageError:  # what is remembered of it cannot be read: `run` says so
        return True
