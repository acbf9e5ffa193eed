"""`batchrunner pick`."""

from pathlib import Path

import click

from batchrunner.app.decision_session import deciding
from batchrunner.app.job_set import no_such_job, wanted_of
from batchrunner.app.pick_version import pick_version
from batchrunner.cli.completion import complete_jobs
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.options import ledger_option, manifest_argument, profile_option, sandbox_option
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, warn
from batchrunner.io.clock import Clock
from batchrunner.storage.paths import find_project


@click.command()
@manifest_argument
@click.argument("job", shell_complete=complete_jobs)
@click.argument("version")
@profile_option
@reading_options
@ledger_option
@sandbox_option
def command(manifest: Path, job: str, version: str, profile: str, ledger: Path | None, *, sandbox: bool) -> None:
    """Put an older version of a clip back under its final name.

    VERSION is the name of its file in `versions/`: v1, v2, … The clip that it replaces becomes a version
    itself. Nothing is paid; edited once more, the job is rendered again.

    Example: batchrunner pick shots.yaml hero-wave v1
    """
    version = f"v{version}" if version.isdecimal() else version
    read = valid_manifest(manifest, profile)
    known = {each.name for each in read.jobs}
    if job not in known:
        raise no_such_job(job, known, manifest)
    with deciding(find_project(manifest, ledger, sandbox=sandbox), wanted_of(read), Clock(), warn) as session:
        path = pick_version(session, job, version)
    say(f"{job}: {version} is at {path} again")
