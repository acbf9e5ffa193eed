"""An account that stays full of other tasks: worth a person's look."""

from collections.abc import Mapping

from batchrunner.domain.attempt import Answer, RejectReason
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.step import HoldReason, Step
from batchrunner.domain.text import duration
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.guards.submit_guard import PassiveGuard
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.io.clock import Clock

_LONG_FULL_S = 900.0


class FullAccountGuard(PassiveGuard):
    """Holds nothing back, which the slots do; says so when it lasts long. `steps` are the jobs' last steps."""

    def __init__(self, slots: SlotQueue, steps: Mapping[JobId, Step], clock: Clock, events: EventSink) -> None:
        self._slots = slots
        self._steps = steps
        self._clock = clock
        self._events = events
        self._is_reported = False

    @property
    def reason(self) -> str:
        """A slot, while none is ours."""
        return "waiting for a free slot in the account" if self._slots.are_all_elsewhere else ""

    def record(self, job: Job, answer: Answer) -> None:
        """One more submit found no slot."""
        del job
        if answer.reject_reason is not RejectReason.CONCURRENT:
            return
        full_s = self._slots.all_elsewhere_s(self._clock.monotonic_s())
        if full_s < _LONG_FULL_S:
            self._is_reported = False
        elif not self._is_reported:
            self._is_reported = True
            ours = sum(step.hold_reason is HoldReason.TASK_TIMEOUT for step in self._steps.values())
            given_up = f", {ours} of them tasks of this run that it no longer waits for" if ours else ""
            who = f"other tasks use all slots of the account{given_up}"
            said = f"nothing could be submitted for {duration(full_s)}: {who}; still trying"
            self._events.emit(EventKind.WAIT, said)
