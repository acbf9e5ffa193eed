"""What `run`, `retry` and `fetch` have in common: look, ask, do, tell."""

import asyncio
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli import consent
from batchrunner.cli.decisions import decisions
from batchrunner.cli.log import Log
from batchrunner.cli.progress import Narrator
from batchrunner.cli.selection import Selection, names
from batchrunner.cli.setting import Service, project_of, real_service, sandbox_service
from batchrunner.clock import Clock
from batchrunner.errors import Exit, LedgerError, Unauthorized
from batchrunner.ledger import Ledger, run_lock
from batchrunner.nouns.facts import Mark, MarkKind, Memory
from batchrunner.nouns.job import Identity, Job
from batchrunner.nouns.money import NOTHING
from batchrunner.nouns.step import Action, Step, total
from batchrunner.plan import Options
from batchrunner.reports import Report, in_form, next_commands, row_of, utc
from batchrunner.runner import (
    Batch,
    Ended,
    Limits,
    Means,
    Project,
    Seen,
    Signals,
    Wanted,
    check_memory,
    conduct,
    gather,
    read_receipts,
    take_in,
    write_receipts,
)
from batchrunner.settings import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for on the command line."""

    path: Path
    command: str
    profile: str = ""
    yes: bool = False
    max_cost: Decimal | None = None
    concurrency: int | None = None
    rate: int | None = None
    ledger: Path | None = None
    sandbox: bool = False
    form: str = "table"
    quiet: bool = False
    fresh: bool = False
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None
    submits: bool = True
    named: frozenset[str] | None = None
    marking: MarkKind | None = None


def limits_of(order: Order, settings: Settings) -> Limits:
    """An option on the command line wins over the manifest."""
    return Limits(
        concurrency=order.concurrency or settings.concurrency,
        rate_per_min=order.rate or settings.rate_per_min,
        task_timeout_s=settings.task_timeout_s,
        retries=settings.retries,
        budget_usd=settings.budget_usd,
        run_usd=order.max_cost,
    )


def work(order: Order, wanted: Wanted, settings: Settings) -> int:
    """Does what was ordered, with the manifest's lock held; gives the exit code.

    Raises:
        Locked: another run of this manifest is at work.
        Unconfirmed: there is something to pay, and nobody agreed.
    """
    clock = Clock()
    project = project_of(order.path, order.ledger, sandbox=order.sandbox)
    service = sandbox_service(project, clock) if order.sandbox else real_service()
    with ExitStack() as stack:
        stack.enter_context(run_lock(project.folder, wanted.name, utc(clock.wall_s()) or ""))
        if order.submits and not order.fresh:
            check_memory(project, wanted.name, [job.output for job in wanted.jobs])
        receipts = read_receipts(project, wanted.name)
        ledger = stack.enter_context(Ledger.writing(project.ledger))
        take_in(ledger, receipts)
        stack.callback(_write_receipts, project, wanted.name, ledger)
        limits = limits_of(order, settings)
        batch = gather(project, wanted, ledger, shipped_prices())
        options = Options(service.access.key_digest, limits.retries, order.named, submits=order.submits)
        last = ledger.last_run(wanted.name, wanted.profile)
        marks = decisions(batch, options, order.marking, last, clock.wall_s()) if order.marking else ()
        batch = _marked(batch, marks)
        agreement = _agree(order, batch, limits, options, service, clock)
        ledger.mark(marks)
        narrator = Narrator(quiet=order.quiet)
        log = Log(project.folder / f"{wanted.name}.log", clock, narrator)
        means = Means(ledger, service.make_http, service.access, clock, log, Signals())
        ended = _do(order, batch, means, agreement, narrator)
        batch = gather(project, wanted, ledger, shipped_prices())
        _tell(order, batch, ended, clock)
    return ended.exit_code


def _write_receipts(project: Project, name: str, ledger: Ledger) -> None:
    """At every end, a good one or not: the ledger knows the same, so a disk that does not take them is only told."""
    try:
        write_receipts(project, name, ledger, socket.gethostname())
    except (OSError, LedgerError) as error:
        click.echo(f"the receipts could not be written: {error}", err=True)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody agreed to: no more than this is paid, and for no other jobs."""

    limits: Limits
    options: Options


def _agree(order: Order, batch: Batch, limits: Limits, options: Options, service: Service, clock: Clock) -> Agreement:
    """Shows what would be paid, and asks."""
    selection = Selection(order.select, order.exclude, order.limit)
    chosen = names(selection, batch.first_steps(options, None))
    options = replace(options, only=_both(options.only, chosen))
    seen = batch.first_steps(options, batch.purse(limits).room_usd)
    submits = {s.identity.name: s.step for s in seen if s.step.action is Action.SUBMIT}
    options = replace(options, agreed=frozenset(submits))
    if not submits:
        return Agreement(replace(limits, run_usd=NOTHING), options)
    if asyncio.run(service.refuses_key(clock)):
        raise Unauthorized("the service refuses this key: nothing was submitted")
    offer = _offer(batch, limits, submits.values(), asyncio.run(service.balance(clock)))
    consent.ask(offer, yes=order.yes)
    agreed = offer.most_usd if limits.run_usd is None else min(offer.most_usd, limits.run_usd)
    return Agreement(replace(limits, run_usd=agreed), options)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return one & other if one is not None and other is not None else one if other is None else other


def _offer(batch: Batch, limits: Limits, submits: Iterable[Step], balance_usd: Decimal | None) -> consent.Offer:
    submits = list(submits)
    left = None if limits.budget_usd is None else limits.budget_usd - batch.lifetime_usd()
    return consent.Offer(
        manifest=batch.name,
        clips=len(submits),
        cost=total(submits),
        retries=limits.retries,
        priced_on=batch.prices.priced_on.isoformat(),
        max_cost_usd=limits.run_usd,
        budget_left_usd=left,
        balance_usd=balance_usd,
        folder=str(_common_folder(batch.project, batch.jobs.values())),
    )


def _marked(batch: Batch, marks: Iterable[tuple[Identity, Mark]]) -> Batch:
    """The batch as it will be once the marks are on record."""
    memories = dict(batch.memories)
    for identity, mark in marks:
        memories[identity] = replace(memories[identity], marks=(*memories[identity].marks, mark))
    return replace(batch, memories=memories)


def _do(order: Order, batch: Batch, means: Means, agreement: Agreement, narrator: Narrator) -> Ended:
    try:
        return asyncio.run(
            conduct(
                batch,
                means,
                agreement.limits,
                agreement.options,
                command=order.command,
                beat_s=narrator.beat_s,
            )
        )
    finally:
        narrator.close()


def _tell(order: Order, batch: Batch, ended: Ended, clock: Clock) -> None:
    counted = ended.counted
    report = replace(
        report_of(
            batch,
            [Seen(i, batch.jobs.get(i), batch.memories.get(i, Memory()), s) for i, s in ended.steps.items()],
        ),
        run_id=ended.run_id,
        started_at_s=clock.wall_s() - ended.seconds,
        finished_at_s=clock.wall_s(),
        exit_code=ended.exit_code,
        requests={"submits": counted.submits, "polls": counted.polls, "refused_429": counted.refused_429},
    )
    for_program = order.form != "table"
    click.echo(in_form(report, order.form, ended.seconds))
    if ended.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED):
        click.echo("left at once; nothing is lost", err=for_program)
    for line in next_commands((*report.rows, *report.departed), str(order.path)):
        click.echo(line, err=for_program)


def report_of(batch: Batch, seen: Iterable[Seen]) -> Report:
    """The report of a batch whose jobs stand like this; its run is not told of yet."""
    rows = [(s.job is None, row_of(s.identity, s.job, s.memory, s.step)) for s in seen]
    return Report(
        manifest=batch.name,
        profile=batch.profile,
        run_id=None,
        started_at_s=None,
        finished_at_s=None,
        exit_code=None,
        rows=tuple(row for departed, row in rows if not departed),
        departed=tuple(row for departed, row in rows if departed),
        estimated_usd=sum((batch.cost(job).high_usd for job in batch.jobs.values()), NOTHING),
        priced_on=batch.prices.priced_on,
    )


def _common_folder(project: Project, jobs: Iterable[Job]) -> Path:
    """The folder below which all clips go."""
    folders = {project.output(job.output).parent for job in jobs}
    first, *more = sorted(folders)
    while any(not folder.is_relative_to(first) for folder in more):
        first = first.parent
    return first
