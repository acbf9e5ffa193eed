"""Reuse: for each job without a clip of its own, the clip that was paid for under another name."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.history import NO_MEMORY, Damage, JobHistory
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.observation import TaskState


@dataclass(frozen=True, slots=True)
class ReusableRef:
    """Whose attempt it is that a job may take over."""

    identity: JobId
    attempt_id: int


def find_reusable(jobs: Mapping[JobId, Job], everybody: Mapping[JobId, JobHistory]) -> dict[JobId, ReusableRef]:
    """For each job that never asked for its request, an attempt at the same request and take under another name.

    That is one of an id that left the manifest or asks for something else now, or of another manifest or profile.
    No attempt is given to two jobs.
    """
    free = _free_attempts(jobs, everybody)
    found: dict[JobId, ReusableRef] = {}
    for identity, job in jobs.items():
        own = everybody.get(identity, NO_MEMORY)
        candidates = free.get((job.request.fingerprint, identity.take))
        if candidates and not own.has_asked_for(job.request):
            found[identity] = candidates.pop(0)
    return found


def _free_attempts(
    jobs: Mapping[JobId, Job], everybody: Mapping[JobId, JobHistory]
) -> dict[tuple[str, int], list[ReusableRef]]:
    taken = {
        attempt.id
        for identity, job in jobs.items()
        for attempt in everybody.get(identity, NO_MEMORY).attempts
        if attempt.request == job.request
    }
    free: dict[tuple[str, int], list[ReusableRef]] = defaultdict(list)
    for identity, history in sorted(everybody.items()):
        for attempt in _worth_having(history):
            if attempt.id not in taken and not attempt.is_adopted:
                free[attempt.request.fingerprint, identity.take].append(ReusableRef(identity, attempt.id))
    return free


def _worth_having(history: JobHistory) -> Iterator[Attempt]:
    """The attempts that gave a clip, or still may; the newest first."""
    return (a for a in reversed(history.attempts) if a.is_open or _gave_clip(a))


def _gave_clip(attempt: Attempt) -> bool:
    has_file = bool(attempt.clips) or not attempt.is_gone
    return attempt.outcome is Outcome.ACCEPTED and attempt.task is TaskState.SUCCESS and has_file


def describe(other: JobId, job: JobId, *, is_wanted: bool) -> str:
    """How a reason calls the other one, which is still wanted or not: `sh010 (left the manifest)`."""
    if other.manifest != job.manifest:
        return f"{other.name} (of {other.manifest})"
    if other.profile != job.profile:
        return f"{other.name} ({f'of the profile {other.profile}' if other.profile else 'without a profile'})"
    return f"{other.name} (was edited since)" if is_wanted else f"{other.name} (left the manifest)"


def find_suspects(
    jobs: Mapping[JobId, Job], histories: Mapping[JobId, JobHistory], damage: Sequence[Damage]
) -> dict[JobId, tuple[Damage, ...]]:
    """The jobs whose paid clip may hide in damaged rows that nothing else leads to.

    The row was written for this very job; or the job was never submitted, and somebody who does not want it any more
    may have asked for the same.
    """
    found = {
        who: tuple(each for each in damage if _is_suspect(job, each, jobs, histories)) for who, job in jobs.items()
    }
    return {who: suspects for who, suspects in found.items() if suspects}


def _is_suspect(job: Job, damage: Damage, jobs: Mapping[JobId, Job], histories: Mapping[JobId, JobHistory]) -> bool:
    if damage.may_be_of(job.identity):
        return True
    if histories.get(job.identity, NO_MEMORY).has_asked_for(job.request):
        return False
    is_wanted = any(who in jobs and jobs[who].request == job.request for who in damage.jobs)
    attempts = (a for who in damage.jobs for a in histories.get(who, NO_MEMORY).attempts)
    asks = damage.may_ask_for(job.request) or any(a.request == job.request for a in attempts)
    return asks and not is_wanted
