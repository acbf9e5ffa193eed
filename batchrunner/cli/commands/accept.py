"""`batchrunner accept`."""

from pathlib import Path

import click

from batchrunner.app.accept_clips import accept_clips
from batchrunner.app.decision_session import deciding
from batchrunner.app.job_set import wanted_of
from batchrunner.app.selection import Selection, typed_jobs
from batchrunner.cli.context import check_named, valid_manifest
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    jobs_argument,
    ledger_option,
    manifest_argument,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, warn
from batchrunner.io.clock import Clock
from batchrunner.storage.paths import find_project


@click.command()
@manifest_argument
@jobs_argument
@lambda command: decorated(command, choosing_options("Keep only these", "Do not keep these"))
@profile_option
@reading_options
@ledger_option
@sandbox_option
@click.pass_context
def command(
    context: click.Context,
    manifest: Path,
    jobs: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    profile: str,
    ledger: Path | None,
    *,
    sandbox: bool,
) -> None:
    """Keep the clips of jobs that were edited: nothing is paid for them.

    Also takes a file that came for a job and could not be verified (`hero.odd.mp4`) as its clip.

    Only jobs that JOB or --select means: a name, a glob, tag:hero, changed:resolution, @file. It applies to the
    jobs as they are written now; edited once more, they are rendered again.

    Example: batchrunner accept shots.yaml hero-wave 'SH00*'
    """
    check_named(context, jobs)
    read = valid_manifest(manifest, profile)
    selection = Selection(select, exclude, jobs=typed_jobs(read, jobs))
    with deciding(find_project(manifest, ledger, sandbox=sandbox), wanted_of(read), Clock(), warn) as session:
        accepted = accept_clips(session, selection)
    for name, changed in accepted.kept.items():
        although = f", although {', '.join(changed)} changed" if changed else ""
        say(f"{name}: keeps its clip{although}")
    for name, path in accepted.taken.items():
        say(f"{name}: {path} is now its clip, as you decided: it could not be verified")
    if not (accepted.kept or accepted.taken):
        say("none of these jobs has a clip that would be replaced")
