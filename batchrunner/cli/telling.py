"""What `status` and `report` have in common: all that is known, from the ledger alone."""

from dataclasses import replace
from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli.setting import in_flight_run, known_ledger, project_of, wanted_or_remembered
from batchrunner.cli.work import report_of
from batchrunner.ledger import Ledger
from batchrunner.plan import Options
from batchrunner.reports import Report
from batchrunner.runner import Seen, gather


def known(manifest: Path, profile: str, ledger: Path | None, *, sandbox: bool) -> tuple[Report, list[Seen]]:
    """The report of a manifest as it stands, with its last run; and each job's memory and next step."""
    project = project_of(manifest, ledger, sandbox=sandbox)
    with Ledger.reading(project.ledger) as book:
        wanted, is_current = wanted_or_remembered(manifest, profile, project, book)
    with known_ledger(project, wanted.name) as book:
        batch = gather(project, wanted, book, shipped_prices(), in_flight_run(project, book, wanted.name))
        last = book.last_run(wanted.name, profile)
    if not is_current:
        click.echo(f"{manifest} has mistakes just now: this is what its last run wanted", err=True)
    seen = batch.first_steps(Options(), None)
    report = report_of(batch, seen)
    if last is None:
        return report, seen
    report = replace(report, run_id=last.id, exit_code=last.exit_code)
    return replace(report, started_at_s=last.started_at_s, finished_at_s=last.ended_at_s), seen
