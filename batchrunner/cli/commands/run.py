"""`batchrunner run`."""

from pathlib import Path
from typing import Any

import click

from batchrunner.app.job_set import wanted_of
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import manifest_argument, run_options
from batchrunner.cli.work import work


@click.command()
@manifest_argument
@run_options
def command(manifest: Path, **options: Any) -> int:
    """Render what is missing; the same command continues where the last one stopped.

    Shows what it would pay and asks first; off a terminal only --yes agrees. Ctrl-C finishes what
    runs, once more leaves at once: nothing is lost either way.

    Example: batchrunner run shots.yaml
    """
    typed = Invocation.of(manifest, "run", **options)
    read = valid_manifest(manifest, typed.profile)
    return work(typed, wanted_of(read), read.settings)
