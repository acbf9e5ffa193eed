"""`batchrunner report`."""

import os.path
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
from batchrunner.cli.setting import project_of
from batchrunner.cli.telling import known
from batchrunner.files import write_whole
from batchrunner.reports import in_form


@click.command()
@manifest_argument
@profile_option
@ledger_option
@sandbox_option
@prices_option
@format_option("table", "json", "jsonl", "csv", "md", "html")
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
    folder = to.absolute().parent if to else Path.cwd()
    root = project_of(manifest, ledger, sandbox=sandbox).root
    text = in_form(report, form, project=os.path.relpath(root, folder))
    if to is None:
        click.echo(text)
        return
    write_whole(to, f"{text}\n")
    click.echo(f"wrote {to}", err=True)
