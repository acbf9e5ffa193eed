"""`batchrunner report`."""

from pathlib import Path

import click

from batchrunner.cli.options import (
    format_option,
    ledger_option,
    manifest_argument,
    option,
    prices_option,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.telling import known
from batchrunner.files import write_whole
from batchrunner.reports import in_form


@click.command()
@manifest_argument
@profile_option
@ledger_option
@sandbox_option
@prices_option
@format_option("table", "json", "jsonl", "csv", "md")
@option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
def command(
    manifest: Path,
    profile: str,
    ledger: Path | None,
    sandbox: bool,
    prices: Path | None,
    form: str,
    to: Path | None,
) -> None:
    """Tell what happened, from the ledger alone: for spreadsheets, pages and programs.

    Example: batchrunner report shots.yaml -o csv --to shots-report.csv
    """
    report, _ = known(manifest, profile, ledger, prices, sandbox=sandbox)
    text = in_form(report, form)
    if to is None:
        click.echo(text)
        return
    write_whole(to, f"{text}\n")
    click.echo(f"wrote {to}", err=True)
