"""What really happened, read from the state file: the independent witness of what was charged."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batchrunner.sandbox.faults import Fault
from batchrunner.sandbox.journal import read_journal
from batchrunner.sandbox.journal_events import Charged, Leaked, Refunded, Uploaded


@dataclass(frozen=True, slots=True)
class ChargeRecord:
    """Everything that was charged, given back, uploaded and leaked, in order.

    A refund is written when the service is next asked after the task's end.
    """

    charges: tuple[Charged, ...]
    refunds: tuple[Refunded, ...]
    uploads: tuple[Uploaded, ...]
    leaks: tuple[Leaked, ...]

    @property
    def failed(self) -> tuple[Charged, ...]:
        """Charges whose task fails: known from acceptance on, even while the task still runs."""
        failures = {Fault.TASK_FAILED, Fault.TASK_MODERATED}
        return tuple(charge for charge in self.charges if charge.traits & failures)

    @property
    def charged_usd(self) -> Decimal:
        """The sum of all charges."""
        return sum((charge.amount_usd for charge in self.charges), Decimal())

    @property
    def refunded_usd(self) -> Decimal:
        """The sum of what was given back."""
        return sum((refund.amount_usd for refund in self.refunds), Decimal())

    @property
    def spent_usd(self) -> Decimal:
        """What the customer is out of pocket."""
        return self.charged_usd - self.refunded_usd


def record(state: Path) -> ChargeRecord:
    """What a state file tells; an empty record where there is none yet.

    Raises:
        ValueError: a line within is damaged.
    """
    events = read_journal(state)
    return ChargeRecord(
        charges=tuple(event for event in events if isinstance(event, Charged)),
        refunds=tuple(event for event in events if isinstance(event, Refunded)),
        uploads=tuple(event for event in events if isinstance(event, Uploaded)),
        leaks=tuple(event for event in events if isinstance(event, Leaked)),
    )
