"""The histories of jobs, put together from their rows; and which of these rows are damaged.

Every row that is read is compared with its digest. One that is damaged is left out, and named: whoever decides about a
job whose rows are damaged must not take them for rows that never were.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.history import Damage, JobHistory
from batchrunner.domain.job import JobId
from batchrunner.storage.sqlite import rows
from batchrunner.storage.sqlite.damage import DamagedRow, damage_of
from batchrunner.storage.sqlite.digests import COVERED, OWNER_DIGITS, content_digest
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.rows import UNREADABLE, Children, Hosts, Row
from batchrunner.storage.sqlite.transaction import fetched

if TYPE_CHECKING:
    from batchrunner.domain.decision import Decision

T = TypeVar("T")
Tables = Mapping[str, Sequence[Row]]

_WHO = "manifest = ? AND profile = ? AND job = ? AND take = ?"
_BASE_URL = 9
_ID, _ATTEMPT_ID = 4, 7  # of an attempt or an adoption, and of what an adoption takes over


@dataclass(frozen=True, slots=True)
class Histories:
    """The histories of some manifest, or of all; and every damaged row that was found in the whole ledger."""

    histories: dict[JobId, JobHistory]
    damage: tuple[Damage, ...]


def read_all(db: sqlite3.Connection, manifest: str | None = None) -> Histories:
    """All that is known of a manifest's jobs, or of every job of every manifest."""
    reader = _Reader(db)
    tables = {table: reader.whole(table) for table in COVERED}
    histories = reader.histories(tables, manifest)
    damage = damage_of(reader.damaged, tables)
    for each in damage:
        for who in each.jobs:
            if manifest in (None, who.manifest):
                history = histories.get(who, JobHistory())
                histories[who] = replace(history, damage=(*history.damage, each))
    return Histories(histories, damage)


def addresses(db: sqlite3.Connection, base_url: str) -> set[str]:
    """Where else tasks of this ledger live; what was refused is no task, and receipts are other machines' matter."""
    elsewhere = (
        "base_url != ? AND run_id IS NOT NULL AND 'refused' IS NOT"
        " (SELECT outcome FROM answer WHERE attempt_id = attempt.id ORDER BY id DESC LIMIT 1)"
    )
    return {row[_BASE_URL] for row in _Reader(db).whole("attempt", elsewhere, [base_url])}


def read_one(db: sqlite3.Connection, who: JobId) -> JobHistory:
    """All that is known of one job."""
    reader = _Reader(db)
    key = (who.manifest, who.profile, who.job, who.take)
    adoptions = reader.whole("adoption", _WHO, key)
    attempts = reader.whole("attempt", _WHO, key) + reader.among("attempt", "id", adoptions, _ATTEMPT_ID)
    tables = {
        "attempt": attempts,
        "adoption": adoptions,
        "mark": reader.whole("mark", _WHO, key),
        "adopted_clip": reader.among("adopted_clip", "adoption_id", adoptions),
        **{table: reader.among(table, "attempt_id", attempts) for table in ("answer", "observation", "clip")},
        "receipt": [
            *reader.among("receipt", "attempt_id", attempts),
            *reader.among("receipt", "adoption_id", adoptions),
        ],
    }
    history = reader.histories(tables, who.manifest).get(who, JobHistory())
    damage = tuple(Damage(row.table, row.id, frozenset({who})) for row in reader.damaged)
    return replace(history, damage=damage) if damage else history


class _Reader:
    """Reads rows, and keeps the damaged ones apart."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.damaged: list[DamagedRow] = []

    def whole(self, table: str, where: str = "", values: Sequence[object] = ()) -> list[Row]:
        """The rows that are as they were written: their covered columns, their digest, and when they were settled."""
        columns = COVERED[table].columns
        count, last = len(columns), ", settled_at_s" if table == "attempt" else ""
        # our own names in the texts, every value is bound
        sql = f"SELECT {', '.join(columns)}, digest{last} FROM {table}{where and f' WHERE {where}'} ORDER BY id"  # noqa: S608
        found = []
        for row in fetched(self._db, sql, values):
            digest = row[count]
            if type(digest) is str and digest[OWNER_DIGITS:] == content_digest(row[:count]):
                found.append(row)
            else:
                self.damaged.append(DamagedRow(table, row))
        return found

    def among(self, table: str, column: str, owners: Collection[Row], position: int = _ID) -> list[Row]:
        """The whole rows that refer to one of these."""
        ids = [row[position] for row in owners]
        return self.whole(table, f"{column} IN ({', '.join('?' * len(ids))})", ids) if ids else []

    def histories(self, tables: Tables, manifest: str | None) -> dict[JobId, JobHistory]:
        """The histories of a manifest's jobs, or of all, as far as their rows can be read."""
        adoptions = [row for row in tables["adoption"] if manifest in (None, row[0])]
        taken = {row[_ATTEMPT_ID] for row in adoptions}
        chosen = [row for row in tables["attempt"] if manifest in (None, row[0]) or row[_ID] in taken]
        attempts: dict[JobId, list[Attempt]] = defaultdict(list)
        originals: dict[int, Attempt] = {}
        for row, attempt in self._attempts(chosen, tables):
            originals[row[_ID]] = attempt
            if manifest in (None, row[0]):
                attempts[rows.identity(row)].append(attempt)
        for who, attempt in self._adopted(adoptions, originals, tables):
            attempts[who].append(attempt)
        decisions: dict[JobId, list[Decision]] = defaultdict(list)
        for row, decision in self._made("mark", (r for r in tables["mark"] if manifest in (None, r[0])), rows.decision):
            decisions[rows.identity(row)].append(decision)
        return {
            who: JobHistory(tuple(sorted(attempts.get(who, ()), key=lambda a: a.number)), tuple(decisions.get(who, ())))
            for who in {*attempts, *decisions}
        }

    def _attempts(self, chosen: Sequence[Row], tables: Tables) -> Iterator[tuple[Row, Attempt]]:
        ids = {row[_ID] for row in chosen}
        receipts = {row[0]: row[3] for row in tables["receipt"]}
        hosts = Hosts(dict(fetched(self._db, query("hosts_of_runs"))), receipts)
        children = Children(
            self._grouped("answer", tables, ids, rows.answer),
            self._grouped("observation", tables, ids, rows.observation),
            self._grouped("clip", tables, ids, rows.clip),
        )
        return self._made("attempt", chosen, lambda row: rows.attempt(row, children, hosts))

    def _adopted(
        self, adoptions: Sequence[Row], originals: Mapping[int, Attempt], tables: Tables
    ) -> Iterator[tuple[JobId, Attempt]]:
        """The attempts that jobs took over, as those jobs see them."""
        receipts = {row[1]: row[3] for row in tables["receipt"]}
        hosts = Hosts(dict(fetched(self._db, query("hosts_of_runs"))) if adoptions else {}, receipts)
        clips = self._grouped("adopted_clip", tables, {row[_ID] for row in adoptions}, rows.clip)
        adopt = lambda row: rows.adopted(row, originals[row[_ATTEMPT_ID]], clips.get(row[_ID], ()), hosts)  # noqa: E731
        for row, attempt in self._made("adoption", adoptions, adopt):
            yield rows.identity(row), attempt

    def _grouped(
        self, table: str, tables: Tables, owners: Collection[int], make: Callable[[Row], T]
    ) -> dict[int, tuple[T, ...]]:
        groups: dict[int, list[T]] = defaultdict(list)
        for row, made in self._made(table, (row for row in tables[table] if row[0] in owners), make):
            groups[row[0]].append(made)
        return {key: tuple(group) for key, group in groups.items()}

    def _made(self, table: str, whole: Iterable[Row], make: Callable[[Row], T]) -> Iterator[tuple[Row, T]]:
        for row in whole:
            try:
                made = make(row)
            except UNREADABLE:
                self.damaged.append(DamagedRow(table, row))
            else:
                yield row, made
