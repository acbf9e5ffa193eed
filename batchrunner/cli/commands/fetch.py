"""`batchrunner fetch`."""

from pathlib import Path
from typing import Any

import click

from batchrunner.cli.context import project_of, wanted_or_remembered
from batchrunner.cli.options import (
    format_option,
    ledger_option,
    manifest_argument,
    network_option,
    profile_option,
    quiet_option,
    sandbox_option,
)
from batchrunner.cli.permission_options import permissions_of, reading_options
from batchrunner.cli.run_options import RunOptions
from batchrunner.cli.work import work
from batchrunner.domain.settings import Settings
from batchrunner.manifest.load import load
from batchrunner.storage.open import read_ledger


@click.command()
@manifest_argument
@profile_option
@reading_options
@ledger_option
@sandbox_option
@format_option("table", "json")
@quiet_option
@network_option
def command(manifest: Path, **options: Any) -> int:
    """Ask for open tasks and download rendered clips: free.

    Submits nothing, and asks once more for what is expired. Works even while the manifest has
    mistakes: then with what its last run wanted.

    Example: batchrunner fetch shots.yaml
    """
    order = RunOptions(manifest, "fetch", submits=False, **options)
    project = project_of(manifest, order.ledger, sandbox=order.sandbox)
    with read_ledger(project.ledger) as ledger:
        wanted, is_said = wanted_or_remembered(manifest, order.profile, project, ledger)
    if not is_said:
        return work(order, wanted, Settings())
    return work(order, wanted, load(manifest, order.profile, permissions=permissions_of(manifest)).settings)
