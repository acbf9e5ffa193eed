"""What `run`, `retry` and `fetch` have in common: look, ask, do, tell."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli import consent
from batchrunner.cli.progress import Narrator
from batchrunner.cli.setting import Service, project_of, real_service, sandbox_service
from batchrunner.clock import Clock
from batchrunner.errors import Exit, Unauthorized
from batchrunner.ledger import Ledger, run_lock
from batchrunner.nouns.facts import Mark, MarkKind, Memory
from batchrunner.nouns.job import Identity, Job
from batchrunner.nouns.money import NOTHING
from batchrunner.nouns.step import Action
from batchrunner.plan import Options, total
from batchrunner.reports import Report, as_json, next_commands, row_of, summary, utc
from batchrunner.runner import Batch, Ended, Limits, Means, Project, Seen, Signals, Wanted, conduct, gather
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
    retried: frozenset[str] | None = None
    submits: bool = True


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
        ledger = stack.enter_context(Ledger.writing(project.ledger))
        limits = limits_of(order, settings)
        batch = gather(project, wanted, ledger, shipped_prices())
        limits, marks = _agree(order, batch, limits, service, clock)
        ledger.mark(marks, MarkKind.RETRY, clock.wall_s())
        batch = gather(project, wanted, ledger, shipped_prices())
        ended = _do(order, batch, ledger, service, limits, clock)
        batch = gather(project, wanted, ledger, shipped_prices())
        _tell(order, batch, ended, clock)
    return ended.exit_code


def _options(order: Order, service: Service, limits: Limits) -> Options:
    return Options(service.access.key_digest, limits.retries, order.retried, order.submits)


def _agree(
    order: Order, batch: Batch, limits: Limits, service: Service, clock: Clock
) -> tuple[Limits, list[tuple[Identity, int]]]:
    """Shows what would be paid, and asks. What is agreed to is the most that the run may pay."""
    marks = list(_retry_marks(order, batch, limits, service))
    batch = replace(batch, memories=_with_marks(batch.memories, marks, clock.wall_s()))
    purse = batch.purse(limits)
    seen = batch.first_steps(_options(order, service, limits), purse.room_usd)
    submits = [s.step for s in seen if s.step.action is Action.SUBMIT]
    if not submits:
        return replace(limits, run_usd=NOTHING), marks
    if asyncio.run(service.refuses_key(clock)):
        raise Unauthorized("the service refuses this key: nothing was submitted")
    budget_left = None if limits.budget_usd is None else limits.budget_usd - purse.lifetime_usd
    offer = consent.Offer(
        manifest=batch.name,
        clips=len(submits),
        cost=total(submits),
        retries=limits.retries,
        priced_on=batch.prices.priced_on.isoformat(),
        max_cost_usd=limits.run_usd,
        budget_left_usd=budget_left,
        balance_usd=asyncio.run(service.balance(clock)),
        folder=str(_common_folder(batch.project, batch.jobs.values())),
    )
    consent.ask(offer, yes=order.yes)
    agreed = offer.most_usd if limits.run_usd is None else min(offer.most_usd, limits.run_usd)
    return replace(limits, run_usd=agreed), marks


def _retry_marks(order: Order, batch: Batch, limits: Limits, service: Service) -> Iterable[tuple[Identity, int]]:
    """The failed ones among those that are to be tried again, each with the number of its failed attempt."""
    if order.retried is None:
        return
    for seen in batch.first_steps(_options(order, service, limits), None):
        failed = seen.step.action is Action.NONE and seen.step.attempt is not None and _has_failed(seen)
        if failed and seen.job is not None and seen.job.name in order.retried and seen.step.attempt:
            yield seen.identity, seen.step.attempt.number


def _has_failed(seen: Seen) -> bool:
    return seen.step.status == "failed"


def _with_marks(
    memories: Mapping[Identity, Memory], marks: Iterable[tuple[Identity, int]], now_s: float
) -> dict[Identity, Memory]:
    """The memories as they will be once the marks are on record."""
    marked = dict(memories)
    for identity, after in marks:
        memory = marked[identity]
        marked[identity] = replace(memory, marks=(*memory.marks, Mark(now_s, MarkKind.RETRY, after)))
    return marked


def _do(order: Order, batch: Batch, ledger: Ledger, service: Service, limits: Limits, clock: Clock) -> Ended:
    narrator = Narrator(quiet=order.quiet)
    try:
        means = Means(ledger, service.make_http, service.access, clock, narrator, Signals())
        options = _options(order, service, limits)
        return asyncio.run(conduct(batch, means, limits, options, command=order.command, beat_s=narrator.beat_s))
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
    is_json = order.form == "json"
    click.echo(json.dumps(as_json(report), indent=2) if is_json else summary(report, ended.seconds))
    if ended.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED):
        click.echo("left at once; nothing is lost", err=is_json)
    for line in next_commands((*report.rows, *report.departed), str(order.path)):
        click.echo(line, err=is_json)


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
