"""`batchrunner plan`."""

import json
from decimal import Decimal
from pathlib import Path

import click

from batchrunner import settings
from batchrunner.catalog import shipped_prices
from batchrunner.cli.options import (
    Reading,
    format_option,
    ledger_option,
    manifest_argument,
    option,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.setting import (
    in_flight_run,
    key_digest_if_any,
    known_ledger,
    project_of,
    valid_manifest,
    wanted_of,
)
from batchrunner.cli.work import Order, limits_of
from batchrunner.errors import Exit
from batchrunner.manifest.document import dump
from batchrunner.manifest.written import spelt_out
from batchrunner.nouns.step import Action
from batchrunner.plan import Options
from batchrunner.reports import plan_as_json, plan_table
from batchrunner.runner import gather

_SOMETHING_TO_DO = 5


@click.command()
@manifest_argument
@profile_option
@click.option("--max-cost", type=Reading("usd", settings.usd), help="Plan as if a run had this limit.")
@ledger_option
@sandbox_option
@format_option("table", "json", "yaml")
@option("--detailed-exitcode", is_flag=True, help="End with 5 where there is something to do.")
def command(
    manifest: Path,
    profile: str,
    max_cost: Decimal | None,
    ledger: Path | None,
    sandbox: bool,
    form: str,
    detailed_exitcode: bool,
) -> int:
    """Show what `run` would do next with each job, why, and for how much.

    Changes nothing, asks nobody, needs no key.

    Example: batchrunner plan shots.yaml
    """
    read = valid_manifest(manifest, profile)
    if form == "yaml":
        click.echo(dump(spelt_out(read)), nl=False)
        return Exit.DONE
    project = project_of(manifest, ledger, sandbox=sandbox)
    limits = limits_of(Order(manifest, "plan", max_cost=max_cost), read.settings)
    with known_ledger(project, read.name) as book:
        flying = in_flight_run(project, book, read.name)
        batch = gather(project, wanted_of(read), book, shipped_prices(), flying)
    options = Options(None if sandbox else key_digest_if_any(), limits.retries)
    seen = batch.first_steps(options, batch.purse(limits).room_usd)
    planned = [(s.identity, s.step) for s in seen if s.job or s.step.action is not Action.NONE]
    if form == "json":
        click.echo(json.dumps(plan_as_json(planned, batch.prices.priced_on), indent=2))
    else:
        click.echo(plan_table(planned, batch.prices.priced_on))
    something = any(not step.is_last for _, step in planned)
    return _SOMETHING_TO_DO if detailed_exitcode and something else Exit.DONE
