"""A run from its lock to its report: look, decide, let somebody agree, do, tell how it stands."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal

from batchrunner.app.approval import Approval, Ask, approve
from batchrunner.app.decisions import decided_by, limited_to, with_decisions
from batchrunner.app.endpoint import Endpoint
from batchrunner.app.manifest_status import report_of
from batchrunner.app.run_observer import NO_OBSERVER, RunObserver
from batchrunner.app.run_options import RunOptions
from batchrunner.app.session import OpenLedger, Session, known_ledger
from batchrunner.app.webhook import Notifier, broken_off, last_word
from batchrunner.catalog import PriceList
from batchrunner.domain.attempt import Outcome
from batchrunner.domain.decision import Decision
from batchrunner.domain.event import EventKind, Listener, RunEvent
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.settings import Settings
from batchrunner.engine.executor import RunResult, execute
from batchrunner.engine.limit_memory import remembered_slots
from batchrunner.engine.services import Services
from batchrunner.engine.shutdown import Shutdown
from batchrunner.io.clock import Clock
from batchrunner.io.keep_awake import awake
from batchrunner.planning.batch import Batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import JobSet
from batchrunner.reports.report import Report, Spending
from batchrunner.reports.run_summary import JobChange, RunSummary, run_summary
from batchrunner.storage.interface import Ledger, LedgerReader
from batchrunner.storage.open import open_ledger
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.receipts import check_memory


@dataclass(frozen=True, slots=True)
class Workload:
    """What a run is about: a project's folder, the jobs that are wanted, the manifest's settings, and prices."""

    project: ProjectPaths
    wanted: JobSet
    settings: Settings
    prices: PriceList


@dataclass(frozen=True, slots=True)
class RunPorts:
    """What a run is connected to: the service, whoever agrees, hears and ends it, and the clock.

    `listener` hears what is told before anybody agreed, `notifier` all that comes after, every `beat_s` seconds how far
    the run is, and `observer` how each job stands, in values; `warn` that receipts cannot be written. `host` is the
    name of this machine; `on_start` is called when all is agreed to.
    """

    endpoint: Endpoint
    ask: Ask
    listener: Listener
    notifier: Notifier
    warn: Callable[[str], None]
    shutdown: Shutdown
    clock: Clock
    beat_s: float = 30.0
    on_start: Callable[[], None] = lambda: None
    observer: RunObserver = NO_OBSERVER
    host: str = field(default_factory=socket.gethostname)
    open_ledger: OpenLedger = open_ledger


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """How a run ended, how all its jobs stand then, and what of that is news."""

    result: RunResult
    report: Report
    summary: RunSummary


async def run_manifest(work: Workload, options: RunOptions, ports: RunPorts) -> FinishedRun:
    """Does what was asked for, with the manifest's lock held.

    Raises:
        RunLocked: another run of this manifest is at work.
        NotConfirmed: there is something to pay, and nobody agreed.
        UsageError: an option cannot be used as it is.
    """
    with _session(work, ports) as session, ExitStack() as stack:
        if options.submits and not options.fresh:
            check_memory(work.project, work.wanted.name, [job.output for job in work.wanted.jobs])
        with known_ledger(work.project) as known:
            known.check_address(ports.endpoint.access.base_url)
            decisions, approval = await _agreed(work, options, session.batch_with_awaited(known), known, ports)
        ledger = session.open_ledger(decisions)
        ports.on_start()
        if options.keep_awake:
            stack.enter_context(awake(lambda why: ports.notifier(RunEvent(EventKind.NOTE, why))))
        result = await execute_approved(session.batch(ledger), ledger, approval, options.command, ports)
        finished = _finished(session.batch(ledger), result, ports.clock, ledger.account.balances(result.run_id))
        ports.notifier.say(last_word(finished.report))
        ports.observer.ended(finished.report)
    return finished


def _session(work: Workload, ports: RunPorts) -> Session:
    warn, open_ledger = ports.warn, ports.open_ledger
    return Session(work.project, work.wanted, work.prices, ports.clock, warn=warn, open_ledger=open_ledger)


async def _agreed(
    work: Workload, options: RunOptions, batch: Batch, known: LedgerReader, ports: RunPorts
) -> tuple[tuple[tuple[JobId, Decision], ...], Approval]:
    """What is to be decided with this run, and what somebody agreed to."""
    now_s = ports.clock.wall_s()
    limits = options.limits(work.settings, now_s)
    planning = PlanOptions(limits.retries, submits=options.submits)
    decided = decided_by(options, batch, known, limits.retries, now_s)
    if decided is None:
        return (), await _approved(options, batch, limits, planning, known, ports)
    for words in decided.notes:
        ports.listener(RunEvent(EventKind.NOTE, words))
    planning, batch = limited_to(decided, planning), with_decisions(batch, decided.decisions)
    return decided.decisions, await _approved(options, batch, limits, planning, known, ports)


async def _approved(
    options: RunOptions,
    batch: Batch,
    limits: EffectiveLimits,
    planning: PlanOptions,
    known: LedgerReader,
    ports: RunPorts,
) -> Approval:
    endpoint, ask, clock = ports.endpoint, ports.ask, ports.clock
    access = endpoint.access
    slots = remembered_slots(endpoint.account_limits, known.account, access.key_digest, access.base_url)
    return await approve(options, batch, limits, planning, endpoint=endpoint, ask=ask, clock=clock, slots=slots)


async def execute_approved(
    batch: Batch, ledger: Ledger, approval: Approval, command: str, ports: RunPorts
) -> RunResult:
    """Does what somebody agreed to, with a ledger that is open for writing; a bug in it is notified, too."""
    endpoint, notifier = ports.endpoint, ports.notifier
    services = Services(
        ledger=ledger,
        make_http=endpoint.make_http,
        make_provider=endpoint.make_provider,
        access=endpoint.access,
        clock=ports.clock,
        listener=notifier,
        shutdown=ports.shutdown,
        observer=ports.observer,
        account_limits=endpoint.account_limits,
        host=ports.host,
    )
    try:
        return await execute(batch, services, approval.limits, approval.options, command=command, beat_s=ports.beat_s)
    except Exception as error:
        notifier.say(broken_off(error))
        ports.observer.broke_off(broken_off(error))
        raise


def _finished(batch: Batch, result: RunResult, clock: Clock, balances_usd: tuple[Decimal, ...]) -> FinishedRun:
    counted, now_s = result.stats, clock.wall_s()
    # another manifest's jobs that were brought to their end beside it are none of its own
    ours = [batch.stands(who, step) for who, step in result.steps.items() if who.manifest == batch.name]
    report = replace(
        report_of(batch, ours, now_s),
        run_id=result.run_id,
        started_at_s=now_s - result.seconds,
        finished_at_s=now_s,
        exit_code=result.exit_code,
        spending=Spending(balances_usd, sum(_paid_clips(state.history, result.run_id) for state in ours)),
        requests={"submits": counted.submits, "polls": counted.polls, "refused_429": counted.refused_429},
    )
    histories = {state.identity: state.history for state in ours}
    wanted, removed = (
        [JobChange(result.began.get(row.identity, row.status), row, histories[row.identity]) for row in rows]
        for rows in (report.rows, report.removed)
    )
    return FinishedRun(result, report, run_summary(result.run_id, wanted, removed))


def _paid_clips(history: JobHistory, run_id: int) -> int:
    """How many submits of a run were accepted and are not known to be free."""
    own = (attempt for attempt in history.attempts if attempt.run_id == run_id and not attempt.is_adopted)
    return sum(1 for attempt in own if attempt.outcome is Outcome.ACCEPTED and attempt.booked_usd)
