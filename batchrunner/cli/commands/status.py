"""`batchrunner status`."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click

from batchrunner.app.active_run import active_run
from batchrunner.app.job_set import prices_of
from batchrunner.app.manifest_status import ManifestStatus
from batchrunner.app.run_watch import watched
from batchrunner.cli.context import project_of, read, status_at
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    format_option,
    jobs_argument,
    ledger_option,
    manifest_argument,
    option,
    prices_option,
    profile_option,
    sandbox_option,
    scope_flags,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.progress import BEAT_S, ConsoleProgress
from batchrunner.cli.render import say_report, shown
from batchrunner.cli.terminal import say, say_lines, warn
from batchrunner.domain.text import Lines, in_lines, stacked
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.reports.formats.table_report import totals
from batchrunner.reports.job_history import history
from batchrunner.reports.next_steps import next_commands
from batchrunner.storage.open import read_ledger


@click.command()
@manifest_argument
@jobs_argument
@lambda command: decorated(command, choosing_options("Show only these", "Do not show these"))
@option("--summary", is_flag=True, help="Print the totals only, and who runs it.")
@option("--watch", is_flag=True, help="Show the run that is active, until it ends or Ctrl-C; then how all jobs stand.")
@profile_option
@reading_options
@ledger_option
@sandbox_option
@prices_option
@format_option("table", "json", "junit")
def command(manifest: Path, *, summary: bool, watch: bool, **options: Any) -> None:
    """Show what is known of each job; works during a run.

    Says whose run is active, and what it waits for. Takes no lock, needs no key, asks nobody. With JOB:
    its whole history, and what would happen next; with --select the same table of fewer jobs.

    Example: batchrunner status shots.yaml --select status:failed
    """
    typed = Invocation.of(manifest, "status", **options)
    if (summary or watch) and (typed.run.jobs or typed.output.form != "table"):
        raise UsageError(f"--{'watch' if watch else 'summary'} is for all jobs, and for people: leave out JOB and -o")
    if watch and not _watch(typed):
        return
    _tell(typed, is_short=summary)


def _tell(typed: Invocation, *, is_short: bool) -> None:
    form, status = typed.output.form, status_at(typed)
    if typed.run.jobs and form == "table":
        say_lines(stacked(*_histories(status)))
        return
    project, report = project_of(typed), status.report
    if is_short:
        say_lines(in_lines(*totals(report)))
    else:
        say_report(shown(report, form, project), form)
    active = active_run(project, report.manifest)
    if active is not None:
        say(active.in_words(Clock().wall_s()), err=form != "table")
        return  # whatever else was typed would be refused
    scope = scope_flags(typed.profile, typed.ledger, sandbox=typed.sandbox)
    for line in next_commands((*report.rows, *report.removed), str(typed.path), scope):
        say(line, err=form != "table")


def _watch(typed: Invocation) -> bool:
    """Shows the run that is active until it has ended; whether that is how it came to its end, and no Ctrl-C."""
    clock, project, manifest = Clock(), project_of(typed), read(typed.path, typed.profile)
    console, is_over = ConsoleProgress(clock, quiet=False), False
    with suppress(KeyboardInterrupt), closing(console), read_ledger(project.ledger) as ledger:
        name = ledger.manifest_at(project.written(project.manifest)) or manifest.name
        if active_run(project, name) is None:
            warn(f"no run of {name} is active")
        for events in watched(project, name, ledger, prices_of(typed.prices, manifest.catalog), clock):
            for event in events:
                console(event)
            clock.sleep(BEAT_S)
        is_over = True
    return is_over


def _histories(status: ManifestStatus) -> Iterator[Lines]:
    """One a job, with a blank line between two."""
    for number, seen in enumerate(status.states):
        if number:
            yield in_lines("")
        yield history(seen.identity, seen.history, seen.step, status.catalog)
