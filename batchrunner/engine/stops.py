"""Stops: why something is not submitted any more in this run, or not polled; for all jobs, a model, a folder, a job."""

import math
from collections.abc import Callable
from pathlib import Path

from batchrunner.domain.event import EventKind
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.step import HoldReason
from batchrunner.domain.text import duration
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.io.clock import Clock
from batchrunner.planning.inputs import StopReason


class Stops:
    """All reasons to stop. The first one for each thing is the one that counts and is reported.

    `deadline_s` is in Unix seconds. `output_of` tells where a job's clip goes.
    """

    def __init__(
        self,
        deadline_s: float | None,
        output_of: Callable[[Job], Path],
        clock: Clock,
        wakeup: Wakeup,
        events: EventSink,
    ) -> None:
        self.polling: StopReason | None = None
        self._deadline_s = deadline_s
        self._output_of = output_of
        self._clock = clock
        self._wakeup = wakeup
        self._events = events
        self._run: StopReason | None = None
        self._models: dict[str, StopReason] = {}
        self._jobs: dict[JobId, StopReason] = {}
        self._folders: dict[Path, StopReason] = {}

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is submitted."""
        return self._run is not None

    @property
    def is_drained(self) -> bool:
        """Whether somebody wants to leave as soon as what runs is finished."""
        return self._run is not None and self._run.hold_reason is HoldReason.DRAIN

    @property
    def is_polling(self) -> bool:
        """Whether tasks are still polled."""
        return self.polling is None

    @property
    def is_polling_over(self) -> bool:
        """Whether nobody waits for another poll: somebody leaves, or the service takes none."""
        return self.is_drained or self.polling is not None

    @property
    def reason(self) -> str:
        """Why nothing more is submitted; empty while something is."""
        return self._run.reason if self._run else ""

    def of(self, job: Job) -> StopReason | None:
        """Why a job is not submitted any more in this run; None while it may be."""
        return self._run or self._jobs.get(job.identity) or self._models.get(job.request.model) or self._of_folder(job)

    def allows(self, job: Job) -> bool:
        """Whether a job may still be submitted in this run."""
        return self.of(job) is None

    def _of_folder(self, job: Job) -> StopReason | None:
        if not self._folders:
            return None
        final = self._output_of(job)
        return next((stop for folder, stop in self._folders.items() if final.is_relative_to(folder)), None)

    def stop(self, hold_reason: HoldReason, reason: str) -> None:
        """Nothing more is submitted; what runs is finished."""
        if self._run is None:
            self._run = StopReason(hold_reason, reason)
            self._halt(f"no more submits: {reason}")

    def stop_model(self, model: str, hold_reason: HoldReason, reason: str) -> None:
        """Nothing more is submitted to one model."""
        if model not in self._models:
            self._models[model] = StopReason(hold_reason, reason)
            self._halt(f"no more submits to {model}: {reason}")

    def stop_folder(self, folder: Path, reason: str) -> None:
        """Nothing more is submitted whose clip would go into this folder, or below it."""
        if folder not in self._folders:
            self._folders[folder] = StopReason(HoldReason.HALT, f"clips in {folder}: {reason}")
            self._halt(f"no more submits for clips in {folder}: {reason}")

    def stop_job(self, identity: JobId, stop: StopReason) -> None:
        """One job is not submitted in this run."""
        self._jobs[identity] = stop

    def stop_polling(self, hold_reason: HoldReason, reason: str) -> None:
        """No task is polled any more; all stay as they are."""
        self.polling = self.polling or StopReason(hold_reason, reason)
        self._wakeup.notify_all()
        self.stop(hold_reason, reason)

    def check_deadline(self) -> float:
        """Nothing more is submitted when it is over; gives the seconds until then, by the clock on the wall."""
        if self._deadline_s is None:
            return math.inf
        left_s = self._deadline_s - self._clock.wall_s()
        if left_s <= 0:
            self.stop(HoldReason.DEADLINE, "the deadline was reached: tasks that run now are finished")
        return left_s

    def check_wait(self, wait_s: float) -> None:
        """Nothing more is submitted where the service wants us to wait beyond the deadline."""
        if self._deadline_s is not None and self._clock.wall_s() + wait_s > self._deadline_s:
            self.stop(HoldReason.DEADLINE, f"the service asks for a pause of {duration(wait_s)}, beyond the deadline")

    def _halt(self, text: str) -> None:
        self._wakeup.notify_all()
        self._events.emit(EventKind.HALT, text)
