"""What the account holds: asked of the service, and put on record."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.errors import LedgerError
from batchrunner.io.clock import Clock
from batchrunner.providers.provider import BalanceReply, BalanceStatus
from batchrunner.storage.interface import AccountLog
from batchrunner.storage.records import HighWaterMark


class BalanceReader:
    """Reads the balance of the account to which a key belongs, for one run."""

    def __init__(
        self, provider: LimitedProvider, account: AccountLog, run_id: int, key_digest: str, clock: Clock
    ) -> None:
        self._provider = provider
        self._account = account
        self._run_id = run_id
        self._key_digest = key_digest
        self._clock = clock

    async def read(self, is_wanted: Callable[[], bool] = lambda: True) -> BalanceReply:
        """What the account holds just now; an empty reply where it is not wanted any more when its turn comes."""
        reply = await self._provider.balance(is_wanted)
        if reply is None:
            return BalanceReply(BalanceStatus.UNTOLD)
        if reply.usd is not None:
            with suppress(LedgerError):  # what matters more says so by itself
                self._account.record_balance(self._run_id, self._key_digest, reply.usd, self._clock.wall_s())
        return reply

    def high_water_mark(self) -> HighWaterMark:
        """What is on record at this moment, to be given to `reserved_by_others` later."""
        return self._account.high_water_mark()

    def reserved_by_others(self, since: HighWaterMark) -> Decimal:
        """What other runs of this ledger have paid from the account since then, in US dollars."""
        return self._account.reserved_by_others(self._run_id, self._key_digest, since)
