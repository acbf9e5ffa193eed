"""The free step: a poll of a task, and what was seen goes on record."""

import math
from dataclasses import dataclass, replace

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.text import duration, hours
from batchrunner.engine.attempt_log import AttemptLog, with_observation
from batchrunner.engine.decider import Decider
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.canary import CanaryGate
from batchrunner.engine.guards.price import PriceGuard
from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.engine.scheduling.backoff import backoff_s
from batchrunner.engine.scheduling.poll_queue import PollQueue
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.stops import Stops
from batchrunner.engine.task_tracker import TaskTracker, TrackedTask
from batchrunner.io.clock import Clock
from batchrunner.planning.inputs import StopReason
from batchrunner.providers.provider import TaskReply, TaskReplyKind

# A video may come a little later than its success. What comes later still says that something is wrong with the model.
_LATE_VIDEO = 3
_REFUSED_POLLS = 5
# Three polls of what may be gone have to be spread over five minutes; and the clocks that are read count seconds.
BETWEEN_GONE_S = 155.0
_NEXT = "the next run checks again"
NO_VIDEO = "the service reports success but has no video"


@dataclass(slots=True, kw_only=True, eq=False)
class Poller:
    """Polls tasks. A task that is open longer than `task_timeout_s` in this run is left to the next one."""

    task_timeout_s: float
    provider: LimitedProvider
    log: AttemptLog
    polls: PollQueue
    slots: SlotQueue
    tracker: TaskTracker
    decider: Decider
    canary: CanaryGate
    price: PriceGuard
    stops: Stops
    clock: Clock
    events: EventSink

    async def wait_and_poll(self, identity: JobId, step: Step) -> None:
        """Waits until it is time to poll a task, and polls."""
        attempt = attempt_of(step)
        tracked = self.tracker.track(attempt)
        until_s = tracked.since_s + self.task_timeout_s
        patience_s = until_s - self.clock.monotonic_s() if tracked.polls else math.inf
        if await self.polls.wait_turn(tracked.task, patience_s, attempt.task_id or ""):
            await self.poll(identity, attempt)
        if self.clock.monotonic_s() >= until_s and self.decider.decide(identity).action is Action.POLL:
            longest_wait_s = self.decider.batch.catalog.longest_wait_s(attempt.request.model)
            why = _still_running(self.task_timeout_s, longest_wait_s)
            tracked.stop = tracked.stop or StopReason(HoldReason.TASK_TIMEOUT, why)

    async def poll(self, identity: JobId, attempt: Attempt) -> TaskReply:
        """One GET of a task, whose turn it is, with the consequences for its record, its slot and its link."""
        sent_at_s = self.clock.monotonic_s()
        reply = await self.provider.poll(attempt.task_id or "")
        tracked = self.tracker.track(attempt)
        tracked.polls += 1
        match reply.kind:
            case TaskReplyKind.STATE:
                tracked.failed_polls = 0
                _learn(tracked, reply, sent_at_s, self.clock.monotonic_s())
                self._seen(identity, attempt, tracked, reply)
            case TaskReplyKind.KEY | TaskReplyKind.GONE if attempt.key_digest != self.log.credentials.key_digest:
                tracked.stop = _needs_its_key(attempt, reply)
            case TaskReplyKind.GONE:
                self._gone(identity, attempt, tracked, reply)
            case TaskReplyKind.KEY:
                self.stops.stop_polling(HoldReason.KEY, f"the service refuses the API key: {reply.message}")
            case TaskReplyKind.INVALID:
                self._refused(attempt, tracked, reply)
            case TaskReplyKind.RETRY:
                tracked.failed_polls += 1
            case TaskReplyKind.RATE:
                pass
        if tracked.failed_polls or tracked.empty_successes:
            wait_s = backoff_s(tracked.failed_polls + tracked.empty_successes, 2.0)
            tracked.task.not_before_s = max(tracked.task.not_before_s, self.clock.monotonic_s() + wait_s)
        return reply

    def _seen(self, identity: JobId, attempt: Attempt, tracked: TrackedTask, reply: TaskReply) -> None:
        tracked.link = reply.link
        last = next((seen for seen in reversed(attempt.observations) if not seen.is_of_file), None)
        is_news = last is None or (last.state, last.word) != (reply.state, reply.word)
        if is_news or (reply.billed_usd is not None and reply.billed_usd != attempt.billed_usd):
            took_s = self._took_s(tracked, reply.state) if is_news else None
            attempt = self._record(attempt, self._observation(reply, reply.state, took_s))
            if is_news:
                self._report(identity, attempt)
            if reply.odd_bill:
                said = f"the service billed {reply.odd_bill}, which is not an amount in US dollars: the estimate counts"
                self.events.note(said, identity.name)
        if reply.state is TaskState.SUCCESS and reply.link is None:
            self._has_no_video(identity, attempt, tracked)
            return
        if reply.state is not TaskState.WAITING:
            self.polls.record_end(tracked.task)
            self.slots.release(identity)
        if is_news or tracked.empty_successes:
            tracked.empty_successes = 0
            self.canary.record_end(identity, attempt)

    def _has_no_video(self, identity: JobId, attempt: Attempt, tracked: TrackedTask) -> None:
        """Paid, and nothing to fetch: polled again, never submitted again; for its model it counts like a failure."""
        tracked.empty_successes += 1
        if tracked.empty_successes != _LATE_VIDEO:
            return
        self.slots.release(identity)  # not before: what else would be paid of this model should know of it
        if attempt.is_open and attempt.run_id == self.log.run_id:
            self.events.note(f"{NO_VIDEO}: checking again, free", identity.name)
            failure = Failure(ErrorClass.PROVIDER, NO_VIDEO)
            self.canary.record_failure(identity, attempt.request.model, failure)

    def _took_s(self, tracked: TrackedTask, state: TaskState) -> float | None:
        """How long a task ran until its success; None if nobody polled for so long that it says nothing."""
        if state is not TaskState.SUCCESS or not tracked.is_seen_in_time:
            return None
        return self.clock.monotonic_s() - tracked.task.submitted_at_s

    def _observation(self, reply: TaskReply, state: TaskState, took_s: float | None = None) -> Observation:
        return Observation(
            at_s=self.clock.wall_s(),
            state=state,
            word=reply.word,
            failure=reply.failure,
            expires_at_s=reply.expires_at_s,
            billed_usd=reply.billed_usd,
            body=reply.body,
            took_s=took_s,
        )

    def _record(self, attempt: Attempt, seen: Observation) -> Attempt:
        after = self.log.observe(attempt, seen)
        if seen.billed_usd is not None:
            self.price.record_bill(after, seen.billed_usd)
        return after

    def _report(self, identity: JobId, attempt: Attempt) -> None:
        seen = attempt.observations[-1]
        if seen.state is TaskState.SUCCESS:
            self.events.emit(EventKind.RENDERED, f"task {attempt.task_id}", identity.name)
        elif seen.failure is not None:
            self.log.write_receipt(identity, attempt.id)
            explained = seen.failure.explained(is_free=seen.billed_usd == 0)
            self.events.emit(EventKind.FAILED, explained, identity.name)

    def _gone(self, identity: JobId, attempt: Attempt, tracked: TrackedTask, reply: TaskReply) -> None:
        """The service does not know the task: expired if its time is over, else said and never submitted again."""
        seen = replace(self._observation(reply, TaskState.GONE), at_s=self.provider.now_s())
        after = with_observation(attempt, seen)
        is_over = seen.at_s >= attempt.is_over_at_s
        last = attempt.observations[-1] if attempt.observations else None
        if not attempt.is_gone and (is_over or last is None or last.state is not TaskState.GONE):
            self._record(attempt, seen)
        if after.is_gone:
            return  # that is the end of this task, and not of its job: an older clip may be wanted now
        if is_over and not self.stops.is_drained:
            tracked.task.not_before_s = self.clock.monotonic_s() + BETWEEN_GONE_S
            self.slots.release(identity)
            return
        self._refused(attempt, tracked, reply, most=1 if is_over else _REFUSED_POLLS)
        was_seen = any(each.state is not TaskState.GONE for each in attempt.observations)
        if tracked.stop and attempt.is_named_by_hand and not was_seen and seen.at_s < attempt.keeps_until_s:
            why = f"the service does not know {attempt.task_id}, which was named by hand: {reply.message}"
            self.log.retract_task(attempt, why)
            self.events.emit(EventKind.UNKNOWN, why, identity.name)

    def _refused(self, attempt: Attempt, tracked: TrackedTask, reply: TaskReply, most: int = _REFUSED_POLLS) -> None:
        tracked.failed_polls += 1
        if tracked.failed_polls >= most:
            # only a receipt may say so; nobody is sent there
            elsewhere = attempt.base_url != self.log.credentials.base_url
            where = " (it was sent to another address, as its receipt says)" if elsewhere else ""
            why = f"its task cannot be checked: {reply.message}{where}"
            tracked.stop = StopReason(HoldReason.TASK_REFUSED, why)


def _still_running(waited_s: float, longest_wait_s: float) -> str:
    """Why a task is left to the next run; of one that may not even have begun, until when that is no fault."""
    may_wait = f" (the service may start it up to {hours(longest_wait_s)} after its submit)"
    return f"still running after {duration(waited_s)}{may_wait if longest_wait_s > waited_s else ''}: {_NEXT}"


def _learn(tracked: TrackedTask, reply: TaskReply, sent_at_s: float, now_s: float) -> None:
    """What a poll says of how long tasks take; the first poll of one of an earlier run comes too late to say it."""
    if reply.state is TaskState.WAITING:
        tracked.task.seen_waiting(sent_at_s)
    elif reply.state is TaskState.SUCCESS and tracked.is_seen_in_time:
        tracked.task.seen_ended(now_s)


def _needs_its_key(attempt: Attempt, reply: TaskReply) -> StopReason:
    """A key that may not see a task of another one: whether that task is gone, it cannot say."""
    its_key = f"the key that ends in {attempt.key_last4}" if attempt.key_last4 else "another key"
    why = f"it was submitted with {its_key}, but with the key that is set now {reply.message}"
    return StopReason(HoldReason.OTHER_KEY, f"{why}: set the other key to download it")


def attempt_of(step: Step) -> Attempt:
    """The attempt that a step speaks of, for steps that cannot do without."""
    if step.attempt is None:
        raise AssertionError(f"{step.action} without an attempt")
    return step.attempt
