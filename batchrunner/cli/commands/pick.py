"""`batchrunner pick`."""

import os.path
import shlex
from pathlib import Path

import click

from batchrunner.app.decision_session import deciding
from batchrunner.app.job_set import no_such_job, wanted_of
from batchrunner.app.job_versions import job_versions
from batchrunner.app.pick_version import pick_version
from batchrunner.app.selection import Selection
from batchrunner.cli.completion import complete_jobs
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.options import ledger_option, manifest_argument, profile_option, sandbox_option, scope_flags
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, say_lines, warn
from batchrunner.io.clock import Clock
from batchrunner.manifest.load import Manifest
from batchrunner.reports.version_list import one_job
from batchrunner.storage.paths import ProjectPaths, find_project


@click.command()
@manifest_argument
@click.argument("job", shell_complete=complete_jobs)
@click.argument("version", required=False)
@profile_option
@reading_options
@ledger_option
@sandbox_option
def command(manifest: Path, job: str, version: str | None, profile: str, ledger: Path | None, *, sandbox: bool) -> None:
    """Put an older version of a clip back under its final name.

    VERSION is the name of its file in `versions/`: v1, v2, … Without it, shows the versions of the job that there are.
    The clip that it replaces becomes a version itself. Nothing is paid; edited once more, the job is rendered again.

    Example: batchrunner pick shots.yaml hero-wave v1
    """
    version = f"v{version}" if version and version.isdecimal() else version
    read = valid_manifest(manifest, profile)
    known = {each.name for each in read.jobs}
    if job not in known:
        raise no_such_job(job, known, manifest)
    project = find_project(manifest, ledger, sandbox=sandbox)
    names = _shown_unless_known(version, job, read, project)
    if version is None:
        typed = ["batchrunner", "pick", str(manifest), job, *names[:1], *scope_flags(profile, ledger, sandbox=sandbox)]
        say(f"to put it back: `{shlex.join(typed)}`" if names else f"{job} has no older clips to pick")
        return
    with deciding(project, wanted_of(read), Clock(), warn) as session:
        path = pick_version(session, job, version)
    say(f"{job}: {version} is at {path} again")


def _shown_unless_known(version: str | None, job: str, read: Manifest, project: ProjectPaths) -> list[str]:
    """What can be picked, the newest first; all versions are shown where nobody named one of these."""
    found = job_versions(read, project, Selection(jobs=[job]), Clock().wall_s())
    (versions,) = found.jobs
    names = [each.name for each in reversed(versions.versions) if each.can_be_picked]
    if version not in names and versions.versions:
        say_lines(one_job(versions, found.catalog, os.path.relpath(project.root)), err=version is not None)
    return names
