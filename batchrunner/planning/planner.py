"""The planner: what is to be done with a job next, why, and what it costs. Nothing else decides that."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from batchrunner.domain.attempt import Attempt, Outcome, RejectReason
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.history import Damage, JobHistory
from batchrunner.domain.job import Job
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import changed_fields
from batchrunner.domain.status import Status, status_of
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.planning.holds import put_unless_held, submit_unless_held, unless_stopped
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions, ReusableAttempt


def next_step(job: Job | None, history: JobHistory, inputs: PlanInputs, options: PlanOptions) -> Step:
    """The one next step of a job. `job` is None for one that left the manifest: it is only brought to its end."""
    if history.damage:
        return _damaged(history.damage)
    attempt = history.open_attempt
    if attempt is not None:
        return _finish(attempt, inputs)
    if job is None:
        return _removed(history, inputs)
    attempt = history.accepted_for(job.request) or _counting(job, history, inputs.files)
    if attempt is None:
        return _submit_first(job, history, inputs, options)
    return _after(attempt, job, history, inputs, options)


def _counting(job: Job, history: JobHistory, files: FileState) -> Attempt | None:
    """The attempt at a job's request that counts: the last one.

    Two machines may have asked for the same, knowing nothing of each other: then it is the one that is worth more here.
    One that was paid on purpose, although there was a clip, stands for itself.
    """
    last = history.of_request(job.request)
    retried = {decision.decision for decision in history.decisions if decision.kind is DecisionKind.RETRY}
    if last is None or last.decision not in {None, *retried}:
        return last
    same = [a for a in history.attempts if a.request == job.request]
    ordered = max((a.number for a in same if a.decision is not None), default=0)
    return max(reversed(same), key=lambda attempt: _worth(attempt, files, is_replaced=attempt.number < ordered))


def _worth(attempt: Attempt, files: FileState, *, is_replaced: bool) -> int:
    """What became of an attempt, in order: nothing; paid and gone; a clip to be fetched; one that lies in its place.

    `is_replaced`: a person has ordered another since, so that what is gone counts no longer.
    """
    if attempt.outcome is not Outcome.ACCEPTED or attempt.task is TaskState.FAILED:
        return 0
    if attempt.id in files.present and attempt.clip is not None and attempt.clip.role is ClipRole.FINAL:
        return 3
    if attempt.is_gone:
        return 0 if is_replaced else 1
    return 2 if attempt.task is TaskState.SUCCESS else 0


def _damaged(damage: Sequence[Damage]) -> Step:
    """Nobody knows what was paid for a job, so that nothing is done with it: neither paid nor taken for done."""
    first, more = damage[0], len(damage) - 1
    which = f"row {first.row} of the table `{first.table}`" + (f" and {more} more" if more else "")
    reason = f"the ledger is damaged in {which}: it may have been paid; restore an intact copy of the ledger"
    return Step(Action.HOLD, Status.UNKNOWN, reason, hold_reason=HoldReason.DAMAGED)


def settles(attempt: Attempt) -> bool:
    """Whether what was seen of its task ends an attempt without a clip."""
    return attempt.task is TaskState.FAILED or attempt.is_gone


def plan_all(
    jobs: Iterable[tuple[Job | None, JobHistory, PlanInputs]], options: PlanOptions, room_usd: Decimal | None
) -> list[Step]:
    """The first step of every job, in order; what one would pay is no longer there for the next."""
    steps: list[Step] = []
    for job, history, inputs in jobs:
        step = next_step(job, history, inputs if room_usd is None else replace(inputs, room_usd=room_usd), options)
        if room_usd is not None and step.action is Action.SUBMIT:
            room_usd -= step.cost.high_usd
        steps.append(step)
    return steps


def _finish(attempt: Attempt, inputs: PlanInputs) -> Step:
    """An open attempt comes to its end before anything new, even if its job was edited or has left."""
    match attempt.outcome:
        case None if inputs.in_flight:
            return Step(
                Action.HOLD, Status.PENDING, "being submitted right now", attempt, hold_reason=HoldReason.IN_FLIGHT
            )
        case None:
            return _unknown(attempt, "sent, but the run ended before an answer was recorded")
        case Outcome.UNKNOWN:
            return _unknown(attempt, attempt.answer.message if attempt.answer else "")
        case Outcome.ACCEPTED:
            return _finish_task(attempt, inputs)
        case Outcome.REFUSED:  # a refusal settles its attempt in the same transaction
            raise AssertionError(f"attempt {attempt.id} is refused and open")
        case _:
            assert_never(attempt.outcome)


def _unknown(attempt: Attempt, why: str) -> Step:
    reason = f"it may have been paid: {why}" if why else "it may have been paid"
    return Step(Action.HOLD, Status.UNKNOWN, reason, attempt, hold_reason=HoldReason.UNKNOWN)


def _finish_task(attempt: Attempt, inputs: PlanInputs) -> Step:
    status = status_of(attempt, file_is_there=False)
    if attempt.clip is not None and attempt.id in inputs.files.present:
        return Step(Action.SETTLE, status, "its verified file is in place", attempt)
    if attempt.task is not TaskState.SUCCESS:
        return unless_stopped(Step(Action.POLL, status, f"task {attempt.task_id} is open", attempt), inputs)
    return put_unless_held(Step(Action.FETCH, status, "rendered, not downloaded yet", attempt), inputs)


def _removed(history: JobHistory, inputs: PlanInputs) -> Step:
    attempt = history.attempts[-1] if history.attempts else None
    there = attempt is not None and attempt.id in inputs.files.present
    return Step(Action.NONE, status_of(attempt, file_is_there=there), "no longer in the manifest", attempt)


def _adopt(reusable: ReusableAttempt) -> Step | None:
    """A clip that was paid for under another name is taken over, or waited for; None where nothing came of it."""
    attempt = reusable.attempt
    if attempt.is_open and attempt.outcome is not Outcome.ACCEPTED:
        reason = f"{reusable.who} is the same request and may have been paid: resolve that first"
        return Step(Action.HOLD, Status.PENDING, reason, hold_reason=HoldReason.UNKNOWN)
    if attempt.is_open:
        return Step(
            Action.HOLD,
            Status.PENDING,
            f"waiting for the same clip of {reusable.who}, to take it over for free",
            hold_reason=HoldReason.WAITS_FOR_REUSE,
        )
    if attempt.outcome is Outcome.ACCEPTED and attempt.task is TaskState.SUCCESS:
        return Step(Action.ADOPT, Status.PENDING, f"same request as {reusable.who}: $0.00", attempt)
    return None


def _submit_first(job: Job, history: JobHistory, inputs: PlanInputs, options: PlanOptions) -> Step:
    adoption = _adopt(inputs.reusable) if inputs.reusable else None
    if adoption is not None:
        return adoption
    if not history.attempts:
        return submit_unless_held(job, "new", None, (), inputs, options)
    last = history.attempts[-1]
    changed = changed_fields(last.request, job.request)
    return submit_unless_held(job, f"changed: {', '.join(changed)}", last, changed, inputs, options)


_PAID_AGAIN = {
    DecisionKind.PAY_AGAIN: "to be paid again, although the earlier submit may have been paid",
    DecisionKind.REDO: "to be paid again, as requested",
}


def _after(attempt: Attempt, job: Job, history: JobHistory, inputs: PlanInputs, options: PlanOptions) -> Step:
    """There was an attempt at exactly this request, and it is closed."""
    decision = history.open_decision(job.request)
    if decision and decision.kind in _PAID_AGAIN:
        return submit_unless_held(job, _PAID_AGAIN[decision.kind], attempt, (), inputs, options)
    if attempt.outcome is Outcome.REFUSED:
        return _after_refusal(attempt, job, history, inputs, options)
    if attempt.task is TaskState.FAILED:
        return _after_failure(attempt, job, history, inputs, options)
    return _after_success(attempt, inputs, options)


_REFUSED = {
    RejectReason.KEY: "the API key was refused before",
    RejectReason.BALANCE: "the balance was used up before",
    RejectReason.ADDRESS: "the address or the model was refused before",
    RejectReason.RATE: "it was refused before: too many requests",
    RejectReason.CONCURRENT: "it was refused before: too many running tasks",
    RejectReason.NOT_SENT: "it could not be sent before",
    RejectReason.BY_HAND: "it was not submitted, according to `resolve`",
}


def _after_refusal(attempt: Attempt, job: Job, history: JobHistory, inputs: PlanInputs, options: PlanOptions) -> Step:
    answer = attempt.answer
    if answer is None or answer.reject_reason in (None, RejectReason.INVALID):
        return _after_failure(attempt, job, history, inputs, options)
    adoption = _adopt(inputs.reusable) if inputs.reusable else None
    return adoption or submit_unless_held(job, _REFUSED[answer.reject_reason], attempt, (), inputs, options)


def _after_failure(attempt: Attempt, job: Job, history: JobHistory, inputs: PlanInputs, options: PlanOptions) -> Step:
    if history.open_decision(job.request):
        return submit_unless_held(job, "failed, submitted again as requested", attempt, (), inputs, options)
    tried = max(1, history.failures_since_decision(attempt.request))
    if attempt.outcome is Outcome.ACCEPTED and tried <= options.retries:
        reason = f"failed, retry {tried} of {options.retries}"
        return submit_unless_held(job, reason, attempt, (), inputs, options)
    words = _failure_words(attempt)
    return Step(Action.NONE, Status.FAILED, words, attempt)


def _failure_words(attempt: Attempt) -> str:
    if attempt.failure:
        return attempt.failure.explained(is_free=attempt.billed_usd == 0) or "failed"
    return (attempt.answer and attempt.answer.message) or "failed"


def _after_success(attempt: Attempt, inputs: PlanInputs, options: PlanOptions) -> Step:
    clip = attempt.clip
    if clip is not None and attempt.id in inputs.files.present:
        if clip.role is ClipRole.FINAL:
            return Step(Action.NONE, Status.DONE, "done", attempt)
        reason = "paid before: its clip is in versions/"
        return put_unless_held(Step(Action.RESTORE, Status.RENDERED, reason, attempt), inputs)
    if attempt.is_gone:
        return _expired(attempt, inputs, options)
    return put_unless_held(Step(Action.FETCH, Status.RENDERED, _why_fetch(attempt), attempt), inputs)


def _expired(attempt: Attempt, inputs: PlanInputs, options: PlanOptions) -> Step:
    """A person is needed; but a run that submits nothing may ask once more, for that is free."""
    if options.submits or inputs.task_stop:
        reason = "paid, and the service no longer has the result"
        return Step(Action.HOLD, Status.EXPIRED, reason, attempt, hold_reason=HoldReason.EXPIRED)
    reason = "the service no longer had the result: asked for once more, free"
    return put_unless_held(Step(Action.FETCH, Status.EXPIRED, reason, attempt), inputs)


def _why_fetch(attempt: Attempt) -> str:
    if attempt.is_adopted and not attempt.clips:
        return "taken over: its file is copied, free"
    if attempt.made_on:
        return f"paid on {attempt.made_on}: downloaded, free"
    return "its file is gone from the disk: downloaded again, free"
