"""How the imitated service behaves: its limits, its speed, its lifetimes, its faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from batchrunner.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Behaviour:
    """All of it has defaults; rates of faults are 0 to 1.

    Attributes:
        latency_s: how long a render takes …
        latency_spread_s: … plus or minus, drawn by the seed and the task's number.
        latencies_s: if given, how long the first render takes, the second, …; after the last from the first again.
        concurrency: running tasks per account; one more is a 429 "concurrent limit exceeded".
        later_concurrency: what it is from a moment on: (from when, in Unix seconds; running tasks).
        rate_per_min: API requests of all kinds in any 60 s; one more is a 429.
        faults: how often each thing goes wrong.
        seed: the same seed and the same order of requests give the same faults.
        hang_s: how long a hanging request hangs before its connection is cut.
        retention_s: how long after its end a task is known and its file is served (then 404 and 410).
        link_life_s: how long one signed download link works; asking for the task gives a new one.
        balance_usd: what the account holds before its first charge; 402 when it cannot pay for a clip.
        top_ups: what is paid in later: (when, in Unix seconds; how much, in USD).
        price_factor: what a clip costs, as a multiple of the price list.
        tells_billing: whether a finished task says what it cost.
        tells_balance: whether the account says what it holds.
        tells_ends: whether `GET /api/v1/tasks?wait=SECONDS` waits until a task of the key has ended, and names it.
            The real service documents no such address; it is here so that a client of one that has it can be tried.
        key: the only good key; None takes every key that begins with `mdlx-`, except `mdlx-invalid`.
        file_quota: uploaded files kept per team.
        outages: spans (from, until) in Unix seconds in which the whole API answers 503.
        foreign_url: a third address for the `foreign-…` faults; None leaves the choice to the server.
    """

    latency_s: float = 2.0
    latency_spread_s: float = 0.0
    latencies_s: tuple[float, ...] = ()
    concurrency: int = 10
    later_concurrency: tuple[tuple[float, int], ...] = ()
    rate_per_min: int = 600
    faults: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    hang_s: float = 300.0
    retention_s: float = 86_400.0
    link_life_s: float = 3_600.0
    balance_usd: Decimal = Decimal(1000)
    top_ups: tuple[tuple[float, Decimal], ...] = ()
    price_factor: Decimal = Decimal(1)
    tells_billing: bool = True
    tells_balance: bool = True
    tells_ends: bool = False
    key: str | None = None
    file_quota: int = 500
    outages: tuple[tuple[float, float], ...] = ()
    foreign_url: str | None = None

    def accepts(self, key: str) -> bool:
        """Whether a key is good."""
        if self.key is not None:
            return key == self.key
        return key.startswith("mdlx-") and key != "mdlx-invalid"

    def slots(self, now_s: float) -> int:
        """How many tasks may run at a moment (Unix seconds)."""
        later = [slots for from_s, slots in self.later_concurrency if from_s <= now_s]
        return later[-1] if later else self.concurrency

    def in_outage(self, now_s: float) -> bool:
        """Whether the API is down at a moment (Unix seconds)."""
        return any(start_s <= now_s < end_s for start_s, end_s in self.outages)
