"""`batchrunner accept`."""

from pathlib import Path

import click

from batchrunner.catalog import shipped_prices
from batchrunner.cli.options import ledger_option, manifest_argument, profile_option, sandbox_option
from batchrunner.cli.setting import named_jobs, project_of, valid_manifest, wanted_of
from batchrunner.clock import Clock
from batchrunner.errors import UsageError
from batchrunner.ledger import Ledger, run_lock
from batchrunner.nouns.facts import NO_MEMORY, Attempt, Mark, MarkKind, Memory
from batchrunner.nouns.job import Identity
from batchrunner.nouns.request import changed_fields
from batchrunner.reports import utc
from batchrunner.runner import gather


@click.command()
@manifest_argument
@click.argument("jobs", nargs=-1, required=True)
@profile_option
@ledger_option
@sandbox_option
def command(manifest: Path, jobs: tuple[str, ...], profile: str, ledger: Path | None, *, sandbox: bool) -> None:
    """Keep the clips of jobs that were edited: nothing is paid for them.

    It holds for the jobs as they are written now; edited once more, they are rendered again.

    Example: batchrunner accept shots.yaml hero-wave
    """
    clock = Clock()
    read = valid_manifest(manifest, profile)
    named = named_jobs(read, jobs)
    project = project_of(manifest, ledger, sandbox=sandbox)
    with run_lock(project.folder, read.name, utc(clock.wall_s()) or ""), Ledger.writing(project.ledger) as book:
        batch = gather(project, wanted_of(read), book, shipped_prices())
        kept = {who: _kept(who, batch.memories.get(who, NO_MEMORY)) for who in batch.jobs if who.name in named}
        now_s = clock.wall_s()
        marks = [
            (who, Mark(now_s, MarkKind.ACCEPT, batch.memories[who].attempts[-1].number, batch.jobs[who].request))
            for who in kept
        ]
        book.mark(marks)
    for who, attempt in kept.items():
        changed = changed_fields(attempt.request, batch.jobs[who].request)
        although = f", although {', '.join(changed)} changed" if changed else ""
        click.echo(f"{who.name}: its clip is kept{although}")


def _kept(who: Identity, memory: Memory) -> Attempt:
    """The attempt whose clip is the job's newest."""
    attempt = memory.newest_clip(memory.next_number)
    if attempt is None:
        raise UsageError(f"{who.name} has no clip that could be kept")
    if memory.open_attempt is not None:
        raise UsageError(f"{who.name} is being rendered: `batchrunner fetch` brings that to its end first")
    return attempt
