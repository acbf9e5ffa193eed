"""What a run tells as values, for programs that keep books of it; here nobody does."""

from batchrunner.domain.event import Event
from batchrunner.planning.batch import Batch, JobState
from batchrunner.reports.report import Report


class RunObserver:
    """Is told how each job stands, whenever that changes, and how the run began and ended; does nothing with it.

    What it is told is in the ledger already. Whatever it does must neither raise nor wait.
    """

    def begun(self, run_id: int, batch: Batch, command: str) -> None:
        """The run is in the ledger; none of its jobs was looked at."""

    def stands(self, state: JobState) -> None:
        """How a job stands now: at the beginning of a run each of them, then those of which something has changed."""

    def heard(self, event: Event) -> None:
        """What the run said meanwhile, in words."""

    def ended(self, report: Report) -> None:
        """The run came to its end, with this report."""

    def broke_off(self, why: str) -> None:
        """The run came to no end of its own: the ledger is whole, and the same command goes on."""


NO_OBSERVER = RunObserver()
