"""`batchrunner fetch`."""

from pathlib import Path
from typing import Any

import click

from batchrunner.cli.context import project_of, read, wanted_by
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    events_option,
    format_option,
    jobs_argument,
    ledger_option,
    log_file_option,
    manifest_argument,
    network_option,
    profile_option,
    quiet_option,
    sandbox_option,
    verbose_option,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.work import work
from batchrunner.domain.settings import Settings


@click.command()
@manifest_argument
@jobs_argument
@lambda command: decorated(command, choosing_options("Fetch only these", "Do not fetch these"))
@profile_option
@reading_options
@ledger_option
@sandbox_option
@format_option("table", "json")
@quiet_option
@verbose_option
@log_file_option
@events_option
@network_option
def command(manifest: Path, **options: Any) -> int:
    """Check open tasks and download rendered clips: free.

    Submits nothing, and asks once more for what is expired. Works even while the manifest has
    mistakes: then with what its last run wanted. With JOB or --select only what these mean.

    Example: batchrunner fetch shots.yaml
    """
    typed = Invocation.of(manifest, "fetch", submits=False, **options)
    loaded = read(manifest, typed.profile)
    wanted, is_said = wanted_by(loaded, project_of(typed))
    return work(typed, wanted, loaded.settings if is_said else Settings())
