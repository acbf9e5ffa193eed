"""What runs learned of the account: its balance, and how many tasks it lets run at once."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from batchrunner.domain.money import NOTHING
from batchrunner.storage.records import HighWaterMark
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.rows import UNREADABLE, usd_of
from batchrunner.storage.sqlite.transaction import fetched, insert, translated, writing

_MOST_SLOTS = 1_000_000


class SqliteAccountLog:
    """See `interface.AccountLog`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def record_balance(self, run_id: int, key_digest: str, balance_usd: Decimal, at_s: float) -> None:
        """Records what the account held at a moment of a run."""
        with writing(self._db) as db:
            insert(db, "account", run_id=run_id, key_digest=key_digest, balance_usd=str(balance_usd), at_s=at_s)

    def record_slots(self, run_id: int, key_digest: str, slots: int, at_s: float) -> None:
        """Records how many tasks the account lets run at once, as far as a run could learn."""
        with writing(self._db) as db:
            insert(db, "account", run_id=run_id, key_digest=key_digest, slots=slots, at_s=at_s)

    def slots(self, key_digest: str) -> int | None:
        """How many tasks the account lets run at once, as it was learned last; None where nobody knows."""
        found = self._fetched("slots", key_digest=key_digest)
        return next((slots for (slots,) in found if type(slots) is int and 0 < slots <= _MOST_SLOTS), None)

    def high_water_mark(self) -> HighWaterMark:
        """What is recorded now, for `reserved_by_others` later."""
        ((attempt_id, answer_id),) = self._fetched("high_water_mark")
        return HighWaterMark(attempt_id, answer_id)

    def reserved_by_others(self, run_id: int, key_digest: str, since: HighWaterMark) -> Decimal:
        """What other runs with the same key reserved for submits that were sent or answered since."""
        found = self._fetched(
            "reserved_by_others",
            run_id=run_id,
            key_digest=key_digest,
            last_attempt=since.attempt_id,
            last_answer=since.answer_id,
        )
        return sum(_amounts(usd for _, usd in found), NOTHING)

    def balances(self, run_id: int) -> tuple[Decimal, ...]:
        """What the account held in the course of a run, oldest first."""
        return tuple(_amounts(usd for (usd,) in self._fetched("balances", run_id=run_id)))

    def _fetched(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        with translated():
            return fetched(self._db, query(name), values)


def _amounts(texts: Iterable[str]) -> Iterator[Decimal]:
    """Those that can be read; a damaged one is left out: they are only reported, or compared with."""
    for text in texts:
        with suppress(*UNREADABLE):
            usd = usd_of(text.removeprefix("-"))
            yield -usd if text.startswith("-") else usd
