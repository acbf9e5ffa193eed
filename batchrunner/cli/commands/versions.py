"""`batchrunner versions`."""

import os.path
from pathlib import Path
from typing import Any

import click

from batchrunner.app.job_versions import job_versions
from batchrunner.cli.context import problems_told, project_of, read
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    format_option,
    jobs_argument,
    ledger_option,
    manifest_argument,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import hand_over, say_lines
from batchrunner.domain.text import json_text
from batchrunner.io.clock import Clock
from batchrunner.reports.version_list import version_list, versions_as_json


@click.command()
@manifest_argument
@jobs_argument
@lambda command: decorated(command, choosing_options("Show only these", "Do not show these"))
@profile_option
@reading_options
@ledger_option
@sandbox_option
@format_option("text", "json")
def command(manifest: Path, **options: Any) -> None:
    """Show every clip that was ever paid for, and what was different each time.

    For each clip of a job: its prompt and settings as a difference to the one before, cost, date, machine, file, and
    which is the current one and why. Failures that were paid are told, too, and jobs that left the manifest. Works
    from the receipts alone; free, needs no key, takes no lock.

    Example: batchrunner versions shots.yaml hero-wave
    """
    typed = Invocation.of(manifest, "versions", **options)
    loaded, project = read(manifest, typed.profile), project_of(typed)
    with problems_told(loaded):
        found = job_versions(loaded, project, typed.run.selection, Clock().wall_s())
    if typed.output.form == "json":
        hand_over(json_text(versions_as_json(found.jobs, found.manifest, found.profile, found.catalog), indent=2))
    else:
        say_lines(version_list(found.jobs, found.catalog, os.path.relpath(project.root)))
