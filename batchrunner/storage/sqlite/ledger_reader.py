"""What can be asked of a ledger in SQLite."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Self

from batchrunner.domain.history import Damage, JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.receipt import Receipt
from batchrunner.errors import UsageError
from batchrunner.storage.records import LedgerMark, Rivals, RunRecord
from batchrunner.storage.sqlite import runs
from batchrunner.storage.sqlite.account_log import SqliteAccountLog
from batchrunner.storage.sqlite.histories import addresses, read_all, read_one
from batchrunner.storage.sqlite.known_receipts import KnownReceipts
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.rivals import rivals
from batchrunner.storage.sqlite.touched import mark_of, touched_since
from batchrunner.storage.sqlite.transaction import fetched, translated
from batchrunner.storage.sqlite.upload_log import SqliteUploadLog


class SqliteReader:
    """See `interface.LedgerReader`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.damage: tuple[Damage, ...] = ()
        self.uploads = SqliteUploadLog(db)
        self.account = SqliteAccountLog(db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def history(self, identity: JobId) -> JobHistory:
        """All that is known of one job."""
        with translated():
            return read_one(self._db, identity)

    def histories(self, manifest: str) -> dict[JobId, JobHistory]:
        """All that is known of a manifest's jobs, under every profile."""
        return self._read(manifest)

    def all_histories(self) -> dict[JobId, JobHistory]:
        """All that is known of every job of every manifest."""
        return self._read(None)

    def _read(self, manifest: str | None) -> dict[JobId, JobHistory]:
        with translated():
            found = read_all(self._db, manifest)
        self.damage = found.damage
        return found.histories

    def mark(self) -> LedgerMark:
        """What is recorded now, for `touched_since` later."""
        with translated():
            return mark_of(self._db)

    def touched_since(self, before: LedgerMark) -> tuple[LedgerMark, frozenset[JobId]]:
        """The jobs of which something was recorded since then, and what is recorded now."""
        with translated():
            now = mark_of(self._db)
            return now, touched_since(self._db, before, now)

    def last_run(self, manifest: str, profile: str | None = None) -> RunRecord | None:
        """The newest run of a manifest, under any profile or a certain one."""
        with translated():
            return runs.last_run(self._db, manifest, profile)

    def last_wanted(self, identities: Collection[JobId]) -> dict[JobId, Mapping[str, Any]]:
        """Each of these jobs as the newest run that wanted it recorded it; one that no run wanted is left out."""
        with translated():
            return runs.last_wanted(self._db, identities)

    def last_ended_run(self, manifest: str, profile: str) -> int:
        """The id of the newest run that was not cut off; 0 where there is none."""
        with translated():
            return runs.last_ended_run(self._db, manifest, profile)

    def manifest_at(self, path: str) -> str | None:
        """The name under which the manifest at this path was last run."""
        with translated():
            return runs.manifest_at(self._db, path)

    def rivals(self, manifest: str, profile: str, path: str) -> Rivals:
        """What other jobs hold, as one manifest, whose file is at `path`, sees it."""
        with translated():
            return rivals(self._db, manifest, profile, path)

    def task_ids(self) -> frozenset[str]:
        """Every task id that is recorded."""
        with translated():
            found = fetched(self._db, query("task_ids"))
        return frozenset(str(task_id) for (task_id,) in found)

    def check_address(self, base_url: str) -> None:
        """Nothing, where all tasks of this ledger's own runs live at this address.

        Raises:
            UsageError: some live at another address.
        """
        with translated():
            elsewhere = sorted(addresses(self._db, base_url))
        if elsewhere:
            raise UsageError(
                f"this ledger's tasks live at {elsewhere[0]}, not at {base_url}: "
                "set MODELLIX_BASE_URL back, or name another ledger with --ledger"
            )

    def would_import(self, receipts: Iterable[Receipt]) -> bool:
        """Whether `import_receipts` would record anything of these."""
        with translated():
            known = KnownReceipts(self._db)
            return any(known.adds(each) for each in receipts)

    def unrecorded(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """Those of which nothing is recorded yet; all of them where rows are damaged."""
        if self.damage:
            return list(receipts)
        with translated():
            known = KnownReceipts(self._db)
            return [each for each in receipts if not known.covers(each)]
