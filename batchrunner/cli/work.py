"""What `run`, `retry` and `fetch` have in common: look, ask, do, tell."""

from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from decimal import Decimal

from batchrunner.app.event_log import Log
from batchrunner.app.webhook import Notifier, last_word, read_hook
from batchrunner.cli.approval import Approval, approve
from batchrunner.cli.context import Service, known_ledger, prices_of, project_of, real_service, sandbox_service
from batchrunner.cli.decisions import Decided, decide, unfinished
from batchrunner.cli.options import scope_flags
from batchrunner.cli.progress import ConsoleProgress
from batchrunner.cli.run_options import RunOptions
from batchrunner.cli.selection import Selection, matching
from batchrunner.cli.signals import passed_on
from batchrunner.cli.status_report import report_of, say_report, shown
from batchrunner.cli.terminal import say, while_heard
from batchrunner.domain.attempt import Outcome
from batchrunner.domain.decision import Decision
from batchrunner.domain.event import EventKind, Listener, RunEvent
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.settings import Settings
from batchrunner.domain.text import utc
from batchrunner.engine.executor import RunResult, execute
from batchrunner.engine.services import Services
from batchrunner.engine.shutdown import Shutdown
from batchrunner.errors import ExitCode, RunLocked
from batchrunner.io.clock import Clock
from batchrunner.io.keep_awake import awake
from batchrunner.planning.batch import Batch, JobSet, load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.reports.next_steps import next_commands
from batchrunner.reports.report import Report, Spending
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.open import open_ledger
from batchrunner.storage.paths import Project
from batchrunner.storage.receipts import ReceiptsWriter, check_memory, read_receipts
from batchrunner.storage.run_lock import run_lock
from batchrunner.storage.symlinks import check_symlinks


def work(order: RunOptions, wanted: JobSet, settings: Settings) -> int:
    """Does what was ordered, with the manifest's lock held; gives the exit code.

    Raises:
        Locked: another run of this manifest is at work.
        Unconfirmed: there is something to pay, and nobody agreed.
        UsageError: an option cannot be used as it is.
    """
    hook = read_hook(order.notify)
    clock = Clock()
    project = project_of(order.path, order.ledger, sandbox=order.sandbox)
    check_symlinks(project, wanted.name, [job.output for job in wanted.jobs])
    service = sandbox_service(project, clock) if order.sandbox else real_service(order.allow_network)
    narrator = ConsoleProgress(quiet=order.quiet)
    log = Log(project.folder / f"{wanted.name}.log", clock, narrator)
    with ExitStack() as stack:
        # it came first and goes last: waiting for its answers holds up neither the lock nor the receipts
        notifier = stack.enter_context(
            Notifier(hook, _who(wanted), log, secret=service.access.key, allowed=order.allow_network)
        )
        stack.enter_context(run_lock(project.folder, wanted.name, utc(clock.wall_s()) or ""))
        if order.submits and not order.fresh:
            check_memory(project, wanted.name, [job.output for job in wanted.jobs])
        prices = prices_of(order.prices)
        # until somebody agreed nothing is recorded: what is in the folder may be somebody else's
        with known_ledger(project) as known:
            known.check_address(service.access.base_url)
            planned = with_guests(load_batch(project, wanted, known, prices), stack, clock)
            marks, agreement = _agreed(order, planned, settings, known, service, clock, narrator)
        ledger = stack.enter_context(open_ledger(project.ledger))
        ledger.import_receipts(read_receipts(project))
        writer = ReceiptsWriter(project, ledger, lambda why: say(why, err=True))
        stack.callback(writer.whole, wanted.name)
        ledger.decide(marks)
        writer.decisions(who for who, _ in marks)
        batch = replace(load_batch(project, wanted, ledger, prices), foreign_jobs=planned.foreign_jobs)
        if order.keep_awake:
            stack.enter_context(awake(lambda why: log(RunEvent(EventKind.NOTE, why))))
        means = Services(ledger, service.make_http, service.access, clock, notifier, Shutdown())
        ended = _do(order, batch, means, agreement, narrator, notifier)
        batch = load_batch(project, wanted, ledger, prices)
        report = _report(batch, ended, clock, ledger.account.balances(ended.run_id))
        notifier.say(last_word(report))
        with while_heard():  # all of it is in the ledger, too
            _tell(order, report, ended, project)
    return ended.exit_code


def _agreed(
    order: RunOptions,
    batch: Batch,
    settings: Settings,
    known: LedgerReader,
    service: Service,
    clock: Clock,
    tell: Listener,
) -> tuple[tuple[tuple[JobId, Decision], ...], Approval]:
    """What is to be decided with this command, and what somebody agreed to."""
    limits = order.limits(settings, clock.wall_s())
    options = PlanOptions(limits.retries, submits=order.submits)
    decided = _decided(order, batch, limits.retries, known, clock.wall_s())
    if decided is None:
        return (), approve(order, batch, limits, options, service, clock)
    for words in decided.notes:
        tell(RunEvent(EventKind.NOTE, words))
    options = replace(options, only=decided.only)
    return tuple(decided.marks), approve(order, _marked(batch, decided.marks), limits, options, service, clock)


def _is_ours(identity: JobId, batch: Batch) -> bool:
    """Whether it is a job of this manifest, and none of another that was brought to its end beside it."""
    return identity.manifest == batch.name


def _who(wanted: JobSet) -> str:
    return f"{wanted.name} ({wanted.profile})" if wanted.profile else wanted.name


def with_guests(batch: Batch, stack: ExitStack, clock: Clock) -> Batch:
    """The batch with those whom it waits for, where nobody else is at work on them: their manifest may be gone."""
    guests: tuple[JobId, ...] = ()
    for manifest, awaited in batch.awaited().items():
        with suppress(RunLocked):
            stack.enter_context(run_lock(batch.project.folder, manifest, utc(clock.wall_s()) or ""))
            guests += awaited
    return replace(batch, foreign_jobs=guests)


def _decided(order: RunOptions, batch: Batch, retries: int, ledger: LedgerReader, now_s: float) -> Decided | None:
    """What `retry` and `redo` decide; it is judged by how the jobs stand before anything is marked."""
    if order.marking is None:
        return None
    seen = batch.first_steps(PlanOptions(), None)  # a job that failed has failed, whatever retries it has left
    chosen = matching(Selection(order.select, order.exclude, named=order.named), seen)
    to_come = batch.first_steps(PlanOptions(retries=retries), None)
    orders = unfinished(to_come, order.marking, ledger.last_ended_run(batch.name, batch.profile))
    return decide(chosen, order.marking, orders, now_s, spelt=order.spelt, limit=order.limit)


def _marked(batch: Batch, marks: Iterable[tuple[JobId, Decision]]) -> Batch:
    """The batch as it will be once the marks are on record."""
    memories = dict(batch.histories)
    for identity, mark in marks:
        memories[identity] = replace(memories[identity], decisions=(*memories[identity].decisions, mark))
    return replace(batch, histories=memories)


def _do(
    order: RunOptions, batch: Batch, means: Services, agreement: Approval, narrator: ConsoleProgress, notifier: Notifier
) -> RunResult:
    limits, options = agreement.limits, agreement.options
    try:
        with passed_on(means.shutdown, notifier.loop):
            return notifier.run(execute(batch, means, limits, options, command=order.command, beat_s=narrator.beat_s))
    finally:
        narrator.close()


def _report(batch: Batch, ended: RunResult, clock: Clock, balances_usd: tuple[Decimal, ...]) -> Report:
    counted, now_s = ended.stats, clock.wall_s()
    states = [batch.stands(who, step) for who, step in ended.steps.items() if _is_ours(who, batch)]
    return replace(
        report_of(batch, states, now_s),
        run_id=ended.run_id,
        started_at_s=now_s - ended.seconds,
        finished_at_s=now_s,
        exit_code=ended.exit_code,
        spending=Spending(balances_usd, sum(_paid_clips(state.history, ended.run_id) for state in states)),
        requests={"submits": counted.submits, "polls": counted.polls, "refused_429": counted.refused_429},
    )


def _paid_clips(history: JobHistory, run_id: int) -> int:
    """How many submits of a run were accepted and are not known to be free."""
    own = (attempt for attempt in history.attempts if attempt.run_id == run_id and not attempt.is_adopted)
    return sum(1 for attempt in own if attempt.outcome is Outcome.ACCEPTED and attempt.booked_usd)


def _tell(order: RunOptions, report: Report, ended: RunResult, project: Project) -> None:
    for_program = order.form != "table"
    say_report(shown(report, order.form, project, ended.seconds), order.form)
    if ended.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        say("left at once; nothing is lost", err=for_program)
    options = scope_flags(order.profile, order.ledger, sandbox=order.sandbox)
    for line in next_commands((*report.rows, *report.departed), str(order.path), options):
        say(line, err=for_program)
