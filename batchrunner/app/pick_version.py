"""Picking: an older version of a clip is put back under its final name."""

from collections.abc import Mapping
from pathlib import Path

from batchrunner.app.decision_session import DecisionSession
from batchrunner.app.job_set import no_such_job
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.job import JobId
from batchrunner.errors import UsageError
from batchrunner.storage.clip_files import on_disk
from batchrunner.storage.clips import ClipStore


def pick_version(session: DecisionSession, job: str, version: str) -> str:
    """Puts a version (`v1`) of a job's clip back; gives its path. The clip that it replaces becomes a version itself.

    Raises:
        UsageError: there is no such job or version, the job is being rendered, or the disk does not take the clip.
    """
    who = next((who for who in session.batch.jobs if who.name == job), None)
    if who is None:
        raise no_such_job(job, [known.name for known in session.batch.jobs])
    attempt = _version(who, version, _versions(session, who))
    final = session.project.output(session.batch.jobs[who].output)
    # decided first: where the disk does not take it now, the next run puts it there
    session.book.decide([session.keep(who, attempt)])
    return _put_back(ClipStore(session.project, session.book, session.clock), who, attempt, final)


def _versions(session: DecisionSession, who: JobId) -> Mapping[str, Attempt]:
    """The job's older clips that lie on the disk, by what their files are called: `v1`."""
    memory, present = on_disk(session.project, session.memory(who))
    return {a.clip.version: a for a in memory.attempts if a.id in present and a.clip and a.clip.version}


def _version(who: JobId, version: str, versions: Mapping[str, Attempt]) -> Attempt:
    if version not in versions:
        known = f"there are {', '.join(sorted(versions))}" if versions else "it has no older clips"
        raise UsageError(f"{who.name} has no version {version}: {known}")
    return versions[version]


def _put_back(clips: ClipStore, who: JobId, attempt: Attempt, final: Path) -> str:
    try:
        return clips.store(who, attempt, clips.stored(attempt), final)
    except FileExistsError:
        raise UsageError(f"{final} exists but was not created by batchrunner; move it, then run this again") from None
    except OSError as error:
        raise UsageError(f"cannot write {final}: {error.strerror}; fix this and run again") from error
