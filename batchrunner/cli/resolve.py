"""`batchrunner resolve`."""

from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli.options import ledger_option, manifest_argument, profile_option, sandbox_option
from batchrunner.cli.setting import project_of, wanted_or_remembered
from batchrunner.clock import Clock
from batchrunner.errors import UsageError
from batchrunner.ledger import Ledger, run_lock
from batchrunner.modellix import is_task_id
from batchrunner.nouns.facts import Answer, Attempt, Outcome, Refusal
from batchrunner.nouns.job import Identity
from batchrunner.reports import utc
from batchrunner.runner import gather


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1, required=True)
@click.option("--task", metavar="ID", help="It was accepted: the task id that the web console shows.")
@click.option("--not-submitted", is_flag=True, help="It never arrived: it may be submitted again.")
@click.option("--pay-again", is_flag=True, help="Nobody knows: submit it again, which may pay for it twice.")
@profile_option
@ledger_option
@sandbox_option
def command(
    manifest: Path,
    jobs: tuple[str, ...],
    profile: str,
    task: str | None,
    not_submitted: bool,
    pay_again: bool,
    ledger: Path | None,
    sandbox: bool,
) -> None:
    """Say what became of submits whose outcome is unknown.

    Example: batchrunner resolve shots.yaml hero-wave --task task-i2v001
    """
    if [task is not None, not_submitted, pay_again].count(True) != 1:
        raise UsageError("say exactly one of --task ID, --not-submitted and --pay-again")
    if task is not None and len(jobs) != 1:
        raise UsageError("--task is the id of one job: name one")
    clock = Clock()
    project = project_of(manifest, ledger, sandbox=sandbox)
    with Ledger.reading(project.ledger) as book:
        wanted, _ = wanted_or_remembered(manifest, profile, project, book)
    with run_lock(project.folder, wanted.name, utc(clock.wall_s()) or ""), Ledger.writing(project.ledger) as book:
        batch = gather(project, wanted, book, shipped_prices())
        unknown = {who.name: (who, a) for who in batch.identities() if (a := _unknown(book, who))}
        for job in jobs:
            if job not in unknown:
                raise UsageError(f"{job} is not unknown: there is nothing to resolve")
        if task is not None:
            _check_task(book, task)
        for job in jobs:
            _resolve(book, *unknown[job], task, pay_again=pay_again, now_s=clock.wall_s())
    click.echo(f"resolved: {', '.join(jobs)}. To go on: `batchrunner run {manifest}`")


def _unknown(book: Ledger, identity: Identity) -> Attempt | None:
    attempt = book.memory(identity).open_attempt
    return attempt if attempt and attempt.outcome in (None, Outcome.UNKNOWN) else None


def _check_task(book: Ledger, task: str) -> None:
    if not is_task_id(task):
        raise UsageError(f"{task!r} does not look like a task id: they look like task-i2v001")
    if task in book.task_ids():
        raise UsageError(f"{task} belongs to another job already")


def _resolve(
    book: Ledger, identity: Identity, attempt: Attempt, task: str | None, *, pay_again: bool, now_s: float
) -> None:
    if pay_again:
        book.give_up(identity, attempt, now_s)
    elif task is not None:
        book.answer(attempt.id, Answer(now_s, Outcome.ACCEPTED, task, message="resolved by hand"))
    else:
        answer = Answer(now_s, Outcome.REFUSED, refusal=Refusal.BY_HAND, message="resolved by hand")
        book.answer(attempt.id, answer)
