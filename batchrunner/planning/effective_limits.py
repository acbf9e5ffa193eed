"""What a run may do in the end: how much at once, how long, and for how much money."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.domain.settings import DEFAULT_DOWNLOAD_BYTES


@dataclass(frozen=True, slots=True)
class EffectiveLimits:
    """What a run may do: tasks at once, requests a minute, patience, retries and money.

    `waits_for_balance`: an account that is used up ends no submits, they wait for a top-up. `canary`: a model of which
    nobody has seen a clip gets one job first. So many `halt_failures` end the submits, and so does `deadline_s`, in
    Unix seconds. A file of more than `download_limit_bytes` is not fetched.
    """

    concurrency: int
    rate_per_min: int
    task_timeout_s: float
    retries: int
    budget_usd: Decimal | None
    run_usd: Decimal | None = None
    waits_for_balance: bool = False
    canary: bool = False
    halt_failures: int | None = None
    download_limit_bytes: int = DEFAULT_DOWNLOAD_BYTES
    deadline_s: float | None = None
