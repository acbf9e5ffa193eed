"""`batchrunner resolve`."""

import shlex
from pathlib import Path
from typing import Any

import click

from batchrunner.app.decision_session import deciding
from batchrunner.app.resolve_submits import Verdict, chosen_unknown, named_tasks, resolve_submits, unknown_submits
from batchrunner.app.selection import Selection
from batchrunner.app.session import known_ledger
from batchrunner.catalog import shipped_prices
from batchrunner.cli.context import check_named, read, wanted_by
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    jobs_argument,
    ledger_option,
    manifest_argument,
    option,
    profile_option,
    sandbox_option,
    scope_flags,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, say_lines, warn
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.money import dollars
from batchrunner.domain.text import Lines, in_lines, stacked
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import load_batch
from batchrunner.planning.job_records import JobSet
from batchrunner.reports.resolve_help import ids_in, named_by_reply, unrecorded, what_to_look_for, what_to_say
from batchrunner.storage.paths import ProjectPaths, find_project


@click.command()
@manifest_argument
@jobs_argument
@lambda command: decorated(command, choosing_options("Only these", "Not these"))
@click.option("--task", metavar="ID", help="Record that it was accepted, with the task id that the web console shows.")
@click.option("--not-submitted", is_flag=True, help="Record that it never arrived: it may be submitted again.")
@click.option("--pay-again", is_flag=True, help="Submit it again without knowing, which may pay for it twice.")
@option(
    "--candidates",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare the task ids in this file, one a line, with the known ones.",
)
@profile_option
@reading_options
@ledger_option
@sandbox_option
@click.pass_context
def command(
    context: click.Context, /, manifest: Path, jobs: tuple[str, ...], candidates: Path | None, **options: Any
) -> None:
    """Say what became of submits whose outcome is unknown.

    Without a decision: lists them, with what to look for in the service's web console, and the ids that odd replies
    named. With --candidates: tells which of the ids there are on no record here. A decision applies to the unknown
    submits among the jobs that JOB or --select means.

    Example: batchrunner resolve shots.yaml hero-wave --task task-i2v001
    """
    selection = Selection(options["select"], options["exclude"], jobs=jobs)
    verdict = Verdict(options["task"], options["not_submitted"], options["pay_again"])
    project = find_project(manifest, options["ledger"], sandbox=options["sandbox"])
    wanted, _ = wanted_by(read(manifest, options["profile"]), project)
    flags = scope_flags(options["profile"], options["ledger"], sandbox=options["sandbox"])
    path = shlex.join([str(manifest), *flags])
    if verdict.count == 0:
        say_lines(_listed(project, wanted, selection, candidates, path))
        return
    _check(verdict, jobs, candidates)
    check_named(context, jobs)
    with deciding(project, wanted, Clock(), warn) as session:
        chosen = resolve_submits(session, selection, verdict)
    for name, each in chosen.items():
        say(f"{name}: {_resolved(each.attempt, verdict)}")
    say(f"to continue: `batchrunner run {path}`")


def _check(verdict: Verdict, jobs: tuple[str, ...], candidates: Path | None) -> None:
    if verdict.count > 1:
        raise UsageError("pass one of --task ID, --not-submitted and --pay-again")
    if verdict.task is not None and len(jobs) > 1:
        raise UsageError("--task is the task of one job: name one job")
    if candidates is not None:
        raise UsageError("--candidates decides nothing: look first, then resolve each job")


def _listed(project: ProjectPaths, wanted: JobSet, selection: Selection, candidates: Path | None, path: str) -> Lines:
    with known_ledger(project) as book:
        batch = load_batch(project, wanted, book, shipped_prices(), Clock().wall_s())
        chosen = chosen_unknown(selection, unknown_submits(batch, book), batch)
        if not chosen:
            return in_lines("no job is unknown: nothing to resolve")
        known, lines = book.task_ids(), []
        for name, each in chosen.items():
            hints = [task for task in named_tasks(each.attempt) if task not in known]
            prompt = batch.catalog.prompt_of(each.attempt.request)
            lines += [what_to_look_for(name, each.attempt, prompt), *map(in_lines, named_by_reply(name, hints, path))]
        if candidates is None:
            lines += [in_lines(what_to_say(next(iter(chosen)), path))]
        else:
            lines += [in_lines(""), unrecorded(_candidates(candidates), known, list(chosen), path)]
    return stacked(*lines)


def _candidates(path: Path) -> list[str]:
    try:
        found = ids_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read ids from {path}: {error}") from error
    if not found:
        raise UsageError(f"{path} contains no task ids: write one a line, such as task-i2v001")
    return found


def _resolved(attempt: Attempt, verdict: Verdict) -> str:
    """What was written down, in words."""
    if verdict.pay_again:
        price = dollars(attempt.reserved_usd)
        return f"it may have been paid; the next run pays about {price}, perhaps for the second time"
    if verdict.task is not None:
        return f"accepted as {verdict.task}; its clip will be downloaded, free"
    return "recorded as never submitted; the next run submits it"
