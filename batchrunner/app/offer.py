"""What a run would pay, as it is shown before anybody agrees."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.domain.money import dollars
from batchrunner.domain.text import in_lines, plural
from batchrunner.errors import InsufficientBalance
from batchrunner.planning.plan_summary import PlanSummary
from batchrunner.reports.summary_lines import detail_lines, sum_lines


@dataclass(frozen=True, slots=True)
class Offer:
    """What a run would pay: shown before the first submit. None: it was not told, or there is no such limit.

    The `summary` is that of the plan. `affordable` is how many of the clips the balance pays for. `until` is the
    deadline with its zone.
    """

    summary: PlanSummary
    balance_usd: Decimal | None
    folder: str
    affordable: int
    waits_for_balance: bool = False
    until: str | None = None

    @property
    def clips(self) -> int:
        """How many clips would be paid."""
        return self.summary.clips

    @property
    def is_short(self) -> bool:
        """Whether the balance does not pay for all of it."""
        return self.affordable < self.clips

    def __str__(self) -> str:
        """The offer in lines: those of the plan, and what only the question knows."""
        lines = [*sum_lines(self.summary), f"  balance: {self._balance()}"]
        if self.until is not None:
            lines.append(f"  submits until {self.until}; tasks that run then are finished")
        return in_lines(*lines, *detail_lines(self.summary), f"  clips go to {self.folder}")

    def _balance(self) -> str:
        if self.balance_usd is None:
            return "the service did not say"
        if not self.is_short:
            return dollars(self.balance_usd)
        then = "the run then waits for a top-up" if self.waits_for_balance else "the rest stays pending"
        return f"{dollars(self.balance_usd)}, which covers {self.affordable} of {self.clips}: {then}"


def check_affordable(offer: Offer, *, part_is_enough: bool) -> None:
    """Nothing, where the balance pays for all, or where what it pays for is enough.

    Raises:
        InsufficientBalance: nobody said so; nothing was submitted.
    """
    if offer.is_short and not (part_is_enough or offer.waits_for_balance):
        raise InsufficientBalance(
            f"the balance covers {offer.affordable} of {plural(offer.clips, 'clip')}: top it up, or pass "
            "--allow-partial or --wait-for-balance. Nothing was submitted"
        )
