"""The runs on record."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from batchrunner.domain.job import JobId
from batchrunner.errors import ExitCode
from batchrunner.storage.records import RunRecord
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.rows import is_time
from batchrunner.storage.sqlite.transaction import fetched


def last_run(db: sqlite3.Connection, manifest: str, profile: str | None) -> RunRecord | None:
    """The newest run of a manifest, under any profile or a certain one."""
    found = fetched(db, query("last_run"), {"manifest": manifest, "profile": profile})
    if not found:
        return None
    run_id, command, profile, started_at_s, ended_at_s, exit_code, digest, jobs = found[0]
    return RunRecord(
        id=run_id,
        command=command,
        profile=profile,
        started_at_s=_time(started_at_s),
        ended_at_s=None if ended_at_s is None else _time(ended_at_s),
        exit_code=exit_code,
        jobs=_jobs(digest, jobs),
    )


def _time(at_s: float) -> float:
    """Unix seconds that can be shown as a date; zero for any that cannot."""
    return at_s if is_time(at_s) else 0.0


def _jobs(digest: str, jobs: str) -> tuple[dict[str, Any], ...]:
    """The list of jobs behind its digest; none where it is damaged: nothing is paid by it."""
    return tuple(json.loads(jobs)) if sha256(jobs.encode()).hexdigest() == digest else ()


def last_wanted(db: sqlite3.Connection, identities: Collection[JobId]) -> dict[JobId, Mapping[str, Any]]:
    """Each of these jobs as the newest run that wanted it recorded it; one that no run wanted is left out.

    The lists are read one by one, newest first, until nothing is missing.
    """
    found: dict[JobId, Mapping[str, Any]] = {}
    missing = set(identities)
    for manifest, digest in fetched(db, query("job_lists")):
        if any(who.manifest == manifest for who in missing):
            ((_, jobs),) = fetched(db, query("job_list"), {"digest": digest})
            records = {_identity(manifest, each): each for each in _jobs(digest, jobs)}
            found |= {who: records[who] for who in missing & records.keys()}
            missing -= records.keys()
    return found


def _identity(manifest: str, record: Mapping[str, Any]) -> JobId:
    return JobId(manifest, record["profile"], record["job"], record["take"])


def last_ended_run(db: sqlite3.Connection, manifest: str, profile: str) -> int:
    """The id of the newest run that came to its own end; 0 where there is none."""
    cut_off = {"bug": ExitCode.BUG, "interrupted": ExitCode.INTERRUPTED, "terminated": ExitCode.TERMINATED}
    ((run_id,),) = fetched(db, query("last_ended_run"), {"manifest": manifest, "profile": profile, **cut_off})
    return int(run_id)


def manifest_at(db: sqlite3.Connection, path: str) -> str | None:
    """The name under which the manifest at this path was last run."""
    found = fetched(db, query("manifest_at"), {"path": path})
    return str(found[0][0]) if found else None
