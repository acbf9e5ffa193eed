"""How the jobs of a manifest stand: all that is known, from the ledger alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from batchrunner.app.job_set import wanted_or_remembered
from batchrunner.app.selection import ALL, Selection, matching
from batchrunner.app.session import in_flight_run, known_ledger
from batchrunner.catalog import Catalog, PriceList
from batchrunner.domain.money import NOTHING
from batchrunner.domain.status import Status
from batchrunner.domain.text import day_of
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.manifest.load import Manifest
from batchrunner.planning.batch import Batch, JobState, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.price_basis import price_basis
from batchrunner.reports.report import Report, ReportRow, Spending, row_of
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class ManifestStatus:
    """The report of a manifest as it stands, with its last run; and each job's memory and next step.

    `is_current`: the manifest itself says what is wanted; else it has mistakes just now, and its last run does.
    """

    report: Report
    states: tuple[JobState, ...]
    is_current: bool
    catalog: Catalog


def status_of(
    manifest: Manifest, project: ProjectPaths, prices: PriceList, now_s: float, selection: Selection = ALL
) -> ManifestStatus:
    """All that is known of a manifest, from the ledger alone; or of those of its jobs that are selected.

    Raises:
        InvalidManifest: it has errors, and it never ran.
        UsageError: nothing is selected, or there is no such job, word or file.
    """
    with read_ledger(project.ledger) as book:
        wanted, is_current = wanted_or_remembered(manifest, project, book)
    with known_ledger(project) as book:
        batch = load_batch(project, wanted, book, prices, now_s, in_flight_run(project, book, wanted.name))
        last = book.last_run(wanted.name, wanted.profile)
        balances = book.account.balances(last.id) if last else ()
    seen = batch.first_steps(PlanOptions(), None)
    if not selection.is_all:
        seen = matching(selection, seen, batch.catalog, with_removed=True)
        batch = replace(batch, jobs={each.identity: each.job for each in seen if each.job})
    report = report_of(batch, seen, now_s)
    if last is not None:
        report = replace(
            report,
            run_id=last.id,
            exit_code=last.exit_code,
            spending=Spending(balances),
            started_at_s=last.started_at_s,
            finished_at_s=last.ended_at_s,
        )
    return ManifestStatus(report, tuple(seen), is_current, batch.catalog)


def report_of(batch: Batch, seen: Iterable[JobState], now_s: float) -> Report:
    """The report of a batch whose jobs stand like this; its run is not told of yet."""
    forecasts = LatencyModels(batch.all_histories(), batch.catalog.latency_kind)
    rows = [(s.job is None, _row(s, batch, forecasts, now_s)) for s in seen]
    return Report(
        manifest=batch.name,
        profile=batch.profile,
        run_id=None,
        started_at_s=None,
        finished_at_s=None,
        exit_code=None,
        rows=tuple(row for removed, row in rows if not removed),
        removed=tuple(row for removed, row in rows if removed),
        estimated_usd=sum((batch.cost(job).high_usd for job in batch.jobs.values()), NOTHING),
        basis=price_basis(batch.jobs.values(), batch.estimates, day_of(now_s)),
    )


def _row(seen: JobState, batch: Batch, forecasts: LatencyModels, now_s: float) -> ReportRow:
    attempt, job = seen.step.attempt, seen.job
    is_stuck = (
        attempt is not None
        and seen.step.status is Status.RUNNING
        and forecasts.of(attempt.request).is_far_beyond(now_s - attempt.opened_at_s)
    )
    return row_of(
        seen.identity,
        job,
        seen.history,
        seen.step,
        batch.catalog,
        seen.older,
        estimated_usd=batch.cost(job).high_usd if job and batch.is_priced(job) else None,
        is_stuck=is_stuck,
    )
