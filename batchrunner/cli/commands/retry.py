"""`batchrunner retry`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from batchrunner.cli.context import valid_manifest, wanted_of
from batchrunner.cli.options import manifest_argument, run_options
from batchrunner.cli.run_options import RunOptions
from batchrunner.cli.selection import named_jobs
from batchrunner.cli.work import work
from batchrunner.domain.decision import DecisionKind


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1)
@run_options
def command(manifest: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Submit failed jobs again.

    All that are failed now, or of those only the ones that are named, by a name or a glob, or chosen with
    --select; each may be paid again. Nothing else is submitted.

    Example: batchrunner retry shots.yaml hero-wave 'SH00*'
    """
    order = RunOptions(manifest, "retry", **options)
    read = valid_manifest(manifest, order.profile)
    named = named_jobs(read, jobs) if jobs else None
    order = replace(order, named=named, spelt=frozenset(jobs), marking=DecisionKind.RETRY)
    return work(order, wanted_of(read), read.settings)
