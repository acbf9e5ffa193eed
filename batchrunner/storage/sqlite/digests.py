"""Digests of the rows that decide about money: they tell a row that is damaged from one that is as it was written.

They guard against accidents (a bad disk, a careless hand), not against somebody who computes them anew.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

OWNER_DIGITS = 8
_JOB = ("manifest", "profile", "job", "take")


@dataclass(frozen=True, slots=True)
class Covered:
    """The columns that a table's digest covers: whose the row is, and what it says. `id` belongs to the latter."""

    owner: tuple[str, ...]
    content: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in the order in which they are digested."""
        return (*self.owner, *self.content)


_FILE = ("id", "role", "path", "size_bytes", "sha256", "at_s", "is_told")

COVERED: Mapping[str, Covered] = {
    "attempt": Covered(
        _JOB,
        (
            *("id", "run_id", "number", "request", "output", "base_url", "key_digest", "key_last4", "reserved_usd"),
            *("opened_at_s", "decision", "fingerprint"),
        ),
    ),
    "answer": Covered(
        ("attempt_id",), ("id", "outcome", "task_id", "refusal", "http_status", "message", "body", "at_s")
    ),
    "observation": Covered(
        ("attempt_id",),
        (
            *("id", "state", "word", "error_class", "message", "expires_at_s", "billed_usd", "body", "at_s"),
            "took_s",
        ),
    ),
    "clip": Covered(("attempt_id",), _FILE),
    "mark": Covered(_JOB, ("id", "kind", "after", "request", "chosen", "at_s", "decision", "host")),
    "adoption": Covered(_JOB, ("id", "run_id", "number", "attempt_id", "at_s")),
    "adopted_clip": Covered(("adoption_id",), _FILE),
    "receipt": Covered(("attempt_id", "adoption_id"), ("id", "host")),
}


def owner_digest(owner: tuple[object, ...]) -> str:
    """Eight hexadecimal digits: whose a row is. They find its owner when the columns that name it are damaged."""
    return f"{crc32(ascii(owner).encode()):08x}"


def content_digest(values: tuple[object, ...]) -> str:
    """Sixteen hexadecimal digits over all covered values of a row, in their order.

    `ascii` writes texts and numbers alike under every Python; `repr` asks its tables of Unicode.
    """
    return blake2b(ascii(values).encode(), digest_size=8).hexdigest()


def row_digest(owners: int, *values: object) -> str:
    """The digest of a row: of the first values, which name its owner, and of all of them."""
    return owner_digest(values[:owners]) + content_digest(values)


def install(db: sqlite3.Connection) -> None:
    """Lets the statements of this module compute digests on a connection."""
    db.create_function("row_digest", -1, row_digest, deterministic=True)


_LAST = "SELECT " + ", ".join(f"(SELECT coalesce(max(id), 0) FROM {table})" for table in COVERED)  # noqa: S608  # our own names
_FILL = {
    table: f"UPDATE {table} SET digest = row_digest({len(covered.owner)}, {', '.join(covered.columns)})"  # noqa: S608
    " WHERE digest IS NULL AND id > ?"
    for table, covered in COVERED.items()
}


def last_rows(db: sqlite3.Connection) -> dict[str, int]:
    """The id of the last row of each table; 0 where it has none."""
    return dict(zip(COVERED, db.execute(_LAST).fetchone(), strict=True))


def fill(db: sqlite3.Connection, since: Mapping[str, int]) -> None:
    """Gives every row of these tables after these its digest, within a transaction. One that lost its own gets none."""
    for table, last in since.items():
        db.execute(_FILL[table], (last,))
