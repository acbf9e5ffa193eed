"""What attempts came to: estimated when they were submitted, still reserved, billed, given back."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.money import NOTHING
from batchrunner.domain.observation import TaskState


@dataclass(frozen=True, slots=True)
class CostTotals:
    """Sums over attempts, in US dollars; `clips` are those that were rendered.

    `estimated_usd` is what was reserved when they were submitted, the upper end of the estimate. Of that `reserved_usd`
    has no bill yet, and `refunded_usd` was given back: the service charged nothing for a task that failed. What was
    refused, and what was taken over from another job, is not in it.
    """

    attempts: int = 0
    clips: int = 0
    estimated_usd: Decimal = NOTHING
    reserved_usd: Decimal = NOTHING
    billed_usd: Decimal = NOTHING
    refunded_usd: Decimal = NOTHING

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> Self:
        """What these came to."""
        return cls().plus(*(cls._of_one(each) for each in attempts if _counts(each)))

    @classmethod
    def _of_one(cls, attempt: Attempt) -> Self:
        billed_usd, reserved_usd = attempt.billed_usd, attempt.reserved_usd
        is_given_back = attempt.task is TaskState.FAILED and billed_usd == NOTHING
        return cls(
            attempts=1,
            clips=int(attempt.task is TaskState.SUCCESS),
            estimated_usd=reserved_usd,
            reserved_usd=reserved_usd if billed_usd is None else NOTHING,
            billed_usd=billed_usd or NOTHING,
            refunded_usd=reserved_usd if is_given_back else NOTHING,
        )

    @property
    def cost_usd(self) -> Decimal:
        """What is booked: bills, and reservations where there is none."""
        return self.reserved_usd + self.billed_usd

    def plus(self, *others: Self) -> Self:
        """The sum of these."""
        every = (self, *others)
        return type(self)(
            attempts=sum(each.attempts for each in every),
            clips=sum(each.clips for each in every),
            estimated_usd=sum((each.estimated_usd for each in every), NOTHING),
            reserved_usd=sum((each.reserved_usd for each in every), NOTHING),
            billed_usd=sum((each.billed_usd for each in every), NOTHING),
            refunded_usd=sum((each.refunded_usd for each in every), NOTHING),
        )


def _counts(attempt: Attempt) -> bool:
    return attempt.outcome is not Outcome.REFUSED and not attempt.is_adopted


NO_TOTALS = CostTotals()
