"""A budget: what the limits of a manifest and of a run leave to be spent."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.domain.money import NOTHING


@dataclass(slots=True)
class Budget:
    """What the caps leave, while attempts are reserved, booked and released.

    `budget_usd` limits the manifest's lifetime, `run_usd` this run; None is no limit.
    """

    budget_usd: Decimal | None
    run_usd: Decimal | None
    lifetime_usd: Decimal = NOTHING
    spent_usd: Decimal = NOTHING

    def book(self, change_usd: Decimal, *, by_this_run: bool) -> None:
        """An attempt counts more now, or less. What an earlier run paid never widens the limit of this one."""
        self.lifetime_usd += change_usd
        if by_this_run:
            self.spent_usd += change_usd

    @property
    def limit_usd(self) -> Decimal | None:
        """The most that this run may spend in all; the smaller limit wins."""
        before_usd = self.lifetime_usd - self.spent_usd
        limits = [] if self.run_usd is None else [self.run_usd]
        if self.budget_usd is not None:
            limits.append(self.budget_usd - before_usd)
        return max(min(limits), NOTHING) if limits else None

    @property
    def room_usd(self) -> Decimal | None:
        """What may still be reserved."""
        limit_usd = self.limit_usd
        return None if limit_usd is None else max(limit_usd - self.spent_usd, NOTHING)
