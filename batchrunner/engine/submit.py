"""The paid step: slot, guards, turn; then the attempt is committed, and only then the POST leaves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from batchrunner.domain.attempt import Answer, Outcome, RejectReason
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.step import Action, Step
from batchrunner.engine.attempt_log import AttemptLog
from batchrunner.engine.decider import Decider
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.canary import CanaryGate
from batchrunner.engine.guards.submit_guard import SubmitGuard
from batchrunner.engine.in_flight import InFlightSubmits
from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.stops import Stops
from batchrunner.engine.task_tracker import TaskTracker
from batchrunner.engine.upload import Uploader
from batchrunner.errors import ClaimConflict
from batchrunner.io.clock import Clock
from batchrunner.storage.records import Claim


@dataclass(slots=True, kw_only=True, eq=False)
class Submitter:
    """Submits jobs, each once, and records what became of it.

    The canary is asked before a slot is taken; for answers it is one of the guards.
    """

    provider: LimitedProvider
    log: AttemptLog
    in_flight: InFlightSubmits
    slots: SlotQueue
    canary: CanaryGate
    guards: Sequence[SubmitGuard]
    uploads: Uploader
    tracker: TaskTracker
    decider: Decider
    stops: Stops
    clock: Clock
    events: EventSink
    _submit_lock: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def submit(self, identity: JobId, _: Step) -> None:
        """Submits a job once, and records what became of it; or comes back with nothing done."""
        job = self.decider.batch.jobs[identity]
        await self.canary.admit(job)
        await self.slots.acquire(identity)
        body = await self.uploads.sendable(job, lambda: self._may_go(job)) if self._may_go(job) else None
        if body is None:
            self.slots.release(identity)
            return
        async with self.in_flight.room():
            submit = await self._next(job, body)
            if submit is not None:
                await asyncio.shield(submit)

    def _may_go(self, job: Job) -> bool:
        """Whether nothing has come between a job and its submit while it waited."""
        return self.stops.allows(job) and self.canary.is_admitted(job)

    async def _next(self, job: Job, body: Mapping[str, object]) -> asyncio.Task[Answer] | None:
        """One job at a time: wait, decide again, commit. Gives the submit that is on its way.

        Where a guard says so it goes alone: nobody follows before it is answered.
        """
        async with self._submit_lock:
            await self._wait(job)
            # all may have moved while it waited: history, caps, stops, the disk, the clock of a machine that slept
            self.stops.check_deadline()
            step = self.decider.decide(job.identity)
            if step.action is not Action.SUBMIT or not self._is_wanted(job):
                self.slots.release(job.identity)
                return None
            exclusive = [guard for guard in self.guards if guard.exclusive]
            submit = self._commit(job, body, step)
            if submit is not None and exclusive:
                answer = await asyncio.shield(submit)
                for guard in exclusive:
                    await guard.after(job, answer)
            return submit

    async def _wait(self, job: Job) -> None:
        """Waits for the guards and for its turn; anew where an answer that comes meanwhile closes a guard again."""
        is_turn = False
        while not is_turn:
            for guard in self.guards:
                await guard.before(job)
            if not self._is_wanted(job):
                return
            is_turn = await self.provider.acquire(
                lambda: self._is_wanted(job) and all(guard.is_open for guard in self.guards)
            )

    def _is_wanted(self, job: Job) -> bool:
        """Whether it may still be submitted, and its slot is still thought to be there."""
        return self._may_go(job) and self.slots.has_room(job.identity)

    def _commit(self, job: Job, body: Mapping[str, object], step: Step) -> asyncio.Task[Answer] | None:
        """Writes the attempt down with its reservation, and sends the POST as a unit that nothing cancels."""
        batch = self.decider.batch
        try:
            attempt_id, claim = self.log.claim(job, step, batch.project, batch.rivals.newest)
        except ClaimConflict as error:
            self.events.note(str(error), job.name)
            self.decider.renew()
            return None
        self.slots.sent(job.identity)
        return self.in_flight.send(self._send(job, body, attempt_id, claim))

    async def _send(self, job: Job, body: Mapping[str, object], attempt_id: int, claim: Claim) -> Answer:
        sent_at_s = self.clock.monotonic_s()
        path = self.decider.batch.catalog.path_of(job.request.model)
        reply = await self.provider.submit(path, body)
        answer = Answer(
            self.clock.wall_s(),
            reply.outcome,
            reply.task_id,
            reply.refusal,
            reply.http_status,
            reply.message,
            reply.body,
        )
        answer = await self.log.record_answer(attempt_id, answer, claim)
        self._occupy(job, answer, attempt_id, sent_at_s)
        self.provider.record_submit(reply)
        self._report(job, answer)
        for guard in self.guards:
            guard.record(job, answer)
        return answer

    def _occupy(self, job: Job, answer: Answer, attempt_id: int, sent_at_s: float) -> None:
        """What an answer means for the job's slot, and for what is known of all slots."""
        if answer.outcome is Outcome.ACCEPTED:
            self.slots.accepted(job.identity, self.tracker.start(attempt_id, job.request, sent_at_s))
        elif answer.reject_reason is RejectReason.CONCURRENT:
            self.slots.refused(job.identity, sent_at_s, self.clock.monotonic_s())
        else:
            self.slots.release(job.identity)

    def _report(self, job: Job, answer: Answer) -> None:
        if answer.outcome is Outcome.ACCEPTED:
            self.events.emit(EventKind.ACCEPTED, f"task {answer.task_id}", job.name)
        elif answer.outcome is Outcome.UNKNOWN:
            self.events.emit(EventKind.UNKNOWN, answer.message, job.name)
        elif answer.reject_reason is RejectReason.INVALID:
            self.events.emit(EventKind.FAILED, answer.message, job.name)
