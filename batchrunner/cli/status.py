"""`batchrunner status`."""

import json
from dataclasses import replace
from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli.options import format_option, ledger_option, manifest_argument, sandbox_option
from batchrunner.cli.setting import in_flight_run, project_of, wanted
from batchrunner.cli.work import report_of
from batchrunner.ledger import Ledger
from batchrunner.plan import Options
from batchrunner.reports import as_json, next_commands, summary
from batchrunner.runner import gather


@click.command()
@manifest_argument
@ledger_option
@sandbox_option
@format_option("table", "json")
def command(manifest: Path, ledger: Path | None, sandbox: bool, form: str) -> None:
    """Tell what is known of each job; works beside a run.

    Takes no lock, needs no key, asks nobody.

    Example: batchrunner status shots.yaml
    """
    project = project_of(manifest, ledger, sandbox=sandbox)
    with Ledger.reading(project.ledger) as book:
        name, jobs, is_current = wanted(manifest, project, book)
        batch = gather(project, name, jobs, book, shipped_prices(), in_flight_run(project, book, name))
        last = book.last_run(name)
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
