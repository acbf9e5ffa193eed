"""What other jobs hold: the paths where their clips are or will be, and attempts at the same request."""

import sqlite3

from batchrunner.domain.job import JobId
from batchrunner.domain.request import Request
from batchrunner.errors import ClaimConflict
from batchrunner.storage.records import Claim, Rivals
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.request_json import read_request
from batchrunner.storage.sqlite.transaction import fetched


def rivals(db: sqlite3.Connection, manifest: str, profile: str, path: str) -> Rivals:
    """What is held just now; `path` is that of the manifest."""
    us = {"manifest": manifest, "profile": profile, "path": path}
    ((newest,),) = fetched(db, query("newest_attempt"))
    return Rivals(
        stored={where: JobId(*who) for *who, where in fetched(db, query("stored_by_others"), us)},
        opened={where: JobId(*who) for *who, where in fetched(db, query("outputs_of_open_attempts"))},
        former=frozenset(name for (name,) in fetched(db, query("former_names"), us)),
        newest=newest,
    )


def check_rivals(db: sqlite3.Connection, claim: Claim) -> None:
    """Nothing, where nobody else came first since the claim was decided, within its transaction.

    An attempt of another run at the same request is enough to decide anew: whether it is taken over, waited for or
    left alone is no matter of the tables.

    Raises:
        ClaimConflict: another job's clip goes to this path, or another run has submitted the same request just now.
    """
    who = claim.identity
    for *other, where in fetched(db, query("outputs_of_open_attempts")):
        if where == claim.output and JobId(*other) != who:
            raise ClaimConflict(
                f"{who.name}: the clip of {other[2]} (of {other[0]}) goes to {where} now, by another run"
            )
    if claim.newest is None:
        return
    asked = {"fingerprint": claim.request.fingerprint, "take": who.take, "newest": claim.newest, "run_id": claim.run_id}
    same = fetched(db, query("same_request_since"), asked)
    if any(_asks_for(text, claim.request) for (text,) in same):
        raise ClaimConflict(f"{who.name}: another run has submitted the same request just now")


def _asks_for(text: str, request: Request) -> bool:
    try:
        return read_request(text) == request
    except (ValueError, KeyError, TypeError, RecursionError):
        return True  # it is damaged: whoever decides anew finds that out
