"""What each job is to do next: the planner, asked anew with what is true at this moment."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from batchrunner.domain.budget import Budget
from batchrunner.domain.job import JobId
from batchrunner.domain.step import HoldReason, Step
from batchrunner.engine.stops import Stops
from batchrunner.engine.task_tracker import TaskTracker
from batchrunner.planning.batch import Batch, JobState, renewed
from batchrunner.planning.inputs import PlanOptions, StopReason
from batchrunner.planning.planner import next_step
from batchrunner.storage.interface import Ledger


class Decider:
    """Decides from the ledger, the disk, the budget and the stops, each time anew. It knows each job's last step.

    `on_change` is told how a job stands whenever its step is another than before.
    """

    def __init__(
        self,
        batch: Batch,
        ledger: Ledger,
        budget: Budget,
        stops: Stops,
        tracker: TaskTracker,
        options: PlanOptions,
        *,
        on_change: Callable[[JobState], None],
    ) -> None:
        self.batch = batch
        self._ledger = ledger
        self._budget = budget
        self._stops = stops
        self._tracker = tracker
        self._options = options
        self._on_change = on_change
        self._steps: dict[JobId, Step] = {}

    @property
    def steps(self) -> Mapping[JobId, Step]:
        """Each job's last step."""
        return self._steps

    def decide(self, identity: JobId) -> Step:
        """The job's next step, from what the ledger holds at this moment."""
        job = self.batch.jobs.get(identity)
        history, inputs = self.batch.look(identity, self._ledger.history)
        inputs = replace(
            inputs,
            room_usd=self._budget.room_usd,
            stop=self._stops.of(job) if job else None,
            task_stop=self._stops.polling or self._tracker.stop_of(history.attempts) or self._unless_chosen(identity),
        )
        step = next_step(job, history, inputs, self._options)
        is_news = self._steps.get(identity) != step
        self._steps[identity] = step
        if is_news:
            self._on_change(self.batch.seen(identity, history, inputs.files, step))
        return step

    def _unless_chosen(self, identity: JobId) -> StopReason | None:
        """Why nothing is done about a job's task where others were chosen; what one of them waits for is among them."""
        chosen, is_ours = self._options.fetched, identity.manifest == self.batch.name
        if chosen is None or not is_ours or identity.name in chosen:
            return None
        return StopReason(HoldReason.NOT_SELECTED, "not selected")

    def renew(self) -> None:
        """Somebody else came first: the next decision knows what they did."""
        self.batch = renewed(self.batch, self._ledger)
