"""`batchrunner accept`."""

from pathlib import Path

import click

from batchrunner.cli.deciding import deciding
from batchrunner.cli.options import ledger_option, manifest_argument, profile_option, sandbox_option
from batchrunner.cli.setting import named_jobs, project_of, valid_manifest, wanted_of
from batchrunner.errors import UsageError
from batchrunner.nouns.facts import Attempt, Memory
from batchrunner.nouns.job import Identity
from batchrunner.nouns.request import changed_fields


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
    read = valid_manifest(manifest, profile)
    named = named_jobs(read, jobs)
    with deciding(project_of(manifest, ledger, sandbox=sandbox), wanted_of(read)) as desk:
        kept = {who: _newest(who, desk.memory(who)) for who in desk.batch.jobs if who.name in named}
        desk.book.mark([desk.keep(who, attempt) for who, attempt in kept.items()])
    for who, attempt in kept.items():
        changed = changed_fields(attempt.request, desk.batch.jobs[who].request)
        although = f", although {', '.join(changed)} changed" if changed else ""
        click.echo(f"{who.name}: its clip is kept{although}")


def _newest(who: Identity, memory: Memory) -> Attempt:
    """The attempt whose clip is the job's newest."""
    attempt = memory.newest_clip(memory.next_number)
    if attempt is None:
        raise UsageError(f"{who.name} has no clip that could be kept")
    return attempt
