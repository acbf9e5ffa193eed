"""What other jobs hold: the paths where their clips lie or go, and attempts at the same request."""

import sqlite3

from batchrunner.domain.job import JobId
from batchrunner.domain.request import Request
from batchrunner.errors import ClaimConflict
from batchrunner.storage.records import Claim, Rivals
from batchrunner.storage.sqlite.request_json import read_request
from batchrunner.storage.sqlite.transaction import fetched

_JOB = "manifest, profile, job, take"
_OTHERS = "NOT (manifest = :manifest AND profile = :profile)"
# Of each attempt or adoption of others, where its clip was put last.
_STORED = f"""
    SELECT {_JOB}, path FROM attempt JOIN clip ON attempt_id = attempt.id
    WHERE {_OTHERS} AND clip.id = (SELECT max(id) FROM clip WHERE attempt_id = attempt.id)
    UNION ALL
    SELECT {_JOB}, path FROM adoption JOIN adopted_clip ON adoption_id = adoption.id
    WHERE {_OTHERS} AND adopted_clip.id = (SELECT max(id) FROM adopted_clip WHERE adoption_id = adoption.id)
"""  # noqa: S608  # our own texts
_OPENED = f"SELECT {_JOB}, output FROM attempt WHERE settled_at_s IS NULL"  # noqa: S608
# A manifest that was renamed: what its file was called before, and nobody is called today.
_FORMER = """
    SELECT manifest FROM run AS newest WHERE path = :path AND manifest <> :manifest
    AND id = (SELECT max(id) FROM run WHERE manifest = newest.manifest)
"""
_SAME_REQUEST = "SELECT request FROM attempt WHERE fingerprint = ? AND take = ? AND id > ? AND coalesce(run_id, 0) <> ?"


def rivals(db: sqlite3.Connection, manifest: str, profile: str, path: str) -> Rivals:
    """What is held just now; `path` is that of the manifest."""
    us = {"manifest": manifest, "profile": profile, "path": path}
    (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM attempt").fetchone()
    return Rivals(
        stored={where: JobId(*who) for *who, where in fetched(db, _STORED, us)},
        opened={where: JobId(*who) for *who, where in fetched(db, _OPENED)},
        former=frozenset(name for (name,) in fetched(db, _FORMER, us)),
        newest=newest,
    )


def check_rivals(db: sqlite3.Connection, claim: Claim) -> None:
    """Nothing, where nobody else came first since the claim was decided, within its transaction.

    An attempt of another run at the same request is enough to decide anew: whether it is taken over, waited for or
    left alone is no matter of the tables.

    Raises:
        ClaimConflict: another job's clip goes to this path, or another run has asked for the same just now.
    """
    who = claim.identity
    for *other, where in fetched(db, _OPENED):
        if where == claim.output and JobId(*other) != who:
            raise ClaimConflict(f"{who.name}: the clip of {other[2]} (of {other[0]}) goes to {where}, since just now")
    if claim.newest is None:
        return
    same = fetched(db, _SAME_REQUEST, (claim.request.fingerprint, who.take, claim.newest, claim.run_id))
    if any(_asks_for(text, claim.request) for (text,) in same):
        raise ClaimConflict(f"{who.name}: another run has asked for the same just now")


def _asks_for(text: str, request: Request) -> bool:
    try:
        return read_request(text) == request
    except (ValueError, KeyError, TypeError, RecursionError):
        return True  # it is damaged: whoever decides anew learns that
