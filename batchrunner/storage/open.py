"""The one place where a ledger is opened: which database keeps it follows from how it is named."""

from pathlib import Path

from batchrunner.storage.interface import Ledger, LedgerReader
from batchrunner.storage.paths import ledger_path
from batchrunner.storage.sqlite.ledger import SqliteLedger


def open_ledger(location: Path | str) -> Ledger:
    """Opens a ledger to write to it; it is made where it is missing.

    Raises:
        LedgerError: it cannot be opened or made, or is no ledger.
        UntrustedLedger: nobody here trusts it.
        UsageError: no ledger can be kept there, or a new one cannot be recorded as this person's.
    """
    return SqliteLedger.writing(ledger_path(location))


def read_ledger(location: Path | str) -> LedgerReader:
    """Opens a ledger to plan or report from it; where there is none, it is empty and nothing is made.

    Raises:
        LedgerError, UntrustedLedger, UsageError: as `open_ledger`.
    """
    return SqliteLedger.reading(ledger_path(location))


def trust_ledger(location: Path | str) -> Ledger:
    """Opens a ledger that was made elsewhere, and trusts it from now on: a person says so.

    Raises:
        LedgerError, UntrustedLedger, UsageError: as `open_ledger`.
    """
    return SqliteLedger.trusting(ledger_path(location))
