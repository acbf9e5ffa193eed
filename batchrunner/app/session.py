"""A manifest's lock, ledger, receipts and batch: the one place that opens them, in the right order."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from batchrunner.catalog import PriceList
from batchrunner.domain.decision import Decision
from batchrunner.domain.job import JobId
from batchrunner.domain.text import utc
from batchrunner.errors import RunLocked
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch, load_batch
from batchrunner.planning.job_records import JobSet
from batchrunner.storage.interface import Ledger, LedgerReader
from batchrunner.storage.open import open_ledger, read_ledger
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.receipts import ReceiptsWriter, read_receipts
from batchrunner.storage.run_lock import lock_owner, run_lock
from batchrunner.storage.symlinks import check_symlinks

OpenLedger = Callable[[Path], AbstractContextManager[Ledger]]


class Session:
    """A manifest on which nobody else is at work: first it is looked at, then its ledger is opened for writing.

    Until `open_ledger` nothing is recorded: what is in the folder may be somebody else's, and nobody has agreed. In the
    end the receipts are brought up to what the ledger knows; `warn` is told where they cannot be.
    """

    def __init__(
        self,
        project: ProjectPaths,
        wanted: JobSet,
        prices: PriceList,
        clock: Clock,
        *,
        warn: Callable[[str], None],
        open_ledger: OpenLedger = open_ledger,
    ) -> None:
        self.project = project
        self._wanted = wanted
        self._prices = prices
        self._clock = clock
        self._warn = warn
        self._open_ledger = open_ledger
        self._stack = ExitStack()
        self._foreign_jobs: tuple[JobId, ...] = ()
        self._agreed: Batch | None = None

    def __enter__(self) -> Self:
        """Takes the lock.

        Raises:
            RunLocked: another run of this manifest is at work.
        """
        check_symlinks(self.project, self._wanted.name, [job.output for job in self._wanted.jobs])
        self._lock(self._wanted.name)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def batch(self, ledger: LedgerReader) -> Batch:
        """The manifest's jobs, with all that a ledger knows of them.

        The first one's estimates are those of all: whatever is billed meanwhile, nobody pays by other ones than were
        agreed to.
        """
        agreed = self._agreed.estimates if self._agreed else None
        batch = load_batch(self.project, self._wanted, ledger, self._prices, self._clock.wall_s(), agreed=agreed)
        self._agreed = batch
        return replace(batch, foreign_jobs=self._foreign_jobs)

    def batch_with_awaited(self, ledger: LedgerReader) -> Batch:
        """The same, with those whom it waits for where nobody else is at work on them: their manifest may be gone."""
        for manifest, awaited in self.batch(ledger).awaited().items():
            with suppress(RunLocked):
                self._lock(manifest)
                self._foreign_jobs += awaited
        return self.batch(ledger)

    def open_ledger(self, decisions: Iterable[tuple[JobId, Decision]] = ()) -> Ledger:
        """The ledger, open for writing, with what the receipts tell and with what was just decided."""
        decisions = tuple(decisions)
        receipts = read_receipts(self.project)
        ledger = self._stack.enter_context(self._open_ledger(self.project.ledger))
        ledger.import_receipts(receipts)
        writer = ReceiptsWriter(self.project, ledger, self._warn)
        self._stack.callback(writer.whole, self._wanted.name)
        ledger.decide(decisions)
        writer.decisions(who for who, _ in decisions)
        return ledger

    def _lock(self, manifest: str) -> None:
        self._stack.enter_context(run_lock(self.project.folder, manifest, utc(self._clock.wall_s()) or ""))


@contextmanager
def known_ledger(project: ProjectPaths) -> Iterator[LedgerReader]:
    """The ledger to tell from. What only the receipts know is added to a copy in memory: nothing is written."""
    receipts = read_receipts(project)
    with read_ledger(project.ledger) as ledger:
        if not ledger.would_import(receipts):
            yield ledger
            return
        with ledger.scratch_copy() as copy:
            copy.import_receipts(receipts)
            yield copy


def in_flight_run(project: ProjectPaths, ledger: LedgerReader, name: str) -> int | None:
    """The run of this manifest that is alive just now; what it waits for is not unknown."""
    last = ledger.last_run(name) if lock_owner(project.folder, name) else None
    return last.id if last and last.ended_at_s is None else None
