"""What a run keeps in mind about tasks, and no ledger needs: when to poll, the secret link, what has come of a file."""

from collections.abc import Iterable
from dataclasses import dataclass

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.request import Request
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.engine.scheduling.poll_policy import RunningTask
from batchrunner.io.clock import Clock
from batchrunner.io.partial_file import Partial
from batchrunner.planning.inputs import StopReason


@dataclass(slots=True)
class TrackedTask:
    """One task. `since_s`: when this run began to wait for it. `stop`: why it is not asked for any more.

    `reported` is the last sentence about its download, which is not said twice.
    """

    since_s: float
    task: RunningTask
    polls: int = 0
    failed_polls: int = 0
    empty_successes: int = 0
    failed_fetches: int = 0
    link: str | None = None
    part: Partial | None = None
    reported: str = ""
    stop: StopReason | None = None

    @property
    def is_seen_in_time(self) -> bool:
        """Whether this run saw it waiting, or submitted it: then its end says how long it took."""
        return self.since_s <= self.task.waiting_at_s


class TaskTracker:
    """The tasks of a run, by the number of their attempt."""

    def __init__(self, latencies: LatencyModels, clock: Clock) -> None:
        self._latencies = latencies
        self._clock = clock
        self._tracked: dict[int, TrackedTask] = {}

    def track(self, attempt: Attempt) -> TrackedTask:
        """The task of an attempt, which may have been submitted long ago."""
        if attempt.id not in self._tracked:
            now_s = self._clock.monotonic_s()
            age_s = max(self._clock.wall_s() - attempt.opened_at_s, 0.0)
            task = RunningTask(self._latencies.of(attempt.request), now_s - age_s, now_s - age_s)
            self._tracked[attempt.id] = TrackedTask(since_s=now_s, task=task)
        return self._tracked[attempt.id]

    def start(self, attempt_id: int, request: Request, sent_at_s: float) -> RunningTask:
        """The task that a submit, sent at this time, has just begun."""
        task = RunningTask(self._latencies.of(request), sent_at_s, sent_at_s)
        self._tracked[attempt_id] = TrackedTask(since_s=sent_at_s, task=task)
        return task

    def stop_of(self, attempts: Iterable[Attempt]) -> StopReason | None:
        """Why the task of one of these is not asked for any more; None where all are."""
        tracked = (self._tracked.get(attempt.id) for attempt in attempts)
        return next((each.stop for each in tracked if each and each.stop), None)
