"""What `run`, `retry` and `fetch` have in common: they run a manifest, and tell how it went."""

import asyncio
import shlex
from contextlib import suppress
from functools import partial

from batchrunner.app.active_run import Heartbeat
from batchrunner.app.cloud_events import CloudEvents, Write
from batchrunner.app.event_log import Log, LogFile
from batchrunner.app.job_set import prices_of
from batchrunner.app.run_manifest import FinishedRun, RunPorts, Workload, run_manifest
from batchrunner.app.run_observer import NO_OBSERVER, RunObserver
from batchrunner.app.webhook import Notifier, read_hook
from batchrunner.cli import confirm
from batchrunner.cli.context import endpoint_of, project_of
from batchrunner.cli.event_output import STDOUT, written_events
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import scope_flags
from batchrunner.cli.progress import BEAT_S, ConsoleProgress
from batchrunner.cli.render import say_report, seen_from_here, shown
from batchrunner.cli.set_option import set_lines
from batchrunner.cli.signals import passed_on
from batchrunner.cli.terminal import say, say_lines, while_heard
from batchrunner.domain.event import Event, Listener
from batchrunner.domain.settings import Settings
from batchrunner.domain.text import plural
from batchrunner.engine.shutdown import Shutdown
from batchrunner.errors import ExitCode, RunLocked
from batchrunner.io.clock import Clock
from batchrunner.planning.job_records import JobSet
from batchrunner.reports.next_steps import first_commands
from batchrunner.reports.run_news import run_news
from batchrunner.storage.paths import ProjectPaths


def work(typed: Invocation, wanted: JobSet, settings: Settings) -> int:
    """Does what was typed; gives the exit code.

    Raises:
        RunLocked: another run of this manifest is at work.
        NotConfirmed: there is something to pay, and nobody agreed.
        UsageError: an option cannot be used as it is.
    """
    hook = read_hook(typed.run.notify)
    clock = Clock()
    project = project_of(typed)
    log_file = _log_file(typed, project, wanted.name)
    console = ConsoleProgress(clock, quiet=typed.output.quiet, shares_stdout=typed.output.events == STDOUT)
    with written_events(typed.output.events, typed.output.form, project) as write:
        endpoint = endpoint_of(typed, project, clock, wanted.catalog)
        if said := set_lines(wanted.jobs):
            say_lines(said, err=True)
        ask = partial(confirm.ask, yes=typed.yes, part_is_enough=typed.allow_partial)
        workload = Workload(project, wanted, settings, prices_of(typed.prices, wanted.catalog))
        observer = _observer(write, wanted, clock, console, endpoint.access.key)
        beat = Heartbeat(project, wanted.name, clock, partial(_pass_on, observer, console))
        log = Log(log_file, clock, beat)
        notifier = Notifier(hook, _title(wanted), log, secret=endpoint.access.key, allowed=typed.allow_network)
        ports = RunPorts(endpoint, ask, console, notifier, console.warn, Shutdown(), clock, BEAT_S, observer=observer)
        try:
            return _run(workload, typed, ports, console)
        except RunLocked as error:
            raise RunLocked(f"{error}. Nothing was submitted here; to see how far it is: `{_status(typed)}`") from None


def _status(typed: Invocation) -> str:
    options = scope_flags(typed.profile, typed.ledger, sandbox=typed.sandbox)
    return shlex.join(["batchrunner", "status", str(typed.path), *options])


def _observer(write: Write | None, wanted: JobSet, clock: Clock, console: Listener, secret: str) -> RunObserver:
    if write is None:
        return NO_OBSERVER
    return CloudEvents(write, wanted, clock, console, secret=secret)


def _pass_on(observer: RunObserver, console: Listener, event: Event) -> None:
    observer.heard(event)
    console(event)


def _run(workload: Workload, typed: Invocation, ports: RunPorts, console: ConsoleProgress) -> int:
    with asyncio.Runner() as runner, passed_on(ports.shutdown, runner.get_loop()):
        try:
            finished = runner.run(run_manifest(workload, typed.run, ports))
        except Exception:
            runner.run(ports.notifier.drained())
            raise
        finally:
            console.close()
        with while_heard():  # all of it is in the ledger, too
            _tell(typed, finished, workload.project)
        with suppress(KeyboardInterrupt):  # whoever presses Ctrl-C now does not want to wait
            runner.run(ports.notifier.drained())
    return finished.result.exit_code


def _log_file(typed: Invocation, project: ProjectPaths, manifest: str) -> LogFile:
    named = typed.output.log_file
    return LogFile.named(named, project) if named else LogFile.of(project, manifest)


def _title(wanted: JobSet) -> str:
    return f"{wanted.name} ({wanted.profile})" if wanted.profile else wanted.name


def _tell(typed: Invocation, finished: FinishedRun, project: ProjectPaths) -> None:
    form, is_stdout_taken = typed.output.form, typed.output.events == STDOUT
    for_program = form != "table" or is_stdout_taken
    result, report = finished.result, finished.report
    if form == "table":
        news = run_news(finished.summary, report, seen_from_here(project, result.seconds))
        say_lines(news, err=is_stdout_taken)
    else:
        say_report(shown(report, form, project, result.seconds), form, err=is_stdout_taken)
    if result.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        say("stopped at once; nothing is lost", err=for_program)
    if typed.output.verbose:
        said = result.stats
        requests = f"{plural(said.submits, 'submit')}, {plural(said.polls, 'poll')}, {said.refused_429} rate-limited"
        say(f"requests: {requests}", err=for_program)
    options = scope_flags(typed.profile, typed.ledger, sandbox=typed.sandbox)
    for line in first_commands((*report.rows, *report.removed), str(typed.path), options):
        say(line, err=for_program)
