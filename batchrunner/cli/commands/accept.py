"""`batchrunner accept`."""

from pathlib import Path

import click

from batchrunner.app.decision_session import DecisionSession, deciding
from batchrunner.app.job_set import wanted_of
from batchrunner.app.selection import Selection, matching, named_jobs
from batchrunner.cli.context import check_named, valid_manifest
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    ledger_option,
    manifest_argument,
    profile_option,
    sandbox_option,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, warn
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.request import changed_fields
from batchrunner.domain.status import Status
from batchrunner.engine.unverified import take as take_odd
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import JobState
from batchrunner.planning.inputs import PlanOptions
from batchrunner.storage.clip_files import on_disk
from batchrunner.storage.paths import ProjectPaths, find_project


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1)
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

    Only jobs that are named, by a name or a glob, or chosen with --select. It applies to the jobs as they are
    written now; edited once more, they are rendered again.

    Example: batchrunner accept shots.yaml hero-wave 'SH00*'
    """
    check_named(context, jobs)
    read = valid_manifest(manifest, profile)
    selection = Selection(select, exclude, named=named_jobs(read, jobs) if jobs else None)
    with deciding(find_project(manifest, ledger, sandbox=sandbox), wanted_of(read), Clock(), warn) as desk:
        chosen = matching(selection, desk.batch.first_steps(PlanOptions(), None))
        taken = {seen.identity: path for seen in chosen if (path := _taken(desk, seen)) is not None}
        chosen = [seen for seen in chosen if seen.identity not in taken]
        chosen = [seen for seen in chosen if seen.identity.name in jobs or _can_be_kept(seen, desk.project)]
        kept = {seen.identity: _clip_to_keep(seen, desk.project) for seen in chosen}
        desk.book.decide([desk.keep(who, attempt) for who, attempt in kept.items()])
    for who, attempt in kept.items():
        changed = changed_fields(attempt.request, desk.batch.jobs[who].request)
        although = f", although {', '.join(changed)} changed" if changed else ""
        say(f"{who.name}: keeps its clip{although}")
    for who, path in taken.items():
        say(f"{who.name}: {path} is now its clip, as you decided: it could not be verified")
    if not (kept or taken):
        say("none of these jobs has a clip that would be replaced")


def _taken(desk: DecisionSession, seen: JobState) -> str | None:
    """The file that came for a clip and could not be verified, under its final name; None where there is none."""
    try:
        return take_odd(desk.batch, desk.book, desk.clock, seen)
    except OSError as error:
        raise UsageError(f"{seen.identity.name}: the kept file cannot be used: {error}") from error


def _can_be_kept(seen: JobState, project: ProjectPaths) -> bool:
    """Whether a job that nobody spelt has a clip in whose place another one would be rendered."""
    is_open = seen.history.open_attempt is not None
    return not is_open and seen.step.status is not Status.DONE and _clip_of(seen, project) is not None


def _clip_of(seen: JobState, project: ProjectPaths) -> Attempt | None:
    """The attempt whose clip lies under its final name; where none does, the last one that gave a clip."""
    memory, present = on_disk(project, seen.history)
    lying = (a for a in reversed(memory.attempts) if a.id in present and a.clip and a.clip.role is ClipRole.FINAL)
    return next(lying, memory.newest_clip(memory.next_number))


def _clip_to_keep(seen: JobState, project: ProjectPaths) -> Attempt:
    attempt = _clip_of(seen, project)
    if attempt is None:
        raise UsageError(f"{seen.identity.name} has no clip to keep")
    return attempt
