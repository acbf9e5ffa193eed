"""How a receipt becomes facts: an attempt of another machine, with all that followed from it."""

import sqlite3

from batchrunner.ledger.requests import request_text
from batchrunner.ledger.transaction import insert
from batchrunner.nouns.receipt import Receipt

_SAID = "told by a receipt"
_WHO = "manifest = :manifest AND profile = :profile AND job = :job AND take = :take"
_NEXT_NUMBER = (
    f"SELECT 1 + coalesce(max(number), 0) FROM (SELECT number FROM attempt WHERE {_WHO}"  # noqa: S608  # our own text
    f" UNION ALL SELECT number FROM adoption WHERE {_WHO})"
)


def take_in(db: sqlite3.Connection, receipt: Receipt) -> None:
    """Writes down one receipt, within somebody's transaction."""
    attempt_id = _attempt(db, receipt, _run(db, receipt))
    db.execute(
        "INSERT INTO answer (attempt_id, outcome, task_id, message, body, at_s) VALUES (?, 'accepted', ?, ?, '', ?)",
        (attempt_id, receipt.task_id, _SAID, receipt.submitted_at_s),
    )
    if receipt.rendered_at_s is not None:
        db.execute(
            "INSERT INTO observation (attempt_id, state, word, message, body, at_s)"
            " VALUES (?, 'success', ?, '', '', ?)",
            (attempt_id, _SAID, receipt.rendered_at_s),
        )
    if receipt.path is not None:
        db.execute(
            "INSERT INTO clip (attempt_id, role, path, size_bytes, sha256, at_s) VALUES (?, ?, ?, ?, ?, ?)",
            (
                attempt_id,
                receipt.role.value,
                receipt.path,
                receipt.size_bytes,
                receipt.sha256,
                receipt.done_at_s or receipt.submitted_at_s,
            ),
        )


def _run(db: sqlite3.Connection, receipt: Receipt) -> int:
    """The run that stands for all receipts of one machine."""
    who = receipt.identity
    key = (who.manifest, who.profile, receipt.host)
    found = db.execute(
        "SELECT id FROM run WHERE command = 'receipts' AND manifest = ? AND profile = ? AND host = ?", key
    ).fetchone()
    if found:
        return int(found[0])
    db.execute("INSERT OR IGNORE INTO job_list VALUES ('', '[]')")
    cursor = db.execute(
        "INSERT INTO run (manifest, profile, host, command, path, base_url, pid, release, job_list, started_at_s,"
        " ended_at_s, exit_code) VALUES (?, ?, ?, 'receipts', '', ?, 0, '', '', ?, ?, 0)",
        (*key, receipt.base_url, receipt.submitted_at_s, receipt.submitted_at_s),
    )
    return int(cursor.lastrowid or 0)


def _attempt(db: sqlite3.Connection, receipt: Receipt, run_id: int) -> int:
    who = receipt.identity
    name = {"manifest": who.manifest, "profile": who.profile, "job": who.job, "take": who.take}
    is_open = db.execute(f"SELECT 1 FROM attempt WHERE settled_at_s IS NULL AND {_WHO}", name).fetchone()  # noqa: S608
    settled_at_s = receipt.done_at_s
    if settled_at_s is None and is_open:
        settled_at_s = receipt.submitted_at_s  # at most one is open: this machine's own goes first
    return insert(
        db,
        "attempt",
        **name,
        number=db.execute(_NEXT_NUMBER, name).fetchone()[0],
        run_id=run_id,
        request=request_text(receipt.request),
        fingerprint=receipt.request.fingerprint,
        output=receipt.output,
        base_url=receipt.base_url,
        key_digest=receipt.key_digest,
        key_last4=receipt.key_last4,
        reserved_usd=receipt.reserved_usd,
        opened_at_s=receipt.submitted_at_s,
        settled_at_s=settled_at_s,
    )
