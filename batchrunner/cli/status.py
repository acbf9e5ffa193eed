"""`batchrunner status`."""

import json
from dataclasses import replace
from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli.options import format_option, ledger_option, manifest_argument, profile_option, sandbox_option
from batchrunner.cli.setting import in_flight_run, project_of, wanted_or_remembered
from batchrunner.cli.work import report_of
from batchrunner.ledger import Ledger
from batchrunner.plan import Options
from batchrunner.reports import as_json, next_commands, summary
from batchrunner.runner import gather


@click.command()
@manifest_argument
@profile_option
@ledger_option
@sandbox_option
@format_option("table", "json")
def command(manifest: Path, profile: str, ledger: Path | None, sandbox: bool, form: str) -> None:
    """Tell what is known of each job; works beside a run.

    Takes no lock, needs no key, asks nobody.

    Example: batchrunner status shots.yaml
    """
    project = project_of(manifest, ledger, sandbox=sandbox)
    with Ledger.reading(project.ledger) as book:
        wanted, is_current = wanted_or_remembered(manifest, profile, project, book)
        flying = in_flight_run(project, book, wanted.name)
        batch = gather(project, wanted, book, shipped_prices(), flying)
        last = book.last_run(wanted.name, profile)
    if not is_current:
        click.echo(f"{manifest} has mistakes just now: this is what its last run wanted", err=True)
    report = report_of(batch, batch.first_steps(Options(), None))
    if last:
        report = replace(
            report,
            run_id=last.id,
            started_at_s=last.started_at_s,
            finished_at_s=last.ended_at_s,
            exit_code=last.exit_code,
        )
    if form == "json":
        click.echo(json.dumps(as_json(report), indent=2))
        return
    click.echo(summary(report))
    for line in next_commands((*report.rows, *report.departed), str(manifest)):
        click.echo(line)
