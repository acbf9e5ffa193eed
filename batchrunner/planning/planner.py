"""The decider: what is to be done with a job next, why, and what it costs. Nothing else in the house decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import assert_never

from batchrunner.domain.attempt import Attempt, Outcome, RejectReason
from batchrunner.domain.clip import ClipRole
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.history import Damage, JobHistory
from batchrunner.domain.job import Job
from batchrunner.domain.money import FREE, NOTHING, Cost
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import changed_fields
from batchrunner.domain.status import Status, status_of
from batchrunner.domain.step import Action, HoldReason, Step


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why something is not done any more in this run."""

    hold_reason: HoldReason
    reason: str


@dataclass(frozen=True, slots=True)
class FileState:
    """What lies where a job's files belong.

    `present` holds the attempts whose clip lies, whole, under the path that was written down last.
    `foreign` names the file at the output path if it is not the job's, `owner` whose it is as far as that is known, and
    `own` the attempt whose clip it is. `claimed`: the other job whose open task will put its clip there.
    """

    present: frozenset[int] = frozenset()
    foreign: str | None = None
    owner: str = ""
    own: int | None = None
    claimed: str = ""


@dataclass(frozen=True, slots=True)
class ReusableAttempt:
    """The same request under another name: who asked for it, in words, and what came of it."""

    who: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What is true just now and not in the ledger.

    `room_usd` is what the caps leave (None: no cap). `stop` ends submits, `task_stop` ends asking for this
    job's task. `in_flight`: a run that is alive waits for the answer to this job's POST. `kin`: a clip that this job
    may take over.
    """

    files: FileState = FileState()
    cost: Cost = FREE
    room_usd: Decimal | None = None
    stop: StopReason | None = None
    task_stop: StopReason | None = None
    in_flight: bool = False
    reusable: ReusableAttempt | None = None


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the person wants of this run.

    `only` limits submits to these names, `agreed` to those whose cost
    somebody agreed to; `submits=False` forbids them all.
    """

    retries: int = 0
    only: frozenset[str] | None = None
    agreed: frozenset[str] | None = None
    submits: bool = True


def next_step(job: Job | None, memory: JobHistory, facts: PlanInputs, options: PlanOptions) -> Step:
    """The one next step of a job. `job` is None for one that left the manifest: it is only brought to its end."""
    if memory.damage:
        return _damaged(memory.damage)
    attempt = memory.open_attempt
    if attempt is not None:
        return _finish(attempt, facts)
    if job is None:
        return _departed(memory, facts)
    attempt = memory.accepted_for(job.request) or _counting(job, memory, facts.files)
    if attempt is None:
        return _submit_first(job, memory, facts, options)
    return _after(attempt, job, memory, facts, options)


def _counting(job: Job, memory: JobHistory, disk: FileState) -> Attempt | None:
    """The attempt at a job's request that counts: the last one.

    Two machines may have asked for the same, knowing nothing of each other: then it is the one that is worth more here.
    One that was paid on purpose, although there was a clip, stands for itself.
    """
    last = memory.of_request(job.request)
    retried = {mark.decision for mark in memory.decisions if mark.kind is DecisionKind.RETRY}
    if last is None or last.decision not in {None, *retried}:
        return last
    same = [a for a in memory.attempts if a.request == job.request]
    ordered = max((a.number for a in same if a.decision is not None), default=0)
    return max(reversed(same), key=lambda attempt: _worth(attempt, disk, is_replaced=attempt.number < ordered))


def _worth(attempt: Attempt, disk: FileState, *, is_replaced: bool) -> int:
    """What became of an attempt, in order: nothing; paid and gone; a clip to be fetched; one that lies in its place.

    `is_replaced`: a person has ordered another since, so that what is gone counts no longer.
    """
    if attempt.outcome is not Outcome.ACCEPTED or attempt.task is TaskState.FAILED:
        return 0
    if attempt.id in disk.present and attempt.clip is not None and attempt.clip.role is ClipRole.FINAL:
        return 3
    if attempt.is_gone:
        return 0 if is_replaced else 1
    return 2 if attempt.task is TaskState.SUCCESS else 0


def _damaged(damage: Sequence[Damage]) -> Step:
    """Nobody knows what was paid for a job, so that nothing is done with it: neither paid nor taken for done."""
    first, more = damage[0], len(damage) - 1
    which = f"row {first.row} of the table `{first.table}`" + (f" and {more} more" if more else "")
    reason = f"the ledger is damaged in {which}: it may have been paid, bring back a copy of the ledger that is whole"
    return Step(Action.HOLD, Status.UNKNOWN, reason, hold_reason=HoldReason.DAMAGED)


def settles(attempt: Attempt) -> bool:
    """Whether what was seen of its task ends an attempt without a clip."""
    return attempt.task is TaskState.FAILED or attempt.is_gone


def plan_all(
    jobs: Iterable[tuple[Job | None, JobHistory, PlanInputs]], options: PlanOptions, room_usd: Decimal | None
) -> list[Step]:
    """The first step of every job, in order; what one would pay is no longer there for the next."""
    steps: list[Step] = []
    for job, memory, facts in jobs:
        step = next_step(job, memory, facts if room_usd is None else replace(facts, room_usd=room_usd), options)
        if room_usd is not None and step.action is Action.SUBMIT:
            room_usd -= step.cost.high_usd
        steps.append(step)
    return steps


@dataclass(slots=True)
class Budget:
    """What the caps leave, while attempts are reserved, booked and released.

    `budget_usd` limits the manifest's lifetime, `run_usd` this run; None is no limit.
    """

    budget_usd: Decimal | None
    run_usd: Decimal | None
    lifetime_usd: Decimal = NOTHING
    spent_usd: Decimal = NOTHING

    def book(self, change_usd: Decimal, *, by_this_run: bool) -> None:
        """An attempt counts more now, or less. What an earlier run paid never widens the limit of this one."""
        self.lifetime_usd += change_usd
        if by_this_run:
            self.spent_usd += change_usd

    @property
    def room_usd(self) -> Decimal | None:
        """What may still be reserved; the smaller limit wins."""
        rooms = []
        if self.budget_usd is not None:
            rooms.append(self.budget_usd - self.lifetime_usd)
        if self.run_usd is not None:
            rooms.append(self.run_usd - self.spent_usd)
        return max(min(rooms), NOTHING) if rooms else None


def _finish(attempt: Attempt, facts: PlanInputs) -> Step:
    """An open attempt comes to its end before anything new, even if its job was edited or has left."""
    match attempt.outcome:
        case None if facts.in_flight:
            return Step(
                Action.HOLD, Status.PENDING, "being submitted just now", attempt, hold_reason=HoldReason.IN_FLIGHT
            )
        case None:
            return _unknown(attempt, "sent, and the run ended before an answer was on record")
        case Outcome.UNKNOWN:
            return _unknown(attempt, attempt.answer.message if attempt.answer else "")
        case Outcome.ACCEPTED:
            return _finish_task(attempt, facts)
        case Outcome.REFUSED:  # a refusal settles its attempt in the same transaction
            raise AssertionError(f"attempt {attempt.id} is refused and open")
        case _:
            assert_never(attempt.outcome)


def _unknown(attempt: Attempt, why: str) -> Step:
    reason = f"it may have been paid: {why}" if why else "it may have been paid"
    return Step(Action.HOLD, Status.UNKNOWN, reason, attempt, hold_reason=HoldReason.UNKNOWN)


def _finish_task(attempt: Attempt, facts: PlanInputs) -> Step:
    status = status_of(attempt, file_is_there=False)
    if attempt.clip is not None and attempt.id in facts.files.present:
        return Step(Action.SETTLE, status, "its verified file is in place", attempt)
    if attempt.task is not TaskState.SUCCESS:
        return _unless_stopped(Step(Action.POLL, status, f"task {attempt.task_id} is open", attempt), facts)
    return _put(Step(Action.FETCH, status, "rendered, not yet on disk", attempt), facts)


def _put(step: Step, facts: PlanInputs) -> Step:
    """A step that puts a file under its final name, unless something else lies there."""
    if facts.files.foreign:
        return _foreign(facts.files, step.status, step.attempt)
    return _unless_stopped(step, facts)


def _unless_stopped(step: Step, facts: PlanInputs) -> Step:
    stop = facts.task_stop
    return step if stop is None else replace(step, action=Action.HOLD, reason=stop.reason, hold_reason=stop.hold_reason)


def _foreign(disk: FileState, status: Status, attempt: Attempt | None) -> Step:
    if disk.owner:
        reason = f"{disk.foreign} is the clip of {disk.owner}: give this job another `output:`"
    elif disk.foreign:
        reason = f"{disk.foreign} lies in its place and is not ours: move it away"
    else:
        reason = f"the clip of {disk.claimed} goes to the same path: give this job another `output:`"
    return Step(Action.HOLD, status, reason, attempt, hold_reason=HoldReason.FOREIGN_FILE)


def _departed(memory: JobHistory, facts: PlanInputs) -> Step:
    attempt = memory.attempts[-1] if memory.attempts else None
    there = attempt is not None and attempt.id in facts.files.present
    return Step(Action.NONE, status_of(attempt, file_is_there=there), "it is no longer in the manifest", attempt)


def _adopt(kin: ReusableAttempt) -> Step | None:
    """A clip that was paid for under another name is taken over, or waited for; None where nothing came of it."""
    attempt = kin.attempt
    if attempt.is_open and attempt.outcome is not Outcome.ACCEPTED:
        reason = f"{kin.who} asks for the same and may have been paid: resolve that first"
        return Step(Action.HOLD, Status.PENDING, reason, hold_reason=HoldReason.UNKNOWN)
    if attempt.is_open:
        return Step(
            Action.HOLD, Status.PENDING, f"waits for the same clip of {kin.who}", hold_reason=HoldReason.WAITS_FOR_REUSE
        )
    if attempt.outcome is Outcome.ACCEPTED and attempt.task is TaskState.SUCCESS:
        return Step(Action.ADOPT, Status.PENDING, f"same request as {kin.who}: $0.00", attempt)
    return None


def _submit_first(job: Job, memory: JobHistory, facts: PlanInputs, options: PlanOptions) -> Step:
    adoption = _adopt(facts.reusable) if facts.reusable else None
    if adoption is not None:
        return adoption
    if not memory.attempts:
        return _submit(job, "new", None, (), facts, options)
    last = memory.attempts[-1]
    changed = changed_fields(last.request, job.request)
    return _submit(job, f"changed: {', '.join(changed)}", last, changed, facts, options)


_PAID_AGAIN = {
    DecisionKind.PAY_AGAIN: "to be paid again: nobody knows whether it was paid before",
    DecisionKind.REDO: "to be paid again, on purpose",
}


def _after(attempt: Attempt, job: Job, memory: JobHistory, facts: PlanInputs, options: PlanOptions) -> Step:
    """There was an attempt at exactly this request, and it is closed."""
    mark = memory.open_decision(job.request)
    if mark and mark.kind in _PAID_AGAIN:
        return _submit(job, _PAID_AGAIN[mark.kind], attempt, (), facts, options)
    if attempt.outcome is Outcome.REFUSED:
        return _after_refusal(attempt, job, memory, facts, options)
    if attempt.task is TaskState.FAILED:
        return _after_failure(attempt, job, memory, facts, options)
    return _after_success(attempt, facts, options)


_REFUSED = {
    RejectReason.KEY: "the key was refused before",
    RejectReason.BALANCE: "the balance was used up before",
    RejectReason.ADDRESS: "the address or the model was refused before",
    RejectReason.RATE: "it was refused before: too many requests",
    RejectReason.CONCURRENT: "it was refused before: too many running tasks",
    RejectReason.NOT_SENT: "it could not be sent before",
    RejectReason.BY_HAND: "it was not submitted, as resolved by hand",
}


def _after_refusal(attempt: Attempt, job: Job, memory: JobHistory, facts: PlanInputs, options: PlanOptions) -> Step:
    answer = attempt.answer
    if answer is None or answer.reject_reason in (None, RejectReason.INVALID):
        return _after_failure(attempt, job, memory, facts, options)
    adoption = _adopt(facts.reusable) if facts.reusable else None
    return adoption or _submit(job, _REFUSED[answer.reject_reason], attempt, (), facts, options)


def _after_failure(attempt: Attempt, job: Job, memory: JobHistory, facts: PlanInputs, options: PlanOptions) -> Step:
    if memory.open_decision(job.request):
        return _submit(job, "failed, to be tried again", attempt, (), facts, options)
    tried = _failures_since_mark(attempt, memory)
    if attempt.outcome is Outcome.ACCEPTED and tried <= options.retries:
        reason = f"failed, retry {tried} of {options.retries}"
        return _submit(job, reason, attempt, (), facts, options)
    words = _failure_words(attempt)
    return Step(Action.NONE, Status.FAILED, words, attempt)


def _failures_since_mark(attempt: Attempt, memory: JobHistory) -> int:
    since = max((mark.after for mark in memory.decisions if mark.kind is not DecisionKind.ACCEPT), default=0)
    same = (a for a in memory.attempts if a.number > since and a.request == attempt.request)
    return sum(1 for a in same if a.task is TaskState.FAILED)


def _failure_words(attempt: Attempt) -> str:
    told = attempt.failure.message if attempt.failure else attempt.answer and attempt.answer.message
    return told or "failed"


def _after_success(attempt: Attempt, facts: PlanInputs, options: PlanOptions) -> Step:
    clip = attempt.clip
    if clip is not None and attempt.id in facts.files.present:
        if clip.role is ClipRole.FINAL:
            return Step(Action.NONE, Status.DONE, "done", attempt)
        reason = "paid before: its clip lies among the versions"
        return _put(Step(Action.RESTORE, Status.RENDERED, reason, attempt), facts)
    if attempt.is_gone:
        return _expired(attempt, facts, options)
    return _put(Step(Action.FETCH, Status.RENDERED, _why_fetch(attempt), attempt), facts)


def _expired(attempt: Attempt, facts: PlanInputs, options: PlanOptions) -> Step:
    """A person is needed; but a run that submits nothing may ask once more, for that is free."""
    if options.submits or facts.task_stop:
        reason = "paid, and the service no longer has the result"
        return Step(Action.HOLD, Status.EXPIRED, reason, attempt, hold_reason=HoldReason.EXPIRED)
    reason = "the service no longer had the result: asked for once more, free"
    return _put(Step(Action.FETCH, Status.EXPIRED, reason, attempt), facts)


def _why_fetch(attempt: Attempt) -> str:
    if attempt.is_adopted and not attempt.clips:
        return "taken over: its file is copied"
    if attempt.made_on:
        return f"paid, made on {attempt.made_on}: fetched, free"
    return "its file is gone from the disk: fetched again, free"


def _submit(
    job: Job,
    reason: str,
    attempt: Attempt | None,
    changed: tuple[str, ...],
    facts: PlanInputs,
    options: PlanOptions,
) -> Step:
    """A submit, unless something stands in its way; what stands there is said instead."""
    step = Step(Action.SUBMIT, Status.PENDING, reason, attempt, facts.cost, changed)
    if not options.submits or (options.only is not None and job.name not in options.only):
        return replace(step, action=Action.HOLD, hold_reason=HoldReason.NOT_SELECTED)
    if facts.files.foreign or facts.files.claimed:
        return _foreign(facts.files, Status.PENDING, attempt)
    if facts.stop:
        return replace(step, action=Action.HOLD, reason=facts.stop.reason, hold_reason=facts.stop.hold_reason)
    if facts.room_usd is not None and facts.cost.high_usd > facts.room_usd:
        return replace(
            step, action=Action.HOLD, reason="the cost limit leaves no room", hold_reason=HoldReason.COST_LIMIT
        )
    if options.agreed is not None and job.name not in options.agreed:
        reason = "it was not in the plan that was agreed to"
        return replace(step, action=Action.HOLD, reason=reason, hold_reason=HoldReason.NOT_AGREED)
    return step
