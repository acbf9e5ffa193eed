"""`batchrunner plan`."""

from pathlib import Path
from typing import Any

import click

from batchrunner.app.job_set import prices_of
from batchrunner.app.manifest_plan import plan_of
from batchrunner.cli.context import account_of, project_of, valid_manifest
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    concurrency_option,
    decorated,
    format_option,
    ledger_option,
    manifest_argument,
    max_cost_option,
    option,
    prices_option,
    profile_option,
    sandbox_option,
    selection_options,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.set_option import set_lines, set_values
from batchrunner.cli.terminal import hand_over, say_lines, width
from batchrunner.domain.text import in_lines, json_text, stacked
from batchrunner.errors import ExitCode
from batchrunner.io.clock import Clock
from batchrunner.manifest.export import spelt_out
from batchrunner.manifest.yaml.document import dump
from batchrunner.reports.plan_table import plan_as_json, plan_table

_SOMETHING_TO_DO = 5
_OPTIONS = (
    profile_option,
    reading_options,
    max_cost_option,
    concurrency_option,
    prices_option,
    *selection_options,
    ledger_option,
    sandbox_option,
    format_option("table", "json", "yaml"),
)


@click.command()
@manifest_argument
@lambda command: decorated(command, _OPTIONS)
@option("--detailed-exitcode", is_flag=True, help="Exit with 5 if there is something to do.")
@option("--all", "every_row", is_flag=True, help="Show every job, also those that are done, and all rows of a reason.")
def command(manifest: Path, *, detailed_exitcode: bool, every_row: bool, **options: Any) -> int:
    """Show what `run` would do next with each job, why, and for how much.

    First what it comes to: how many jobs are new, replaced, taken over or held, each with its sum. Jobs that are
    done, and those beyond ten of one reason, are only counted. Changes nothing, asks nobody, needs no key. The name
    at its end can be given to `run --plan`.

    Example: batchrunner plan shots.yaml
    """
    typed = Invocation.of(manifest, "plan", **options)
    read = valid_manifest(manifest, typed.profile)
    if typed.output.form == "yaml":
        hand_over(dump(spelt_out(read)), nl=False)
        return ExitCode.DONE
    now_s = Clock().wall_s()
    prices = prices_of(typed.prices, read.catalog)
    planned, _ = plan_of(read, project_of(typed), prices, typed.run, account_of(typed), now_s)
    if typed.output.form == "json":
        typed_values = [{"value": said, "jobs": count} for said, count in set_values(read.jobs)]
        hand_over(json_text(plan_as_json(planned) | {"set": typed_values}, indent=2))
    else:
        table = plan_table(planned, width(), every_row=every_row)
        said = set_lines(read.jobs, "; pass it to `run`, too")
        say_lines(stacked(said, in_lines(""), table) if said else table)
    something = any(not step.is_last for _, step in planned.steps)
    return _SOMETHING_TO_DO if detailed_exitcode and something else ExitCode.DONE
