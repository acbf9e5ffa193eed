"""Resolving: a person says what became of submits whose outcome is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass

from batchrunner.app.decision_session import DecisionSession
from batchrunner.app.selection import Selection, matching
from batchrunner.app.session import in_flight_run
from batchrunner.domain.attempt import Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.job import JobId
from batchrunner.errors import UsageError
from batchrunner.planning.batch import Batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.providers.provider_registry import DEFAULT, PROVIDERS
from batchrunner.storage.interface import LedgerReader

_TASK_IDS = PROVIDERS[DEFAULT].task_ids


@dataclass(frozen=True, slots=True)
class UnknownSubmit:
    """A submit without an answer, and whose it is."""

    owner: JobId
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of unknown submits: exactly one of three things, or nothing."""

    task: str | None = None
    not_submitted: bool = False
    pay_again: bool = False

    @property
    def count(self) -> int:
        """How many things are said at once."""
        return [self.task is not None, self.not_submitted, self.pay_again].count(True)


def resolve_submits(session: DecisionSession, selection: Selection, verdict: Verdict) -> Mapping[str, UnknownSubmit]:
    """Writes down what a person says of the selected jobs; gives what was unknown until then.

    Raises:
        UsageError: none of them is unknown, or one that was named is not, or the task belongs to another.
    """
    # nobody else is at work on this manifest: what waits there for an answer waits for a person
    unknown = unknown_submits(session.batch, session.book, idle=session.batch.name)
    chosen = chosen_unknown(selection, unknown, session.batch)
    if verdict.task is not None:
        if len(chosen) != 1:
            raise UsageError("--task is the task of one job: name one job")
        _check_task(session.book, verdict.task)
    for each in chosen.values():
        _resolve(session, each, verdict)
    return chosen


def unknown_submits(batch: Batch, book: LedgerReader, idle: str | None = None) -> dict[str, UnknownSubmit]:
    """Every unknown submit by its job's name: of this manifest and profile, or of another that a job waits for.

    `idle` is a manifest of which it is certain that no run is at work.
    """
    own = {who: who for who in batch.histories if who.profile == batch.profile}
    reusable = ((job, reusable.identity) for job, reusable in batch.reusable.items() if reusable.identity not in own)
    found: dict[str, UnknownSubmit] = {}
    for job, owner in (*sorted(own.items()), *reusable):
        memory = book.history(owner)
        attempt = memory.open_attempt
        if memory.damage or attempt is None or attempt.outcome not in (None, Outcome.UNKNOWN):
            continue
        flying = in_flight_run(batch.project, book, owner.manifest) if owner.manifest != idle else None
        if attempt.outcome or attempt.run_id != flying:
            found.setdefault(job.name, UnknownSubmit(owner, attempt))  # a job's own comes first
    return found


def chosen_unknown(
    selection: Selection, unknown: Mapping[str, UnknownSubmit], batch: Batch
) -> Mapping[str, UnknownSubmit]:
    """Those of the selected jobs that are unknown; all, where nobody chose.

    Raises:
        UsageError: there are none, or one that was named is not unknown.
    """
    if selection.is_all:
        return unknown
    seen = batch.first_steps(PlanOptions(), None)
    chosen = [each.identity.name for each in matching(selection, seen, batch.catalog, with_removed=True)]
    known = next((name for name in chosen if name in selection.spelt and name not in unknown), None)
    if known is not None:
        raise UsageError(f"{known} is not unknown: there is nothing to resolve")
    found = {name: unknown[name] for name in chosen if name in unknown}
    if not found:
        raise UsageError("none of these jobs is unknown: there is nothing to resolve")
    return found


def named_tasks(attempt: Attempt) -> list[str]:
    """The task ids that the replies to a submit named, whatever else they were."""
    return list(dict.fromkeys(task for answer in attempt.answers for task in _TASK_IDS.named_in(answer.body)))


def _check_task(book: LedgerReader, task: str) -> None:
    if not _TASK_IDS.is_one(task):
        raise UsageError(f"{task!r} does not look like a task id, such as task-i2v001")
    for who, memory in book.all_histories().items():
        if any(attempt.task_id == task for attempt in memory.attempts):
            raise UsageError(f"{task} is already the task of {who.name} (of {who.manifest})")
    if task in book.task_ids():
        raise UsageError(f"{task} was named before, but the service does not know it")


def _resolve(session: DecisionSession, unknown: UnknownSubmit, verdict: Verdict) -> None:
    now_s, attempt = session.clock.wall_s(), unknown.attempt
    if verdict.pay_again:
        session.book.write_off(unknown.owner, attempt, now_s)
        return
    answer = Answer(now_s, Outcome.REFUSED, reject_reason=RejectReason.BY_HAND, message="resolved by hand")
    if verdict.task is not None:
        answer = Answer(now_s, Outcome.ACCEPTED, verdict.task, message="resolved by hand")
    session.book.record_answer(attempt.id, answer)
