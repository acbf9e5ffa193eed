"""What `accept`, `pick` and `resolve` have in common: nobody else is at work, and all that is known is at hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from batchrunner.catalog import shipped_prices
from batchrunner.cli.terminal import say
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import NO_MEMORY, JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.text import utc
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch, JobSet, load_batch
from batchrunner.storage.interface import Ledger
from batchrunner.storage.open import open_ledger
from batchrunner.storage.paths import Project
from batchrunner.storage.receipts import ReceiptsWriter, read_receipts
from batchrunner.storage.run_lock import run_lock
from batchrunner.storage.symlinks import check_symlinks


@dataclass(frozen=True, slots=True)
class DecisionSession:
    """A manifest's batch, and its ledger open for a decision."""

    project: Project
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
            raise UsageError(f"{identity.name}: the ledger is damaged, bring back a copy of it that is whole")
        if memory.open_attempt is not None:
            raise UsageError(f"{identity.name} is being rendered: `batchrunner fetch` brings that to its end first")
        last, request = memory.next_number - 1, self.batch.jobs[identity].request
        return identity, Decision(self.clock.wall_s(), DecisionKind.ACCEPT, last, request, attempt.number)


@contextmanager
def deciding(project: Project, wanted: JobSet) -> Iterator[DecisionSession]:
    """The desk, with the manifest's lock held.

    Raises:
        Locked: a run of this manifest is at work.
    """
    clock = Clock()
    check_symlinks(project, wanted.name, [job.output for job in wanted.jobs])
    with (
        run_lock(project.folder, wanted.name, utc(clock.wall_s()) or ""),
        _told_ledger(project) as book,
    ):
        try:
            yield DecisionSession(project, book, load_batch(project, wanted, book, shipped_prices()), clock)
        finally:
            ReceiptsWriter(project, book, lambda why: say(why, err=True)).whole(wanted.name)


@contextmanager
def _told_ledger(project: Project) -> Iterator[Ledger]:
    """The ledger, open to be written, with what the receipts tell: a choice may be about a colleague's clip."""
    told = read_receipts(project)
    with open_ledger(project.ledger) as book:
        book.import_receipts(told)
        yield book
