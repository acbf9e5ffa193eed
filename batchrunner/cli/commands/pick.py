"""`batchrunner pick`."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import click

from batchrunner.app.decision_session import DecisionSession, deciding
from batchrunner.app.job_set import no_such_job, wanted_of
from batchrunner.cli.context import valid_manifest
from batchrunner.cli.options import ledger_option, manifest_argument, profile_option, sandbox_option
from batchrunner.cli.permission_options import reading_options
from batchrunner.cli.terminal import say, warn
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.job import JobId
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.storage.clip_files import on_disk
from batchrunner.storage.clips import ClipStore
from batchrunner.storage.paths import find_project

_VERSION = re.compile(r"\.(v[0-9]+)$")


@click.command()
@manifest_argument
@click.argument("job")
@click.argument("version")
@profile_option
@reading_options
@ledger_option
@sandbox_option
def command(manifest: Path, job: str, version: str, profile: str, ledger: Path | None, *, sandbox: bool) -> None:
    """Put an older version of a clip back under its final name.

    VERSION is the name of its file in `versions/`: v1, v2, … The clip that it replaces becomes a version
    itself. Nothing is paid; edited once more, the job is rendered again.

    Example: batchrunner pick shots.yaml hero-wave v1
    """
    version = f"v{version}" if version.isdecimal() else version
    read = valid_manifest(manifest, profile)
    known = {each.name for each in read.jobs}
    if job not in known:
        raise no_such_job(job, known, manifest)
    with deciding(find_project(manifest, ledger, sandbox=sandbox), wanted_of(read), Clock(), warn) as desk:
        who = next(who for who in desk.batch.jobs if who.name == job)
        attempt = _version(who, version, _versions(desk, who))
        final = desk.project.output(desk.batch.jobs[who].output)
        # decided first: where the disk does not take it now, the next run puts it there
        desk.book.decide([desk.keep(who, attempt)])
        path = _put_back(ClipStore(desk.project, desk.book, desk.clock), who, attempt, final)
    say(f"{job}: {version} is at {path} again")


def _versions(desk: DecisionSession, who: JobId) -> Mapping[str, Attempt]:
    """The job's older clips that lie on the disk, by what their files are called: `v1`."""
    memory, present = on_disk(desk.project, desk.memory(who))
    lying = [a for a in memory.attempts if a.id in present and a.clip and a.clip.role is ClipRole.VERSION]
    found = ((_VERSION.search(PurePosixPath(a.clip.path).stem), a) for a in lying if a.clip)
    return {match[1]: attempt for match, attempt in found if match}


def _version(who: JobId, version: str, versions: Mapping[str, Attempt]) -> Attempt:
    if version not in versions:
        known = f"there are {', '.join(sorted(versions))}" if versions else "it has no older clips"
        raise UsageError(f"{who.name} has no version {version}: {known}")
    return versions[version]


def _put_back(shelf: ClipStore, who: JobId, attempt: Attempt, final: Path) -> str:
    try:
        return shelf.store(who, attempt, shelf.stored(attempt), final)
    except FileExistsError:
        raise UsageError(f"{final} exists but was not created by batchrunner; move it, then run this again") from None
    except OSError as error:
        raise UsageError(f"cannot write {final}: {error.strerror}; fix this and run again") from error
