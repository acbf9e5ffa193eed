"""The ledgers that the contract is checked on: each is a place that can be opened any number of times.

A ledger in another database is one more entry in `STORES`.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from batchrunner.storage.interface import Ledger, LedgerReader
from batchrunner.storage.open import read_ledger
from batchrunner.storage.sqlite.connection import Connect
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.storage.folders import without_wal


class Store(Protocol):
    """Where one ledger is kept."""

    def open(self) -> Ledger: ...

    def read(self) -> LedgerReader: ...


@dataclass(frozen=True)
class SqliteFile:
    path: Path
    connect: Connect = sqlite3.connect

    def open(self) -> Ledger:
        return SqliteLedger.writing(self.path, self.connect)

    def read(self) -> LedgerReader:
        return read_ledger(self.path)


STORES: Mapping[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: SqliteFile(folder / "ledger.db"),
    "sqlite without WAL": lambda folder: SqliteFile(folder / "ledger.db", without_wal),
}
