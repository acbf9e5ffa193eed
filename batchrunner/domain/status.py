"""The status of a job: one pure function of the facts."""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from batchrunner.domain.attempt import Attempt, Outcome, RejectReason
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.observation import TaskState


class Status(StrEnum):
    """What is known of a job. `unknown`: sent, no answer was recorded. `expired`: paid, the result is gone."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    RUNNING = "running"
    RENDERED = "rendered"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def words(self) -> str:
        """The status for people: a word alone would not say where the clip is, or whether it may be paid."""
        return _WORDS.get(self, self.value)


class Flag(StrEnum):
    """What stands beside a status."""

    CHANGED = "changed"
    OLD_CLIP = "old-clip"
    STUCK = "stuck"
    SUBMITTING = "submitting"
    REMOVED = "departed"


_WORDS: Mapping[Status, str] = {
    Status.UNKNOWN: "sent, no answer: may be paid",
    Status.RENDERED: "rendered, not downloaded",
}


def counts_in_words(counts: Mapping[Status, int]) -> str:
    """`3 done, 1 failed`, in the order of the statuses; empty where nothing is counted."""
    words = [f"{counts[status]} {status.words}" for status in Status if counts.get(status)]
    return ("; " if any("," in each for each in words) else ", ").join(words)


def status_of(attempt: Attempt | None, *, file_is_there: bool, in_flight: bool = False) -> Status:
    """The status after `attempt`, the one that counts for the job.

    `file_is_there`: its verified clip is under its final name.
    `in_flight`: a run is waiting for the service's answer at this moment.
    """
    if attempt is None:
        return Status.PENDING
    match attempt.outcome:
        case None:
            return Status.PENDING if in_flight else Status.UNKNOWN
        case Outcome.UNKNOWN:
            return Status.UNKNOWN
        case Outcome.REFUSED:
            invalid = attempt.answer is not None and attempt.answer.reject_reason is RejectReason.INVALID
            return Status.FAILED if invalid else Status.PENDING
        case Outcome.ACCEPTED:
            return _status_of_task(attempt, file_is_there=file_is_there)
        case _:
            assert_never(attempt.outcome)


def _status_of_task(attempt: Attempt, *, file_is_there: bool) -> Status:
    clip = attempt.clip
    if clip is not None and clip.role is ClipRole.FINAL and file_is_there and not attempt.is_open:
        return Status.DONE
    if attempt.task is TaskState.FAILED:
        return Status.FAILED
    if attempt.is_gone:
        return Status.EXPIRED
    return Status.RENDERED if attempt.task is TaskState.SUCCESS else Status.RUNNING
