"""What an older ledger lacks and SQL alone cannot add, when it is brought up to date."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256

from batchrunner.domain.request import Request
from batchrunner.storage.sqlite import digests
from batchrunner.storage.sqlite.request_json import read_request

Job = tuple[str, str, str, int]
# Those that have digests since version 4.
_TABLES = ("attempt", "answer", "observation", "clip", "mark", "adoption", "adopted_clip")


def to_version_4(db: sqlite3.Connection) -> None:
    """Names old decisions, and writes into old attempts their fingerprints and which decision each carries out.

    Then every row gets its digest: what is damaged by now stays so without being found.

    The names follow from what is on record, so that two copies of one old ledger get the same ones.
    """
    requests = dict(_requests(db))
    for attempt_id, request in requests.items():
        db.execute("UPDATE attempt SET fingerprint = ? WHERE id = ?", (request.fingerprint, attempt_id))
    again: Counter[tuple[object, ...]] = Counter()
    marks = db.execute("SELECT id, manifest, profile, job, take, kind, after, request, at_s FROM mark ORDER BY id")
    for mark_id, manifest, profile, job, take, kind, after, request, at_s in marks.fetchall():
        who = manifest, profile, job, take
        command = manifest, profile, kind, at_s  # the jobs of one command were marked at one moment
        again[who, command] += 1
        name = sha256(ascii((command, again[who, command])).encode()).hexdigest()[:16]
        db.execute("UPDATE mark SET decision = ? WHERE id = ?", (name, mark_id))
        if kind != "accept":
            _carry_out(db, name, who, after, _read(request), requests)
    digests.fill(db, dict.fromkeys(_TABLES, 0))


def _carry_out(
    db: sqlite3.Connection, name: str, who: Job, after: int, request: Request | None, requests: Mapping[int, Request]
) -> None:
    """The first attempt at the request after the decision is the one that carries it out."""
    later = db.execute(
        "SELECT id FROM attempt WHERE manifest = ? AND profile = ? AND job = ? AND take = ? AND number > ?"
        " ORDER BY number",
        (*who, after),
    ).fetchall()
    found = next((id_ for (id_,) in later if request is None or requests.get(id_) == request), None)
    if found is not None:
        db.execute("UPDATE attempt SET decision = ? WHERE id = ?", (name, found))


def _requests(db: sqlite3.Connection) -> list[tuple[int, Request]]:
    """The requests of all attempts that can be read; what cannot is told when the ledger is read."""
    rows = db.execute("SELECT id, request FROM attempt").fetchall()
    return [(id_, request) for id_, text in rows if (request := _read(text)) is not None]


def _read(text: str | None) -> Request | None:
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        return read_request(text) if text else None
    return None
