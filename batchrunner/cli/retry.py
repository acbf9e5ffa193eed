"""`batchrunner retry`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from batchrunner.cli.options import manifest_argument, run_options
from batchrunner.cli.order import Order
from batchrunner.cli.setting import named_jobs, valid_manifest, wanted_of
from batchrunner.cli.work import work
from batchrunner.nouns.facts import MarkKind


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1)
@run_options
def command(manifest: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Submit failed jobs again.

    All that failed, or only those named; each may be paid again. Nothing else is submitted.

    Example: batchrunner retry shots.yaml hero-wave
    """
    order = Order(manifest, "retry", **options)
    read = valid_manifest(manifest, order.profile)
    named = named_jobs(read, jobs) or frozenset(job.name for job in read.jobs)
    return work(replace(order, named=named, marking=MarkKind.RETRY), wanted_of(read), read.settings)
