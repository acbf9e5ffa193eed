"""How many tasks the account lets run at once, as runs have learnt it: remembered from one to the next."""

from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.adaptive_limit import AdaptiveLimit
from batchrunner.io.clock import Clock
from batchrunner.providers.credentials import Credentials
from batchrunner.storage.account_limits import AccountLimits
from batchrunner.storage.interface import AccountLog, AccountReader


def remembered_slots(own: AccountLimits, account: AccountReader, key_digest: str, base_url: str) -> int | None:
    """How many tasks a run begins with at once: what all of a person's runs learnt, else what the ledger knows."""
    return own.slots(key_digest, base_url) or account.slots(key_digest)


class LimitMemory:
    """The limit of the account to which a key belongs. Where a person gave a number nothing is learnt.

    What runs in all of a person's projects learnt is in `own`; the ledger, which may have come to another machine with
    its project, is asked where that holds nothing.
    """

    def __init__(
        self,
        own: AccountLimits,
        account: AccountLog,
        run_id: int,
        credentials: Credentials,
        clock: Clock,
        *,
        concurrency: int | None,
    ) -> None:
        self._own = own
        self._account = account
        self._run_id = run_id
        self._key_digest, self._base_url = credentials.key_digest, credentials.base_url
        self._clock = clock
        self._concurrency = concurrency

    def limit(self) -> AdaptiveLimit:
        """The number that somebody gave, or what is learnt from the account."""
        if self._concurrency is not None:
            return AdaptiveLimit(self._concurrency, self._concurrency)
        remembered = remembered_slots(self._own, self._account, self._key_digest, self._base_url)
        return AdaptiveLimit(remembered, known=remembered) if remembered else AdaptiveLimit()

    def remember(self, limit: AdaptiveLimit, stats: RunStats) -> None:
        """Puts on record what was learnt, if that is news.

        Raises:
            LedgerError: it could not be written.
        """
        if self._concurrency is not None or not stats.submits:
            return
        if limit.limit != self._own.slots(self._key_digest, self._base_url):
            self._own.remember(self._key_digest, self._base_url, limit.limit)
        if limit.limit != self._account.slots(self._key_digest):
            self._account.record_slots(self._run_id, self._key_digest, limit.limit, self._clock.wall_s())
