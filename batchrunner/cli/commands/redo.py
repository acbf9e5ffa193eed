"""`batchrunner redo`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from batchrunner.app.job_set import wanted_of
from batchrunner.app.selection import typed_jobs
from batchrunner.cli.context import check_named, valid_manifest
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import jobs_argument, manifest_argument, run_options
from batchrunner.cli.work import work
from batchrunner.domain.decision import DecisionKind


@click.command()
@manifest_argument
@jobs_argument
@run_options
@click.pass_context
def command(context: click.Context, /, manifest: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Pay again for jobs that are done, expired or lost, on purpose.

    Only those that JOB or --select means: a name, a glob, tag:hero, @file. Their old clips move to `versions/`.
    Interrupted, the same command goes on and pays nothing twice.

    Example: batchrunner redo shots.yaml hero-wave 'SH00*'
    """
    check_named(context, jobs)
    typed = Invocation.of(manifest, "redo", marking=DecisionKind.REDO, **options)
    read = valid_manifest(manifest, typed.profile)
    run = replace(typed.run, jobs=typed_jobs(read, jobs))
    return work(replace(typed, run=run), wanted_of(read), read.settings)
