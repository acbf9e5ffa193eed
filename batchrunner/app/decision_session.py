"""What `accept`, `pick` and `resolve` have in common: nobody else is at work, and all that is known is at hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from batchrunner.app.session import Session
from batchrunner.catalog import shipped_prices
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import NO_MEMORY, JobHistory
from batchrunner.domain.job import JobId
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch
from batchrunner.planning.job_records import JobSet
from batchrunner.storage.interface import Ledger
from batchrunner.storage.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class DecisionSession:
    """A manifest's batch, and its ledger open for a decision."""

    project: ProjectPaths
    book: Ledger
    batch: Batch
    clock: Clock

    def memory(self, identity: JobId) -> JobHistory:
        """All that is known of one job."""
        return self.batch.histories.get(identity, NO_MEMORY)

    def keep(self, identity: JobId, attempt: Attempt) -> tuple[JobId, Decision]:
        """The mark by which this attempt's clip is the one that is kept for the job as it is written now.

        Raises:
            UsageError: something is still open that would put another clip in its place.
        """
        memory = self.memory(identity)
        if memory.damage:
            raise UsageError(f"{identity.name}: the ledger is damaged; restore an intact copy of it")
        if memory.open_attempt is not None:
            raise UsageError(f"{identity.name} is being rendered: finish that first with `batchrunner fetch`")
        last, request = memory.next_number - 1, self.batch.jobs[identity].request
        return identity, Decision(self.clock.wall_s(), DecisionKind.ACCEPT, last, request, attempt.number)


@contextmanager
def deciding(
    project: ProjectPaths, wanted: JobSet, clock: Clock, warn: Callable[[str], None]
) -> Iterator[DecisionSession]:
    """A session for decisions, with the manifest's lock held; `warn` is told where receipts cannot be written.

    Raises:
        RunLocked: a run of this manifest is at work.
    """
    with Session(project, wanted, shipped_prices(), clock, warn=warn) as session:
        ledger = session.open_ledger()
        yield DecisionSession(project, ledger, session.batch(ledger), clock)
