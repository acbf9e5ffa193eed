"""The plan of a manifest: what a run would do next with each job, why, and for how much."""

from collections.abc import Sequence
from dataclasses import dataclass

from batchrunner.app.approval import chosen, terms
from batchrunner.app.decisions import decided_by, limited_to, with_decisions
from batchrunner.app.job_set import wanted_of
from batchrunner.app.run_options import RunOptions
from batchrunner.app.session import in_flight_run, known_ledger
from batchrunner.app.summarize import basis_of, sends_of
from batchrunner.catalog import PriceList
from batchrunner.domain.settings import DEFAULT_MAX_REPLACE
from batchrunner.domain.step import Action
from batchrunner.engine.scheduling.adaptive_limit import START
from batchrunner.manifest.load import Manifest
from batchrunner.planning.batch import Batch, JobState, load_batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.plan_digest import plan_digest
from batchrunner.planning.replaced import replaced
from batchrunner.reports.expected import expected_s
from batchrunner.reports.plan_table import Planned
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.symlinks import check_symlinks


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Whom a plan would ask: the service's address, and what tells the key apart (None: there is no key yet)."""

    base_url: str
    key_digest: str | None = None


def plan_of(
    manifest: Manifest, project: ProjectPaths, prices: PriceList, options: RunOptions, account: AccountRef, now_s: float
) -> tuple[Planned, Sequence[JobState]]:
    """The plan under these options, and how each job stands. Nothing is written, and nobody is asked."""
    check_symlinks(project, manifest.name, [job.output for job in manifest.jobs])
    limits = options.limits(manifest.settings, now_s)
    planning = PlanOptions(limits.retries)
    with known_ledger(project) as ledger:
        flying = in_flight_run(project, ledger, manifest.name)
        slots = ledger.account.slots(account.key_digest) if account.key_digest else None
        batch = load_batch(project, wanted_of(manifest), ledger, prices, now_s, flying)
        decided = decided_by(options, batch, ledger, limits.retries, now_s)
    if decided is not None:
        planning, batch = limited_to(decided, planning), with_decisions(batch, decided.decisions)
    _, seen = chosen(options, batch, limits, planning)
    return planned_of(batch, limits, limits.concurrency or slots or START, seen, account.base_url, now_s), seen


def planned_of(
    batch: Batch, limits: EffectiveLimits, concurrency: int, seen: list[JobState], base_url: str, now_s: float
) -> Planned:
    """What there is to show; a job that left the manifest only where something is still to be done with it."""
    again = replaced((s.job, s.history, s.step) for s in seen)
    sends = sends_of(batch, seen, base_url)
    wanted = [s.job.request for s in seen if s.job and s.step.action in (Action.SUBMIT, Action.POLL)]
    return Planned(
        steps=tuple((s.identity, s.step) for s in seen if s.job),
        removed=tuple((s.identity, s.step) for s in seen if not s.job and s.step.action is not Action.NONE),
        unpriced=frozenset(s.identity for s in seen if s.job and not batch.is_priced(s.job)),
        basis=basis_of(batch, seen, now_s),
        concurrency=concurrency,
        expected_s=expected_s(wanted, batch.histories.values(), concurrency, batch.catalog.latency_kind),
        digest=plan_digest(((s.job, s.step) for s in seen), terms(batch, limits, base_url, again, sends)),
        retries=limits.retries,
        limits_usd=(batch.budget(limits).room_usd,),
        replaced=again,
        max_replaced=DEFAULT_MAX_REPLACE.clips(again.finished),
        outgoing=sends,
    )
