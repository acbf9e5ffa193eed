"""`batchrunner redo`."""

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
@click.argument("jobs", nargs=-1, required=True)
@run_options
def command(manifest: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Pay again for done, expired or lost jobs, on purpose.

    Only those named; their old clips move to `versions/`. Interrupted, the same command goes on and
    pays nothing twice.

    Example: batchrunner redo shots.yaml hero-wave
    """
    order = Order(manifest, "redo", **options)
    read = valid_manifest(manifest, order.profile)
    named = named_jobs(read, jobs)
    return work(replace(order, named=named, marking=MarkKind.REDO), wanted_of(read), read.settings)
