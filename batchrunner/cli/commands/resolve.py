"""`batchrunner resolve`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from batchrunner.app.decision_session import DecisionSession, deciding
from batchrunner.app.job_set import no_such_job
from batchrunner.app.session import in_flight_run, known_ledger
from batchrunner.catalog import shipped_prices
from batchrunner.cli.context import read, wanted_by
from batchrunner.cli.options import ledger_option, manifest_argument, option, profile_option, sandbox_option
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, say_lines, warn
from batchrunner.domain.attempt import Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.job import JobId
from batchrunner.domain.money import dollars
from batchrunner.domain.text import Lines, in_lines, stacked
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch, load_batch
from batchrunner.planning.job_records import JobSet
from batchrunner.providers.modellix import is_task_id, task_id_hints
from batchrunner.reports.resolve_help import ids_in, named_by_reply, unrecorded, what_to_look_for
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.paths import ProjectPaths, find_project


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A submit without an answer, and whose it is."""

    owner: JobId
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class _Word:
    """What a person says of unknown submits: exactly one of three things, or nothing."""

    task: str | None
    not_submitted: bool
    pay_again: bool

    @property
    def count(self) -> int:
        return [self.task is not None, self.not_submitted, self.pay_again].count(True)


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1)
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
def command(
    manifest: Path,
    jobs: tuple[str, ...],
    task: str | None,
    not_submitted: bool,
    pay_again: bool,
    candidates: Path | None,
    profile: str,
    ledger: Path | None,
    sandbox: bool,
) -> None:
    """Say what became of submits whose outcome is unknown.

    Without a decision: lists them, with what to look for in the service's web console, and the ids that odd replies
    named. With --candidates: tells which of the ids there are on no record here.

    Example: batchrunner resolve shots.yaml hero-wave --task task-i2v001
    """
    word = _Word(task, not_submitted, pay_again)
    project = find_project(manifest, ledger, sandbox=sandbox)
    wanted, _ = wanted_by(read(manifest, profile), project)
    if word.count == 0:
        say_lines(_listed(project, wanted, jobs, candidates, str(manifest)))
        return
    _check(word, jobs, candidates)
    with deciding(project, wanted, Clock(), warn) as desk:
        # nobody else is at work on this manifest: what waits there for an answer waits for a person
        chosen = _chosen(jobs, _unknown(desk.batch, desk.book, idle=wanted.name), desk.batch)
        if task is not None:
            _check_task(desk.book, task)
        for name, each in chosen.items():
            say(f"{name}: {_resolve(desk, each.owner, each.attempt, word)}")
    say(f"to continue: `batchrunner run {manifest}`")


def _check(word: _Word, jobs: tuple[str, ...], candidates: Path | None) -> None:
    if word.count > 1:
        raise UsageError("pass one of --task ID, --not-submitted and --pay-again")
    if not jobs:
        raise UsageError("name the jobs that this applies to")
    if word.task is not None and len(jobs) != 1:
        raise UsageError("--task is the task of one job: name one job")
    if candidates is not None:
        raise UsageError("--candidates decides nothing: look first, then resolve each job")


def _listed(project: ProjectPaths, wanted: JobSet, jobs: tuple[str, ...], candidates: Path | None, path: str) -> Lines:
    with known_ledger(project) as book:
        batch = load_batch(project, wanted, book, shipped_prices())
        chosen = _chosen(jobs, _unknown(batch, book), batch)
        if not chosen:
            return in_lines("no job is unknown: nothing to resolve")
        known, lines = book.task_ids(), []
        for name, each in chosen.items():
            hints = [task for task in _hints(each.attempt) if task not in known]
            lines += [what_to_look_for(name, each.attempt), *map(in_lines, named_by_reply(name, hints, path))]
        if candidates is not None:
            lines += [in_lines(""), unrecorded(_candidates(candidates), known, list(chosen), path)]
    return stacked(*lines)


def _hints(attempt: Attempt) -> list[str]:
    """The ids that the replies to a submit named."""
    return list(dict.fromkeys(task for answer in attempt.answers for task in task_id_hints(answer.body)))


def _candidates(path: Path) -> list[str]:
    try:
        found = ids_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read ids from {path}: {error}") from error
    if not found:
        raise UsageError(f"{path} contains no task ids: write one a line, such as task-i2v001")
    return found


def _unknown(batch: Batch, book: LedgerReader, idle: str | None = None) -> dict[str, _Unknown]:
    """Every unknown submit by its job's name: of this manifest and profile, or of another that a job waits for.

    `idle` is a manifest of which it is certain that no run is at work.
    """
    own = {who: who for who in batch.histories if who.profile == batch.profile}
    kin = ((job, kin.identity) for job, kin in batch.reusable.items() if kin.identity not in own)
    found: dict[str, _Unknown] = {}
    for job, owner in (*sorted(own.items()), *kin):
        memory = book.history(owner)
        attempt = memory.open_attempt
        if memory.damage or attempt is None or attempt.outcome not in (None, Outcome.UNKNOWN):
            continue
        flying = in_flight_run(batch.project, book, owner.manifest) if owner.manifest != idle else None
        if attempt.outcome or attempt.run_id != flying:
            found.setdefault(job.name, _Unknown(owner, attempt))  # a job's own comes first
    return found


def _chosen(jobs: tuple[str, ...], unknown: Mapping[str, _Unknown], batch: Batch) -> Mapping[str, _Unknown]:
    """Those that were named; all, where none was."""
    known = {who.name for who in (*batch.jobs, *batch.histories) if who.profile == batch.profile}
    for job in jobs:
        if job not in known:
            raise no_such_job(job, known)
        if job not in unknown:
            raise UsageError(f"{job} is not unknown: there is nothing to resolve")
    return {job: unknown[job] for job in jobs} if jobs else unknown


def _check_task(book: LedgerReader, task: str) -> None:
    if not is_task_id(task):
        raise UsageError(f"{task!r} does not look like a task id, such as task-i2v001")
    for who, memory in book.all_histories().items():
        if any(attempt.task_id == task for attempt in memory.attempts):
            raise UsageError(f"{task} is already the task of {who.name} (of {who.manifest})")
    if task in book.task_ids():
        raise UsageError(f"{task} was named before, but the service does not know it")


def _resolve(desk: DecisionSession, who: JobId, attempt: Attempt, word: _Word) -> str:
    """Writes down what a person says; gives it in words."""
    now_s = desk.clock.wall_s()
    if word.pay_again:
        desk.book.write_off(who, attempt, now_s)
        price = dollars(attempt.reserved_usd)
        return f"it may have been paid; the next run pays about {price}, perhaps for the second time"
    if word.task is not None:
        desk.book.record_answer(attempt.id, Answer(now_s, Outcome.ACCEPTED, word.task, message="resolved by hand"))
        return f"accepted as {word.task}; its clip will be downloaded, free"
    refused = Answer(now_s, Outcome.REFUSED, reject_reason=RejectReason.BY_HAND, message="resolved by hand")
    desk.book.record_answer(attempt.id, refused)
    return "recorded as never submitted; the next run submits it"
