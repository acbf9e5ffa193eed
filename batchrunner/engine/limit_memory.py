"""How many tasks the account lets run at once, as runs have learnt it: remembered from one to the next."""

from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.adaptive_limit import AdaptiveLimit
from batchrunner.io.clock import Clock
from batchrunner.storage.interface import AccountLog


class LimitMemory:
    """The limit of the account to which a key belongs. Where a person gave a number nothing is learnt."""

    def __init__(
        self, account: AccountLog, run_id: int, key_digest: str, clock: Clock, *, concurrency: int | None
    ) -> None:
        self._account = account
        self._run_id = run_id
        self._key_digest = key_digest
        self._clock = clock
        self._concurrency = concurrency

    def limit(self) -> AdaptiveLimit:
        """The number that somebody gave, or what is learnt from the account."""
        if self._concurrency is not None:
            return AdaptiveLimit(self._concurrency, self._concurrency)
        remembered = self._account.slots(self._key_digest)
        return AdaptiveLimit(remembered, known=remembered) if remembered else AdaptiveLimit()

    def remember(self, limit: AdaptiveLimit, stats: RunStats) -> None:
        """Puts on record what was learnt, if that is news.

        Raises:
            LedgerError: it could not be written.
        """
        is_learnt = self._concurrency is None and stats.submits
        if is_learnt and limit.limit != self._account.slots(self._key_digest):
            self._account.record_slots(self._run_id, self._key_digest, limit.limit, self._clock.wall_s())
