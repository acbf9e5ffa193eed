"""A report: what happened to each job, in the manifest's order, and what it all came to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from batchrunner.catalog import Catalog, Role
from batchrunner.catalog.prices import seconds_of
from batchrunner.domain.attempt import Attempt, RejectReason
from batchrunner.domain.cost_totals import NO_TOTALS, CostTotals
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.money import NOTHING
from batchrunner.domain.observation import ErrorClass, Failure
from batchrunner.domain.request import Request, unsigned
from batchrunner.domain.status import Flag, Status
from batchrunner.domain.step import HoldReason, Step
from batchrunner.planning.price_basis import PriceBasis


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """What a spreadsheet has of a job beside the rest: what its clip is, what it costs, what its own sheet says.

    `estimated_usd` is what one clip costs as the job is now, at its upper end; None where that is not known, or nobody
    wants it. `totals` are those of all attempts, `columns` those of its row that are no value of it.
    """

    length_s: Decimal | None = None
    resolution: str | None = None
    shape: str | None = None
    estimated_usd: Decimal | None = None
    totals: CostTotals = NO_TOTALS
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One job of a report. `note` says in words why it is where it is; times are Unix seconds.

    `is_last` is False where something is to be done with it next, and nothing holds it.
    """

    identity: JobId
    status: Status
    flags: tuple[Flag, ...]
    request: Request
    tags: tuple[str, ...]
    source: tuple[str, int] | None
    note: str
    hold_reason: HoldReason | None
    attempts: int
    cost_usd: Decimal
    is_last: bool = True
    older: str | None = None
    prompt: str | None = None
    image: str | None = None
    task_id: str | None = None
    file: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    error: Failure | None = None
    submitted_at_s: float | None = None
    rendered_at_s: float | None = None
    done_at_s: float | None = None
    entry: SheetEntry = field(default_factory=SheetEntry)

    @property
    def reason(self) -> str:
        """Why it is where it is, for people."""
        return self.error.explained(is_free=not self.cost_usd) if self.error else self.note


@dataclass(frozen=True, slots=True)
class Spending:
    """What the account held in the course of the last run, where it is known, and how many clips it paid for.

    `paid_clips` is None where the report is not the one with which a run ends.
    """

    balances_usd: tuple[Decimal, ...] = ()
    paid_clips: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `estimated_usd` is the estimate for all wanted clips, at its upper end; `basis` tells of what."""

    manifest: str
    profile: str
    run_id: int | None
    started_at_s: float | None
    finished_at_s: float | None
    exit_code: int | None
    rows: tuple[ReportRow, ...]
    removed: tuple[ReportRow, ...]
    estimated_usd: Decimal
    basis: PriceBasis
    requests: Mapping[str, int] = field(default_factory=dict)
    spending: Spending = Spending()

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many wanted jobs have which status."""
        return Counter(row.status for row in self.rows)

    @property
    def priced_on(self) -> date:
        """The day of the oldest price in that estimate."""
        return self.basis.priced_on

    @property
    def actual_usd(self) -> Decimal:
        """What is booked for all jobs so far, those that left the manifest included."""
        return sum((row.cost_usd for row in (*self.rows, *self.removed)), NOTHING)


def row_of(
    identity: JobId,
    job: Job | None,
    history: JobHistory,
    step: Step,
    catalog: Catalog,
    older: str | None = None,
    *,
    estimated_usd: Decimal | None = None,
    is_stuck: bool = False,
) -> ReportRow:
    """The row of a job whose next step is `step`.

    `catalog` tells what its fields are for. `older` is the path of an older clip of it under its final name.
    `is_stuck`: its task runs far longer than usual.
    """
    attempt = step.attempt or (history.attempts[-1] if history.attempts else None)
    request = job.request if job else (attempt.request if attempt else Request("", {}))
    totals = CostTotals.of(history.attempts)
    row = ReportRow(
        identity=identity,
        status=step.status,
        flags=tuple(_flags(job, step, older, is_stuck=is_stuck)),
        request=request,
        prompt=_text(catalog.value_of(request, Role.PROMPT)),
        image=_image(job, request, catalog),
        tags=job.tags if job else (),
        source=(job.location.file, job.location.line) if job else None,
        note=step.reason,
        older=older,
        hold_reason=step.hold_reason,
        is_last=step.is_last,
        attempts=len(history.attempts),
        cost_usd=totals.cost_usd,
        entry=SheetEntry(
            length_s=seconds_of(catalog.value_of(request, Role.DURATION)),
            resolution=_text(catalog.value_of(request, Role.RESOLUTION)),
            shape=_text(catalog.value_of(request, Role.ASPECT_RATIO)),
            estimated_usd=estimated_usd,
            totals=totals,
            columns=job.columns if job else {},
        ),
    )
    return _with_history(row, step, attempt) if attempt is not None and not step.changed else row


def _with_history(row: ReportRow, step: Step, attempt: Attempt) -> ReportRow:
    clip = attempt.clip if row.status is Status.DONE else None
    return replace(
        row,
        task_id=attempt.task_id,
        file=clip.path if clip else None,
        size_bytes=clip.size_bytes if clip else None,
        sha256=clip.sha256 if clip else None,
        error=failure_of(step, attempt),
        submitted_at_s=attempt.opened_at_s,
        rendered_at_s=attempt.rendered_at_s,
        done_at_s=attempt.settled_at_s if clip else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _image(job: Job | None, request: Request, catalog: Catalog) -> str | None:
    """The first frame as its author wrote it: a local image by its path, where that is known."""
    found = catalog.value_of(request, Role.FIRST_IMAGE, job.body if job else None)
    return None if found is None else unsigned(str(found))


def _flags(job: Job | None, step: Step, older: str | None, *, is_stuck: bool) -> Iterable[Flag]:
    if step.changed:
        yield Flag.CHANGED
    if older:
        yield Flag.OLD_CLIP
    if is_stuck:
        yield Flag.STUCK
    if step.hold_reason is HoldReason.IN_FLIGHT:
        yield Flag.SUBMITTING
    if job is None:
        yield Flag.REMOVED


_REFUSAL_CLASSES: Mapping[RejectReason | None, ErrorClass] = {
    RejectReason.INVALID: ErrorClass.INVALID,
    RejectReason.ADDRESS: ErrorClass.INVALID,
    RejectReason.KEY: ErrorClass.AUTH,
    RejectReason.BALANCE: ErrorClass.BALANCE,
}

_BLOCK_CLASSES: Mapping[HoldReason, ErrorClass] = {
    HoldReason.EXPIRED: ErrorClass.EXPIRED,
    HoldReason.KEY: ErrorClass.AUTH,
    HoldReason.OTHER_KEY: ErrorClass.AUTH,
    HoldReason.TASK_TIMEOUT: ErrorClass.TIMEOUT,
    HoldReason.TASK_REFUSED: ErrorClass.PROVIDER,
    HoldReason.FETCH_FAILED: ErrorClass.LOCAL,
    HoldReason.FOREIGN_FILE: ErrorClass.LOCAL,
    HoldReason.DAMAGED: ErrorClass.LOCAL,
    HoldReason.UPLOAD: ErrorClass.LOCAL,
}


def failure_of(step: Step, attempt: Attempt) -> Failure | None:
    """Why a job has no clip, whose last attempt is this one and whose next step is `step`; None where it has, or may.

    Its class is the one that reports show, and by which jobs are selected.
    """
    if step.status is Status.DONE:
        return None
    if step.hold_reason is not None and step.hold_reason in _BLOCK_CLASSES:
        return Failure(_BLOCK_CLASSES[step.hold_reason], step.reason)
    if attempt.failure:
        return attempt.failure
    answer = attempt.answer
    refusal = answer.reject_reason if answer else None
    if answer is None or refusal not in _REFUSAL_CLASSES:
        return None
    return Failure(_REFUSAL_CLASSES[refusal], answer.message)
