"""Whose a damaged row is: by the columns that say so, or by the digest of what they said when it was written."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from batchrunner.domain.history import Damage
from batchrunner.domain.job import JobId
from batchrunner.domain.request import Request
from batchrunner.storage.sqlite import rows
from batchrunner.storage.sqlite.digests import COVERED, OWNER_DIGITS, owner_digest
from batchrunner.storage.sqlite.request_json import read_request
from batchrunner.storage.sqlite.rows import UNREADABLE, Row

_OF_JOBS = ("attempt", "mark", "adoption")
_ID, _REQUEST, _ATTEMPT_ID, _FINGERPRINT = 4, 7, 7, 15


@dataclass(frozen=True, slots=True)
class DamagedRow:
    """A damaged row of a table: its covered columns and its digest."""

    table: str
    row: Row

    @property
    def id(self) -> int:
        """Its number in its table."""
        return int(self.row[COVERED[self.table].columns.index("id")])

    @property
    def owner_now(self) -> str:
        """The digest of its owner by its columns as they are."""
        return owner_digest(self.row[: len(COVERED[self.table].owner)])

    @property
    def owner_when_written(self) -> str:
        """The digest of its owner when it was written."""
        return str(self.row[len(COVERED[self.table].columns)])[:OWNER_DIGITS]


def damage_of(damaged: Sequence[DamagedRow], tables: Mapping[str, Sequence[Row]]) -> tuple[Damage, ...]:
    """These rows, each with the jobs that it is about. `tables` have the rows that are whole."""
    if not damaged:
        return ()
    owners = _owners(damaged, tables)
    return tuple(_damage(each, owners[each.table]) for each in damaged)


def _damage(damaged: DamagedRow, owners: Mapping[str, set[JobId]]) -> Damage:
    jobs = frozenset(owners.get(damaged.owner_when_written) or owners.get(damaged.owner_now) or ())
    is_attempt = damaged.table == "attempt"
    return Damage(
        table=damaged.table,
        row=damaged.id,
        jobs=jobs,
        owner=damaged.owner_when_written if damaged.table in _OF_JOBS else "",
        fingerprint=damaged.row[_FINGERPRINT] if is_attempt else None,
        request=_request(damaged.row[_REQUEST]) if is_attempt else None,
    )


def _owners(damaged: Sequence[DamagedRow], tables: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, set[JobId]]]:
    """For each table: the jobs by the digest of what its rows say of their owner."""
    found: dict[str, dict[str, set[JobId]]] = defaultdict(lambda: defaultdict(set))
    of_jobs = {table: [*tables[table], *(b.row for b in damaged if b.table == table)] for table in _OF_JOBS}
    for table, row, who in _identified(of_jobs):
        for each in _OF_JOBS:
            found[each][who.digest].add(who)
        if table == "adoption":
            found["adopted_clip"][owner_digest((row[_ID],))].add(who)
            found["receipt"][owner_digest((None, row[_ID]))].add(who)
        if table == "attempt":
            found["receipt"][owner_digest((row[_ID], None))].add(who)
        if table != "mark":
            attempt_id = row[_ID if table == "attempt" else _ATTEMPT_ID]
            for each in ("answer", "observation", "clip"):
                found[each][owner_digest((attempt_id,))].add(who)
    return found


def _identified(of_jobs: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, Row, JobId]]:
    for table, found in of_jobs.items():
        for row in found:
            with suppress(*UNREADABLE):
                yield table, row, rows.identity(row)


def _request(text: object) -> Request | None:
    with suppress(*UNREADABLE):
        return read_request(str(text))
    return None
