"""`batchrunner status`."""

from collections.abc import Iterable
from pathlib import Path

import click

from batchrunner.app.job_set import no_such_job
from batchrunner.cli.completion import complete_jobs
from batchrunner.cli.context import project_of, status_at
from batchrunner.cli.invocation import Invocation
from batchrunner.cli.options import (
    format_option,
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
from batchrunner.planning.batch import JobState
from batchrunner.reports.job_history import history
from batchrunner.reports.next_steps import next_commands
from batchrunner.storage.run_lock import lock_owner


@click.command()
@manifest_argument
@click.argument("job", required=False, shell_complete=complete_jobs)
@profile_option
@reading_options
@ledger_option
@sandbox_option
@prices_option
@format_option("table", "json", "junit")
def command(
    manifest: Path, job: str | None, profile: str, ledger: Path | None, prices: Path | None, sandbox: bool, form: str
) -> None:
    """Show what is known of each job; works during a run.

    Takes no lock, needs no key, asks nobody. With JOB: its whole history, and what would happen next.

    Example: batchrunner status shots.yaml
    """
    typed = Invocation(manifest, profile, ledger, sandbox, prices)
    status = status_at(typed)
    if job is not None:
        found = _found(job, status.states)
        attempt = found.step.attempt
        prompt = status.catalog.prompt_of(attempt.request) if attempt else ""
        say_lines(history(found.identity, found.history, found.step, prompt))
        return
    project, report = project_of(typed), status.report
    say_report(shown(report, form, project), form)
    if lock_owner(project.folder, report.manifest) is not None:
        return  # whatever else was typed would be refused
    options = scope_flags(profile, ledger, sandbox=sandbox)
    for line in next_commands((*report.rows, *report.removed), str(manifest), options):
        say(line, err=form != "table")


def _found(name: str, seen: Iterable[JobState]) -> JobState:
    by_name = {each.identity.name: each for each in seen}
    if name not in by_name:
        raise no_such_job(name, by_name)
    return by_name[name]
