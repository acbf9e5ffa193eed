"""`batchrunner retry`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from batchrunner.app.job_set import wanted_of
from batchrunner.app.selection import typed_jobs
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import jobs_argument, manifest_argument, run_options
from batchrunner.cli.work import work
from batchrunner.domain.decision import DecisionKind


@click.command()
@manifest_argument
@jobs_argument
@run_options
def command(manifest: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Submit failed jobs again.

    All that are failed now, or of those only the ones that JOB or --select means: a name, a glob, tag:hero,
    class:timeout, @file; each may be paid again. Nothing else is submitted.

    Example: batchrunner retry shots.yaml hero-wave 'SH00*'
    """
    typed = Invocation.of(manifest, "retry", marking=DecisionKind.RETRY, **options)
    read = valid_manifest(manifest, typed.profile)
    run = replace(typed.run, jobs=typed_jobs(read, jobs))
    return work(replace(typed, run=run), wanted_of(read), read.settings)
