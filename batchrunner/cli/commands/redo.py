"""`batchrunner redo`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from batchrunner.cli.context import valid_manifest, wanted_of
from batchrunner.cli.options import manifest_argument, run_options
from batchrunner.cli.run_options import RunOptions
from batchrunner.cli.selection import check_named, named_jobs
from batchrunner.cli.work import work
from batchrunner.domain.decision import DecisionKind


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1)
@run_options
@click.pass_context
def command(context: click.Context, /, manifest: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Pay again for done, expired or lost jobs, on purpose.

    Only those that are named, by a name or a glob, or chosen with --select; their old clips move to
    `versions/`. Interrupted, the same command goes on and pays nothing twice.

    Example: batchrunner redo shots.yaml hero-wave 'SH00*'
    """
    check_named(context, jobs)
    order = RunOptions(manifest, "redo", **options)
    read = valid_manifest(manifest, order.profile)
    named = named_jobs(read, jobs) if jobs else None
    order = replace(order, named=named, spelt=frozenset(jobs), marking=DecisionKind.REDO)
    return work(order, wanted_of(read), read.settings)
