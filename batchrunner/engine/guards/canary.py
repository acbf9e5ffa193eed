"""The canary: a model that is new, or that keeps failing, gets one job at a time until a clip comes through."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from batchrunner.domain.attempt import Answer, Attempt, RejectReason
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.observation import ErrorClass, Failure, TaskState
from batchrunner.domain.step import HoldReason
from batchrunner.domain.text import duration
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.circuit_breaker import CircuitBreaker
from batchrunner.engine.guards.submit_guard import PassiveGuard
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops
from batchrunner.io.clock import Clock

# What differs between failures that are equal: numbers and ids.
_DETAIL = re.compile(r"\S*\d\S*")


@dataclass(slots=True, kw_only=True, eq=False)
class CanaryGate(PassiveGuard):
    """A circuit breaker for each model. `is_new` tells whether no clip of a model was seen and many would follow.

    It is asked before a slot is taken: a job that waits for another's clip shall not hold up other models.
    So many `halt_failures` of this run end its submits; None: however many.
    """

    is_new: Callable[[str], bool]
    halt_failures: int | None
    run_id: int
    stops: Stops
    wakeup: Wakeup
    clock: Clock
    events: EventSink
    _failures: int = field(init=False, default=0)
    _breakers: dict[str, CircuitBreaker] = field(init=False, default_factory=dict)
    _probes: dict[str, JobId] = field(init=False, default_factory=dict)

    @property
    def reason(self) -> str:
        """The clip of the one job that was let through, or the time of the next."""
        if self._probes:
            return f"one job of {', '.join(self._probes)} is tried first"
        now_s = self.clock.monotonic_s()
        rests = ((model, breaker.wait_s(now_s)) for model, breaker in self._breakers.items())
        return ", ".join(_resting(model, wait_s) for model, wait_s in rests if wait_s > 0)

    async def admit(self, job: Job) -> None:
        """Returns when this job may be submitted to its model, or when nothing more is."""
        while self.stops.allows(job) and not self.is_admitted(job):
            wait_s = self._breaker(job.request.model).wait_s(self.clock.monotonic_s())
            if job.request.model in self._probes:
                await self.wakeup.wait()
            elif wait_s > 0:
                await self.wakeup.wait_for(wait_s)
            else:
                self._probes[job.request.model] = job.identity

    def is_admitted(self, job: Job) -> bool:
        """Whether its model's breaker is closed, or this is the job that is let through."""
        model = job.request.model
        return not self._breaker(model).is_half_open or self._probes.get(model) == job.identity

    def end_probe(self, identity: JobId) -> None:
        """A job came to its end: if it was the probe, the next one may be."""
        for model in [model for model, who in self._probes.items() if who == identity]:
            del self._probes[model]
            self.wakeup.notify_all()

    def record(self, job: Job, answer: Answer) -> None:
        """A request that the service does not take is a failure of its model, too."""
        if answer.reject_reason is RejectReason.INVALID:
            self.record_failure(job.identity, job.request.model, Failure(ErrorClass.INVALID, answer.message))

    def record_end(self, identity: JobId, attempt: Attempt) -> None:
        """What the end of a task says of its model: a clip counts whoever paid, a failure in the run that did."""
        if attempt.task is TaskState.SUCCESS:
            self._breaker(attempt.request.model).record_success()
        elif attempt.failure is not None and attempt.run_id == self.run_id:
            self.record_failure(identity, attempt.request.model, attempt.failure)
        self.wakeup.notify_all()

    def record_failure(self, identity: JobId, model: str, failure: Failure) -> None:
        """One more failure of this run: enough of them end the submits, equal ones those to their model."""
        was_probe = self._probes.get(model) == identity
        self.end_probe(identity)  # its retry is a new one, and waits like one
        self._failures += 1
        if self.halt_failures is not None and self._failures >= self.halt_failures:
            self.stops.stop(HoldReason.HALT, f"{self._failures} failed in this run")
        if failure.error_class is not ErrorClass.MODERATION:
            self._trip(model, failure, was_probe=was_probe)

    def _trip(self, model: str, failure: Failure, *, was_probe: bool) -> None:
        breaker, now_s = self._breaker(model), self.clock.monotonic_s()
        was_proven = breaker.is_proven
        kind = f"{failure.error_class}: {_DETAIL.sub('', failure.message)}"
        waits_anew = breaker.record_failure(kind, now_s, was_probe=was_probe)
        if breaker.is_over:
            first = "its first clip failed (--no-canary does not wait for it)"
            why = "it keeps failing" if was_proven else first
            self.stops.stop_model(model, HoldReason.HALT, f"{why}: {failure.message}")
        elif waits_anew:
            self.events.emit(EventKind.WAIT, _resting(model, breaker.wait_s(now_s)))

    def _breaker(self, model: str) -> CircuitBreaker:
        if model not in self._breakers:
            self._breakers[model] = CircuitBreaker(is_proven=not self.is_new(model))
        return self._breakers[model]


def _resting(model: str, wait_s: float) -> str:
    """Why a model gets no job at the moment."""
    return f"{model} keeps failing; trying one job again in {duration(wait_s)}"
