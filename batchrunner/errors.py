"""The errors that stop the program, each with its own exit code.

    BatchrunnerError                    one sentence, and the code that the process ends with
    ├── UsageError                   2  an option or a file that cannot be used
    │   ├── InvalidManifest          2  carries every problem of the manifest
    │   ├── BadReceipts              2  lines of receipts that cannot be taken in, each with its place
    │   └── NotConfirmed             2  paid work that nobody agreed to
    ├── Unauthorized                 3  there is no key to ask with
    ├── InsufficientBalance          3  the balance does not pay for all of it
    ├── CertificateRefused           5  whoever answers for the service has no certificate that is accepted
    ├── LedgerError                  5  the state file cannot be read or written; nothing is lost, run again
    │   ├── NewerLedger              2  made by a later release
    │   ├── UntrustedLedger          2  made by somebody else, or changed by them
    │   └── ClaimConflict            5  memory has moved since the plan was made
    └── RunLocked                   11  another run of this manifest is at work

A *problem* (a mistake in a file) and a *failure* (a job that did not succeed) are not errors:
they are values, collected and told.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(IntEnum):
    """What the process says to its caller. Source: the table in docs/exit-codes.md; programs rely on it."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    PERSON_NEEDED = 4
    WORK_LEFT = 5
    COST_LIMIT = 8
    DEADLINE = 10
    LOCKED = 11
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class BatchrunnerError(Exception):
    """An expected end: shown as one sentence, without a traceback."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    @property
    def lines(self) -> tuple[str, ...]:
        """What is told, line by line."""
        return (str(self),)


class UsageError(BatchrunnerError):
    """An option, an environment variable or a file that cannot be used as it is."""


class InvalidManifest(UsageError):
    """The manifest has problems; `problems` holds all of them, in the order of their places."""

    def __init__(self, problems: "Sequence[object]") -> None:
        super().__init__("the manifest has problems: nothing was submitted")
        self.problems = problems


class BadReceipts(UsageError):
    """Lines of receipts that cannot be taken in: nothing is planned without them."""

    def __init__(self, lines: "Sequence[str]") -> None:
        super().__init__("\n".join(lines))
        self._lines = tuple(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """One for each, and how they are mended."""
        return self._lines


class NotConfirmed(UsageError):
    """Paid work was planned and nobody said yes."""


class Unauthorized(BatchrunnerError):
    """There is no API key, or it cannot be read."""

    exit_code = ExitCode.REFUSED


class InsufficientBalance(BatchrunnerError):
    """The balance does not pay for what was planned, and nobody said that a part of it is enough."""

    exit_code = ExitCode.REFUSED


class CertificateRefused(BatchrunnerError):
    """Whoever answers for the service shows a certificate that is not accepted: it is not asked."""

    exit_code = ExitCode.WORK_LEFT


class LedgerError(BatchrunnerError):
    """The state file cannot be read or written, for example because the disk is full."""

    exit_code = ExitCode.WORK_LEFT


class NewerLedger(LedgerError):
    """The ledger was written by a later release, whose tables this one does not know."""

    exit_code = ExitCode.USAGE


class UntrustedLedger(LedgerError):
    """The ledger was made by somebody else, or elsewhere, and this person did not say that it is to be trusted."""

    exit_code = ExitCode.USAGE


class ClaimConflict(LedgerError):
    """Somebody else recorded something about this job since its step was decided."""


class RunLocked(BatchrunnerError):
    """Another run of this manifest holds the lock; the sentence says which, where and since when."""

    exit_code = ExitCode.LOCKED
