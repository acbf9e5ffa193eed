"""Who may use a ledger: whoever made it, or said that it is to be trusted. Asked before anything of it is read."""

import os
import shlex
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from batchrunner.errors import UntrustedLedger
from batchrunner.io.roots import STATE_FOLDER, state_root
from batchrunner.storage import trusted_ids
from batchrunner.storage.git_index import is_tracked
from batchrunner.storage.sqlite import tables

# SQLite's files beside a database. Source: https://www.sqlite.org/tempfiles.html
_ENDINGS = ("", "-wal", "-shm", "-journal")
# At the end of a journal it follows the name of another file, which SQLite reads and deletes.
# Source: https://www.sqlite.org/fileformat2.html#the_rollback_journal, and `readSuperJournal` in its pager.c.
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


@dataclass(frozen=True, slots=True)
class Admission:
    """The checks that one ledger must pass. `trusting`: a person says that it is to be trusted from now on."""

    path: Path
    trusting: bool = False

    def check_file(self) -> None:
        """Nothing, where SQLite may open the file.

        Raises:
            Refused: it is a link, or reached through one, or no file; or it is a file elsewhere as well.
            UntrustedLedger: git tracks it, or a journal beside it leads to other files.
        """
        root = state_root(self.path.parent)
        beside = [self.path.with_name(f"{self.path.name}{ending}") for ending in _ENDINGS]
        for path in beside:
            root.check(path)
        if _leads_elsewhere(beside[-1]):
            raise UntrustedLedger(
                f"{beside[-1]} is the journal of another database: it would delete other files. Remove it"
            )
        if is_tracked(self.path.absolute()):
            raise UntrustedLedger(
                f"git tracks the ledger {self.path}, so that each commit would carry it and each checkout change it: "
                f"run `git rm --cached {shlex.quote(str(self.path))}`, and commit that"
            )

    def check_content(self, db: sqlite3.Connection) -> None:
        """Nothing, where a ledger that has tables may be used.

        Raises:
            UntrustedLedger: nobody here trusts it, or it holds what no release made.
        """
        odd = tables.unexpected_part(db)
        if odd is not None:
            raise UntrustedLedger(
                f"the ledger {self.path} was not made by any release of batchrunner ({odd}) and is not used: "
                "move it away. Receipts beside the manifest restore what was paid"
            )
        if not self.trusting and not trusted_ids.trusts(_id(db), self._owners()):
            raise UntrustedLedger(
                f"the ledger {self.path} was not made by you on this machine, and may hide what was paid: "
                f"if you trust it, run `batchrunner trust {shlex.quote(str(self._folder()))}` once"
            )

    def record_trust(self, db: sqlite3.Connection) -> None:
        """From now on this person trusts the ledger.

        Raises:
            UsageError: that cannot be written down.
        """
        trusted_ids.remember(_id(db), self.path, self._owners())

    def _owners(self) -> tuple[int, int]:
        return self.path.stat().st_uid, self.path.parent.stat().st_uid

    def _folder(self) -> Path:
        """What a person names to trust it: the folder of the project, seen from here, or the file."""
        whole = Path(os.path.relpath(self.path))
        is_ours = self.path.parent.name == STATE_FOLDER and self.path.name == "ledger.db"
        return Path(os.path.relpath(self.path.parent.parent)) if is_ours else whole


def _id(db: sqlite3.Connection) -> str:
    """The random id of a ledger; empty where it is of a time before they had one."""
    if tables.version(db) < tables.FIRST_WITH_ID:
        return ""
    row = db.execute("SELECT ledger_id FROM identity").fetchone()
    return str(row[0]) if row else ""


def _leads_elsewhere(journal: Path) -> bool:
    try:
        with state_root(journal.parent).open(journal) as file:
            file.seek(max(file.seek(0, os.SEEK_END) - len(_JOURNAL_MAGIC), 0))
            return file.tell() > 0 and file.read() == _JOURNAL_MAGIC
    except FileNotFoundError:
        return False
