"""The news of a run: what it finished and failed, what is left and why, and what it paid. Pure.

Every job is counted once, and every dollar of the run's own submits once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.history import JobHistory
from batchrunner.domain.money import NOTHING
from batchrunner.domain.observation import ErrorClass, TaskState
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.reports.failure_help import Help, help_of
from batchrunner.reports.report import ReportRow

_ENDED = {Status.DONE, Status.FAILED}


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job of a run: its status when the run began, how it is reported after it, and all that is known of it then."""

    began: Status
    row: ReportRow
    history: JobHistory

    @property
    def is_news(self) -> bool:
        """Whether the run finished or failed it, or something is left to do with it."""
        return self.row.status not in _ENDED or self.row.status is not self.began


class FailureKind(NamedTuple):
    """What failures have in common that are told together."""

    error_class: ErrorClass | None
    helps: Help
    is_charged: bool


class LeftKind(NamedTuple):
    """What jobs have in common that are left together: where each is, and what holds it (None: nothing)."""

    status: Status
    hold_reason: HoldReason | None


@dataclass(frozen=True, slots=True)
class FailedGroup:
    """Jobs that failed alike in this run, and what all tries at them cost."""

    kind: FailureKind
    rows: tuple[ReportRow, ...]
    usd: Decimal


@dataclass(frozen=True, slots=True)
class LeftGroup:
    """Jobs that are neither done nor failed, and what is booked for the submits that are not at their end."""

    kind: LeftKind
    rows: tuple[ReportRow, ...]
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Paid:
    """What the submits of one run are booked with, in US dollars.

    `finished_usd` gave clips, `failed_usd` failed and is charged all the same, `open_usd` is accepted and gave nothing
    yet, `unknown_usd` is reserved for what was sent without an answer.
    """

    finished_usd: Decimal = NOTHING
    failed_usd: Decimal = NOTHING
    open_usd: Decimal = NOTHING
    unknown_usd: Decimal = NOTHING

    @property
    def accepted_usd(self) -> Decimal:
        """What was paid, as far as anybody knows."""
        return self.finished_usd + self.failed_usd + self.open_usd

    @property
    def total_usd(self) -> Decimal:
        """All of it, with what may be paid."""
        return self.accepted_usd + self.unknown_usd


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did with its jobs. `done_before` and `failed_before` were so already, and nothing more was tried.

    `removed` of these jobs are no longer in the manifest; such jobs count only where something happened to them.
    `finished_usd` is what the finished clips cost, those included that an earlier run paid for.
    """

    finished: tuple[ReportRow, ...]
    finished_usd: Decimal
    failed: tuple[FailedGroup, ...]
    left: tuple[LeftGroup, ...]
    done_before: int
    failed_before: int
    paid: Paid
    removed: int = 0

    @property
    def jobs(self) -> int:
        """How many jobs are counted, each once."""
        failed, left = (sum(map(len, rows)) for rows in ((g.rows for g in self.failed), (g.rows for g in self.left)))
        return len(self.finished) + failed + left + self.done_before + self.failed_before


def run_summary(run_id: int, changes: Iterable[JobChange], removed: Iterable[JobChange] = ()) -> RunSummary:
    """The news of a run; `removed` are the jobs that left the manifest. The largest group of each sort comes first."""
    wanted, removed = list(changes), list(removed)
    gone = [each for each in removed if each.is_news]
    news = [each for each in (*wanted, *gone) if each.is_news]
    before = [each.row.status for each in wanted if not each.is_news]
    finished = [each for each in news if each.row.status is Status.DONE]
    return RunSummary(
        finished=tuple(each.row for each in finished),
        finished_usd=sum((_usd(_attempt_of(each)) for each in finished), NOTHING),
        failed=_failed(run_id, [each for each in news if each.row.status is Status.FAILED]),
        left=_left([each for each in news if each.row.status not in _ENDED]),
        done_before=before.count(Status.DONE),
        failed_before=before.count(Status.FAILED),
        paid=_paid(run_id, (*wanted, *removed)),
        removed=len(gone),
    )


def _attempt_of(change: JobChange) -> Attempt | None:
    """The attempt that a row speaks of; a refused one has no task."""
    attempts = change.history.attempts
    named = (each for each in reversed(attempts) if change.row.task_id and each.task_id == change.row.task_id)
    return next(named, attempts[-1] if attempts else None)


def _usd(attempt: Attempt | None) -> Decimal:
    return attempt.booked_usd if attempt else NOTHING


def _failed(run_id: int, failed: Sequence[JobChange]) -> tuple[FailedGroup, ...]:
    groups: dict[FailureKind, list[JobChange]] = {}
    for each in failed:
        failure = each.row.error
        kind = FailureKind(failure.error_class if failure else None, help_of(failure), bool(_tried_usd(run_id, each)))
        groups.setdefault(kind, []).append(each)
    found = (
        FailedGroup(kind, tuple(each.row for each in of_it), sum((_tried_usd(run_id, e) for e in of_it), NOTHING))
        for kind, of_it in groups.items()
    )
    return tuple(sorted(found, key=lambda group: -len(group.rows)))


def _tried_usd(run_id: int, change: JobChange) -> Decimal:
    """What the failure cost: this run's own failed tries, and the one of an earlier run whose end it saw."""
    last = _attempt_of(change)
    tries = (each for each in change.history.attempts if each.run_id == run_id or each is last)
    return sum((each.booked_usd for each in tries), NOTHING)


def _left(left: Sequence[JobChange]) -> tuple[LeftGroup, ...]:
    groups: dict[LeftKind, list[JobChange]] = {}
    for each in left:
        groups.setdefault(LeftKind(each.row.status, each.row.hold_reason), []).append(each)
    found = (LeftGroup(kind, tuple(e.row for e in of_it), _begun_usd(kind, of_it)) for kind, of_it in groups.items())
    return tuple(sorted(found, key=lambda group: -len(group.rows)))


def _begun_usd(kind: LeftKind, of_it: Iterable[JobChange]) -> Decimal:
    """What is booked for what has begun: older clips of a job that waits to be submitted again are another matter."""
    return NOTHING if kind.status is Status.PENDING else sum((_usd(_attempt_of(each)) for each in of_it), NOTHING)


def _paid(run_id: int, changes: Iterable[JobChange]) -> Paid:
    own = [
        attempt
        for each in changes
        for attempt in each.history.attempts
        if attempt.run_id == run_id and not attempt.is_adopted
    ]
    parts = dict.fromkeys(Paid.__slots__, NOTHING)
    for attempt in own:
        parts[_part(attempt)] += attempt.booked_usd
    return Paid(**parts)


def _part(attempt: Attempt) -> str:
    """To which part of `Paid` an attempt belongs."""
    if attempt.outcome in (None, Outcome.UNKNOWN):
        return "unknown_usd"
    if attempt.outcome is Outcome.REFUSED or attempt.task is TaskState.FAILED:
        return "failed_usd"
    return "finished_usd" if attempt.clip and not attempt.is_open else "open_usd"
