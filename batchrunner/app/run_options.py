"""What a person asks of a run, whatever way they say it."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.app.selection import Selection
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.settings import Deadline, Halt, MaxReplace, Settings
from batchrunner.errors import UsageError
from batchrunner.planning.effective_limits import EffectiveLimits


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `run` and its kin, by their names; each command sets what it has.

    `plan` is the digest of the only plan that may be carried out, `max_cost` a limit that is part of it, `most_usd` one
    that is not: of a larger plan a part is paid. `jobs`, `select`, `exclude` and `limit` choose: see `Selection`.
    """

    command: str = "run"
    plan: str | None = None
    max_cost: Decimal | None = None
    most_usd: Decimal | None = None
    allow_unpriced: bool = False
    accept_drift: bool = False
    wait_for_balance: bool = False
    concurrency: int | None = None
    rate: int | None = None
    halt: Halt | None = None
    no_canary: bool = False
    deadline: Deadline | None = None
    notify: str | None = None
    keep_awake: bool = False
    fresh: bool = False
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None
    max_replace: MaxReplace | None = None
    submits: bool = True
    jobs: tuple[str, ...] = ()
    marking: DecisionKind | None = None

    @property
    def selection(self) -> Selection:
        """The jobs that were chosen."""
        return Selection(self.select, self.exclude, self.limit, self.jobs)

    def limits(self, settings: Settings, now_s: float) -> EffectiveLimits:
        """What the run may do: an option wins over the manifest.

        Raises:
            UsageError: the deadline has gone by, or is too far.
        """
        return EffectiveLimits(
            concurrency=settings.concurrency if self.concurrency is None else self.concurrency,
            rate_per_min=settings.rate_per_min if self.rate is None else self.rate,
            task_timeout_s=settings.task_timeout_s,
            retries=settings.retries,
            budget_usd=settings.budget_usd,
            run_usd=self.max_cost,
            download_limit_bytes=settings.download_limit_bytes,
            waits_for_balance=self.wait_for_balance,
            canary=not self.no_canary,
            deadline_s=self._deadline_s(now_s),
        )

    def _deadline_s(self, now_s: float) -> float | None:
        try:
            return self.deadline.at_s(now_s) if self.deadline else None
        except ValueError as error:
            raise UsageError(f"--deadline: {error}") from error
