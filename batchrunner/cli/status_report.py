"""What `status` and `report` have in common: all that is known, from the ledger alone."""

import os.path
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from batchrunner.cli.context import in_flight_run, known_ledger, prices_of, project_of, wanted_or_remembered
from batchrunner.cli.terminal import hand_over, say, say_lines, width
from batchrunner.domain.money import NOTHING
from batchrunner.domain.status import Status
from batchrunner.domain.text import Lines
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch, JobState, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.reports.formats.registry import render
from batchrunner.reports.report import Report, ReportRow, Spending, row_of
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import Project


def known(
    manifest: Path, profile: str, ledger: Path | None, prices: Path | None = None, *, sandbox: bool
) -> tuple[Report, list[JobState]]:
    """The report of a manifest as it stands, with its last run; and each job's memory and next step."""
    project = project_of(manifest, ledger, sandbox=sandbox)
    with read_ledger(project.ledger) as book:
        wanted, is_current = wanted_or_remembered(manifest, profile, project, book)
    with known_ledger(project) as book:
        batch = load_batch(project, wanted, book, prices_of(prices), in_flight_run(project, book, wanted.name))
        last = book.last_run(wanted.name, profile)
        balances = book.account.balances(last.id) if last else ()
    if not is_current:
        say(f"{manifest} has mistakes just now: this is what its last run wanted", err=True)
    seen = batch.first_steps(PlanOptions(), None)
    report = report_of(batch, seen, Clock().wall_s())
    if last is None:
        return report, seen
    report = replace(report, run_id=last.id, exit_code=last.exit_code, spending=Spending(balances))
    return replace(report, started_at_s=last.started_at_s, finished_at_s=last.ended_at_s), seen


def report_of(batch: Batch, seen: Iterable[JobState], now_s: float) -> Report:
    """The report of a batch whose jobs stand like this; its run is not told of yet."""
    forecasts = LatencyModels(batch.all_histories())
    rows = [(s.job is None, _row(s, forecasts, now_s)) for s in seen]
    return Report(
        manifest=batch.name,
        profile=batch.profile,
        run_id=None,
        started_at_s=None,
        finished_at_s=None,
        exit_code=None,
        rows=tuple(row for departed, row in rows if not departed),
        departed=tuple(row for departed, row in rows if departed),
        estimated_usd=sum((batch.cost(job).high_usd for job in batch.jobs.values()), NOTHING),
        priced_on=batch.prices.priced_on,
    )


def shown(report: Report, form: str, project: Project, seconds: float | None = None) -> Lines:
    """The report for stdout: its paths are seen from this folder, its table fits the terminal."""
    return render(report, form, seconds, os.path.relpath(project.root), width())


def say_report(text: Lines, form: str) -> None:
    """Prints a report: for people so that it does nothing to their terminal, for programs as it is."""
    if form == "table":
        say_lines(text)
    else:
        hand_over(text)


def _row(seen: JobState, forecasts: LatencyModels, now_s: float) -> ReportRow:
    attempt = seen.step.attempt
    is_stuck = (
        attempt is not None
        and seen.step.status is Status.RUNNING
        and forecasts.of(attempt.request).is_far_beyond(now_s - attempt.opened_at_s)
    )
    return row_of(seen.identity, seen.job, seen.history, seen.step, seen.older, is_stuck=is_stuck)
