"""What a program allows a run beyond its plan."""

from dataclasses import dataclass, replace
from decimal import Decimal

from batchrunner.app.run_options import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What a run may do at most; None: what the manifest says.

    `max_cost_usd` is what it may pay, less than the plan or not. `concurrency` is how many tasks run at once, 0: as
    many as the account takes; `rate_per_min` how many requests of all kinds leave in a minute.
    """

    max_cost_usd: Decimal | None = None
    concurrency: int | None = None
    rate_per_min: int | None = None

    def applied_to(self, options: RunOptions) -> RunOptions:
        """The options of a plan, as its run is to have them."""
        return replace(
            options,
            most_usd=self.max_cost_usd,
            concurrency=options.concurrency if self.concurrency is None else self.concurrency,
            rate=options.rate if self.rate_per_min is None else self.rate_per_min,
        )
