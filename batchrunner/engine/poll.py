"""The free step: a look at a task, and what was seen goes on record."""

import math
from dataclasses import replace

from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.event import EventKind, RunEvent
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.text import duration
from batchrunner.engine.guards.canary import heed_end, heed_failure
from batchrunner.engine.guards.price import heed_bill
from batchrunner.engine.run import Run, TrackedTask
from batchrunner.engine.scheduling.rate_limiter import backoff_s
from batchrunner.planning.inputs import StopReason
from batchrunner.planning.planner import settles
from batchrunner.providers.modellix import TaskReply, TaskReplyKind

# A video may come a little later than its success. What comes later still says that something is wrong with the model.
_LATE_VIDEO = 3
_REFUSED_LOOKS = 5
# Three looks at what may be gone have to be spread over five minutes; and the clocks that are read count seconds.
BETWEEN_GONE_S = 155.0
NO_VIDEO = "the service says success and has no video"


async def poll(run: Run, identity: JobId, step: Step) -> None:
    """Waits until it is time to look at a task, and looks."""
    attempt = attempt_of(step)
    watch = run.watch(attempt)
    until_s = watch.since_s + run.limits.task_timeout_s
    patience_s = until_s - run.clock.monotonic_s() if watch.polls else math.inf
    if await run.polls.wait_turn(watch.task, patience_s):
        await poll_once(run, identity, attempt)
    if run.clock.monotonic_s() >= until_s and run.decide(identity).action is Action.POLL:
        waited = duration(run.limits.task_timeout_s)
        watch.stop = watch.stop or StopReason(
            HoldReason.TASK_TIMEOUT, f"still open after {waited}: the next run asks again"
        )


async def poll_once(run: Run, identity: JobId, attempt: Attempt) -> TaskReply:
    """One GET of a task, whose turn it is, with the consequences for its record, its slot and its link."""
    sent_at_s = run.clock.monotonic_s()
    run.stats.polls += 1
    reply = await run.service.task(attempt.task_id or "")
    run.heed(reply.limits, refused=reply.kind is TaskReplyKind.RATE)
    watch = run.watch(attempt)
    watch.polls += 1
    match reply.kind:
        case TaskReplyKind.STATE:
            watch.failed_polls = 0
            _learn(watch, reply, sent_at_s, run.clock.monotonic_s())
            _seen(run, identity, attempt, watch, reply)
        case TaskReplyKind.KEY | TaskReplyKind.GONE if attempt.key_digest != run.access.key_digest:
            watch.stop = _needs_its_key(attempt, reply)
        case TaskReplyKind.GONE:
            _gone(run, identity, attempt, watch, reply)
        case TaskReplyKind.KEY:
            run.stop_asking(HoldReason.KEY, f"the service refuses the key: {reply.message}")
        case TaskReplyKind.INVALID:
            _refused(run, attempt, watch, reply)
        case TaskReplyKind.RETRY:
            watch.failed_polls += 1
        case TaskReplyKind.RATE:
            pass
    if watch.failed_polls or watch.empty_successes:
        wait_s = backoff_s(watch.failed_polls + watch.empty_successes, 2.0)
        watch.task.not_before_s = max(watch.task.not_before_s, run.clock.monotonic_s() + wait_s)
    return reply


def _learn(watch: TrackedTask, reply: TaskReply, sent_at_s: float, now_s: float) -> None:
    """What a look says of how long tasks take; the first look at one of an earlier run comes too late to say it."""
    if reply.state is TaskState.WAITING:
        watch.task.seen_waiting(sent_at_s)
    elif reply.state is TaskState.SUCCESS and watch.since_s <= watch.task.waiting_at_s:
        watch.task.seen_ended(now_s)


def _seen(run: Run, identity: JobId, attempt: Attempt, watch: TrackedTask, reply: TaskReply) -> None:
    watch.link = reply.link
    last = next((seen for seen in reversed(attempt.observations) if not seen.is_of_file), None)
    is_news = last is None or (last.state, last.word) != (reply.state, reply.word)
    is_billed = reply.billed_usd is not None and reply.billed_usd != attempt.billed_usd
    if is_news or is_billed:
        took_s = _took_s(run, watch, reply.state) if is_news else None
        seen = _observation(run, reply, reply.state, took_s)
        _record(run, attempt, seen)
        if is_news:
            _tell(run, identity, attempt, seen)
        attempt = with_observation(attempt, seen)
        if reply.odd_bill:
            said = f"the service bills {reply.odd_bill}, which is no amount in US dollars: the estimate counts"
            run.tell(RunEvent(EventKind.NOTE, said, identity.name))
    if reply.state is TaskState.SUCCESS and reply.link is None:
        _has_no_video(run, identity, attempt, watch)
        return
    if reply.state is not TaskState.WAITING:
        run.slots.release(identity)
        run.nudge()
    if is_news or watch.empty_successes:
        watch.empty_successes = 0
        heed_end(run, identity, attempt)


def _has_no_video(run: Run, identity: JobId, attempt: Attempt, watch: TrackedTask) -> None:
    """Paid, and nothing to fetch: asked for again, never submitted again; for its model it counts like a failure."""
    watch.empty_successes += 1
    if watch.empty_successes != _LATE_VIDEO:
        return
    run.slots.release(identity)  # not before: what else would be paid of this model should know of it
    run.nudge()
    if attempt.is_open and attempt.run_id == run.run_id:
        run.tell(RunEvent(EventKind.NOTE, f"{NO_VIDEO}: it is asked for again, free", identity.name))
        heed_failure(run, identity, attempt.request.model, Failure(ErrorClass.PROVIDER, NO_VIDEO))


def _took_s(run: Run, watch: TrackedTask, state: TaskState) -> float | None:
    """How long a task ran until its success; None if nobody looked for so long that it says nothing."""
    if state is not TaskState.SUCCESS or watch.since_s > watch.task.waiting_at_s:
        return None
    return run.clock.monotonic_s() - watch.task.submitted_at_s


def _observation(run: Run, reply: TaskReply, state: TaskState, took_s: float | None = None) -> Observation:
    return Observation(
        at_s=run.clock.wall_s(),
        state=state,
        word=reply.word,
        failure=reply.failure,
        expires_at_s=reply.expires_at_s,
        billed_usd=reply.billed_usd,
        body=reply.body,
        took_s=took_s,
    )


def _record(run: Run, attempt: Attempt, seen: Observation) -> None:
    """Writes a new state down; the facts decide whether that ends the attempt."""
    after = with_observation(attempt, seen)
    run.ledger.observe(attempt, seen, settles=settles(after))
    run.book(after.booked_usd - attempt.booked_usd, attempt.run_id)
    if seen.billed_usd is not None:
        heed_bill(run, after, seen.billed_usd)
    if seen.took_s is not None:
        run.renders_s.append(seen.took_s)


def _tell(run: Run, identity: JobId, attempt: Attempt, seen: Observation) -> None:
    if seen.state is TaskState.SUCCESS:
        run.tell(RunEvent(EventKind.RENDERED, f"task {attempt.task_id}", identity.name))
    elif seen.failure is not None:
        run.receipts.submit(identity, attempt.id)
        run.tell(RunEvent(EventKind.FAILED, seen.failure.message, identity.name))


def _gone(run: Run, identity: JobId, attempt: Attempt, watch: TrackedTask, reply: TaskReply) -> None:
    """The service does not know the task: expired if its time is over, else said and never submitted again."""
    seen = replace(_observation(run, reply, TaskState.GONE), at_s=run.service_s())
    after = with_observation(attempt, seen)
    is_over = seen.at_s >= attempt.is_over_at_s
    last = attempt.observations[-1] if attempt.observations else None
    if not attempt.is_gone and (is_over or last is None or last.state is not TaskState.GONE):
        _record(run, attempt, seen)
    if after.is_gone:
        return  # that is the end of this task, and not of its job: an older clip may be wanted now
    if is_over and not run.is_drained:
        watch.task.not_before_s = run.clock.monotonic_s() + BETWEEN_GONE_S
        run.slots.release(identity)
        return
    _refused(run, attempt, watch, reply, most=1 if is_over else _REFUSED_LOOKS)
    was_seen = any(each.state is not TaskState.GONE for each in attempt.observations)
    if watch.stop and attempt.is_named_by_hand and not was_seen and seen.at_s < attempt.keeps_until_s:
        _take_back(run, identity, attempt, reply)


def _needs_its_key(attempt: Attempt, reply: TaskReply) -> StopReason:
    """A key that may not see a task of another one: whether that task is gone, it cannot say."""
    its_key = f"the key that ends in {attempt.key_last4}" if attempt.key_last4 else "another key"
    why = f"it was submitted with {its_key}, and with the one that is set {reply.message}"
    return StopReason(HoldReason.OTHER_KEY, f"{why}: set the other one to fetch it")


def _take_back(run: Run, identity: JobId, attempt: Attempt, reply: TaskReply) -> None:
    """A task that a person named, and that does not exist: what became of the submit is as unknown as before."""
    why = f"the service does not know {attempt.task_id}, which was named by hand: {reply.message}"
    run.ledger.record_answer(attempt.id, Answer(run.clock.wall_s(), Outcome.UNKNOWN, message=why))
    run.tell(RunEvent(EventKind.UNKNOWN, why, identity.name))


def _refused(run: Run, attempt: Attempt, watch: TrackedTask, reply: TaskReply, most: int = _REFUSED_LOOKS) -> None:
    watch.failed_polls += 1
    if watch.failed_polls >= most:
        elsewhere = attempt.base_url != run.access.base_url  # only a receipt may say so; nobody is sent there
        where = " (it was sent to another address, as its receipt says)" if elsewhere else ""
        watch.stop = StopReason(HoldReason.TASK_REFUSED, f"its task cannot be asked for: {reply.message}{where}")


def with_observation(attempt: Attempt, seen: Observation) -> Attempt:
    """The attempt as it will be once this is on record."""
    return replace(attempt, observations=(*attempt.observations, seen))


def attempt_of(step: Step) -> Attempt:
    """The attempt that a step speaks of, for steps that cannot do without."""
    if step.attempt is None:
        raise AssertionError(f"{step.action} without an attempt")
    return step.attempt
