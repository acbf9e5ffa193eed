"""`batchrunner status`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from batchrunner.app.manifest_status import ManifestStatus
from batchrunner.cli.context import project_of, status_at
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    choosing_options,
    decorated,
    format_option,
    jobs_argument,
    ledger_option,
    manifest_argument,
    prices_option,
    profile_option,
    sandbox_option,
    scope_flags,
)
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.render import say_report, shown
from batchrunner.cli.terminal import say, say_lines
from batchrunner.domain.text import Lines, in_lines, stacked
from batchrunner.reports.job_history import history
from batchrunner.reports.next_steps import next_commands
from batchrunner.storage.run_lock import lock_owner


@click.command()
@manifest_argument
@jobs_argument
@lambda command: decorated(command, choosing_options("Show only these", "Do not show these"))
@profile_option
@reading_options
@ledger_option
@sandbox_option
@prices_option
@format_option("table", "json", "junit")
def command(manifest: Path, **options: Any) -> None:
    """Show what is known of each job; works during a run.

    Takes no lock, needs no key, asks nobody. With JOB: its whole history, and what would happen next; with
    --select the same table of fewer jobs.

    Example: batchrunner status shots.yaml --select status:failed
    """
    typed = Invocation.of(manifest, "status", **options)
    form, status = typed.output.form, status_at(typed)
    if typed.run.jobs and form == "table":
        say_lines(stacked(*_histories(status)))
        return
    project, report = project_of(typed), status.report
    say_report(shown(report, form, project), form)
    if lock_owner(project.folder, report.manifest) is not None:
        return  # whatever else was typed would be refused
    scope = scope_flags(typed.profile, typed.ledger, sandbox=typed.sandbox)
    for line in next_commands((*report.rows, *report.removed), str(manifest), scope):
        say(line, err=form != "table")


def _histories(status: ManifestStatus) -> Iterator[Lines]:
    """One a job, with a blank line between two."""
    for number, seen in enumerate(status.states):
        if number:
            yield in_lines("")
        yield history(seen.identity, seen.history, seen.step, status.catalog)
