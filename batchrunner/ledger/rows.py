"""The ledger's rows as nouns."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from batchrunner.errors import Exit
from batchrunner.ledger.requests import read_request
from batchrunner.nouns.facts import (
    Answer,
    Attempt,
    Clip,
    ClipRole,
    ErrorClass,
    Failure,
    Mark,
    MarkKind,
    Memory,
    Observation,
    Outcome,
    Refusal,
    TaskState,
)
from batchrunner.nouns.job import Identity

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger has it; `jobs` are those it wanted, in the manifest's order."""

    id: int
    command: str
    profile: str
    started_at_s: float
    ended_at_s: float | None
    exit_code: int | None
    jobs: tuple[dict[str, Any], ...]


def memories(db: sqlite3.Connection, manifest: str) -> dict[Identity, Memory]:
    """All that is known of a manifest's jobs."""
    return _memories(db, "manifest = ?", (manifest,))


def all_memories(db: sqlite3.Connection) -> dict[Identity, Memory]:
    """All that is known of every job of every manifest."""
    return _memories(db, "?", (1,))


def memory(db: sqlite3.Connection, identity: Identity) -> Memory:
    """All that is known of one job."""
    where = "manifest = ? AND profile = ? AND job = ? AND take = ?"
    values = (identity.manifest, identity.profile, identity.job, identity.take)
    return _memories(db, where, values).get(identity, Memory())


def last_run(db: sqlite3.Connection, manifest: str, profile: str | None) -> RunRecord | None:
    """The newest run of a manifest, under any profile or a certain one."""
    row = db.execute(
        "SELECT run.id, command, profile, started_at_s, ended_at_s, exit_code, jobs FROM run"
        " JOIN job_list ON job_list.digest = run.job_list WHERE manifest = ?"
        " AND (? IS NULL OR profile = ?) AND command <> 'receipts'"
        " ORDER BY run.id DESC LIMIT 1",
        (manifest, profile, profile),
    ).fetchone()
    if row is None:
        return None
    run_id, command, profile, started_at_s, ended_at_s, exit_code, jobs = row
    return RunRecord(run_id, command, profile, started_at_s, ended_at_s, exit_code, tuple(json.loads(jobs)))


def last_ended_run(db: sqlite3.Connection, manifest: str, profile: str) -> int:
    """The number of the newest run that came to its own end; 0 where there is none."""
    cut_off = (Exit.BUG, Exit.INTERRUPTED, Exit.TERMINATED)
    row = db.execute(
        "SELECT max(id) FROM run WHERE manifest = ? AND profile = ? AND command <> 'receipts'"
        " AND ended_at_s IS NOT NULL AND exit_code NOT IN (?, ?, ?)",
        (manifest, profile, *cut_off),
    ).fetchone()
    return row[0] or 0


def name_at(db: sqlite3.Connection, path: str) -> str | None:
    """The name under which the manifest at this path was last run."""
    row = db.execute(
        "SELECT manifest FROM run WHERE path = ? AND command <> 'receipts' ORDER BY id DESC LIMIT 1", (path,)
    ).fetchone()
    return str(row[0]) if row else None


def _memories(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> dict[Identity, Memory]:
    # `where` is one of the three texts above; every value is bound
    attempts: dict[Identity, list[Attempt]] = defaultdict(list)
    for row, attempt in _attempts(db, f"SELECT id FROM attempt WHERE {where}", values):  # noqa: S608
        attempts[_identity(row)].append(attempt)
    for row, attempt in _adopted(db, where, values):
        attempts[_identity(row)].append(attempt)
    marks: dict[Identity, list[Mark]] = defaultdict(list)
    for row in _rows(db, f"SELECT * FROM mark WHERE {where} ORDER BY id", values):  # noqa: S608
        marks[_identity(row)].append(_mark(row))
    return {
        who: Memory(tuple(sorted(attempts[who], key=lambda a: a.number)), tuple(marks[who]))
        for who in {*attempts, *marks}
    }


# `made_on` is the machine of an attempt that came with a receipt
_ATTEMPTS = (
    "SELECT attempt.*, run.host, CASE run.command WHEN 'receipts' THEN run.host END AS made_on"
    " FROM attempt JOIN run ON run.id = attempt.run_id"
)
_ADOPTIONS = "SELECT adoption.*, run.host FROM adoption JOIN run ON run.id = adoption.run_id"


def _attempts(db: sqlite3.Connection, chosen: str, values: tuple[object, ...]) -> Iterator[tuple[sqlite3.Row, Attempt]]:
    """The attempts whose ids a query gives, each with its row."""
    answers = _grouped(_child_rows(db, "answer", chosen, values), _answer)
    observations = _grouped(_child_rows(db, "observation", chosen, values), _observation)
    clips = _grouped(_child_rows(db, "clip", chosen, values), _clip)
    for row in _rows(db, f"{_ATTEMPTS} WHERE attempt.id IN ({chosen}) ORDER BY number", values):
        key = row["id"]
        yield row, _attempt(row, answers.get(key, ()), observations.get(key, ()), clips.get(key, ()))


def _adopted(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Iterator[tuple[sqlite3.Row, Attempt]]:
    """The attempts that jobs took over, as those jobs see them, each with its adoption's row."""
    chosen = f"SELECT attempt_id FROM adoption WHERE {where}"  # noqa: S608
    originals = {attempt.id: attempt for _, attempt in _attempts(db, chosen, values)}
    ids = f"SELECT id FROM adoption WHERE {where}"  # noqa: S608
    for row in list(_rows(db, f"{_ADOPTIONS} WHERE adoption.id IN ({ids}) ORDER BY number", values)):
        original = originals[row["attempt_id"]]
        own = _rows(db, "SELECT * FROM adopted_clip WHERE adoption_id = ? ORDER BY id", (row["id"],))
        yield (
            row,
            replace(
                original,
                number=row["number"],
                adoption_id=row["id"],
                adopted_at_s=row["at_s"],
                host=row["host"],
                clips=tuple(_clip(each) for each in own),
                sources=original.clips,
            ),
        )


def _rows(db: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> Iterable[sqlite3.Row]:
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, values)


def _child_rows(db: sqlite3.Connection, table: str, chosen: str, values: tuple[object, ...]) -> Iterable[sqlite3.Row]:
    return _rows(db, f"SELECT * FROM {table} WHERE attempt_id IN ({chosen}) ORDER BY id", values)  # noqa: S608


def _grouped(rows: Iterable[sqlite3.Row], make: Callable[[sqlite3.Row], T]) -> dict[int, tuple[T, ...]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        groups[row["attempt_id"]].append(make(row))
    return {key: tuple(group) for key, group in groups.items()}


def _identity(row: sqlite3.Row) -> Identity:
    return Identity(row["manifest"], row["profile"], row["job"], row["take"])


def _attempt(
    row: sqlite3.Row,
    answers: tuple[Answer, ...],
    observations: tuple[Observation, ...],
    clips: tuple[Clip, ...],
) -> Attempt:
    return Attempt(
        id=row["id"],
        run_id=row["run_id"],
        number=row["number"],
        request=read_request(row["request"]),
        output=row["output"],
        base_url=row["base_url"],
        key_digest=row["key_digest"],
        key_last4=row["key_last4"],
        host=row["host"],
        made_on=row["made_on"],
        reserved_usd=Decimal(row["reserved_usd"]),
        opened_at_s=row["opened_at_s"],
        settled_at_s=row["settled_at_s"],
        decision=row["decision"],
        answers=answers,
        observations=observations,
        clips=clips,
    )


def _answer(row: sqlite3.Row) -> Answer:
    return Answer(
        at_s=row["at_s"],
        outcome=Outcome(row["outcome"]),
        task_id=row["task_id"],
        refusal=Refusal(row["refusal"]) if row["refusal"] else None,
        http_status=row["http_status"],
        message=row["message"],
        body=row["body"],
    )


def _observation(row: sqlite3.Row) -> Observation:
    failure = Failure(ErrorClass(row["error_class"]), row["message"]) if row["error_class"] else None
    return Observation(
        at_s=row["at_s"],
        state=TaskState(row["state"]),
        word=row["word"],
        failure=failure,
        expires_at_s=row["expires_at_s"],
        billed_usd=None if row["billed_usd"] is None else Decimal(row["billed_usd"]),
        body=row["body"],
        took_s=row["took_s"],
    )


def _mark(row: sqlite3.Row) -> Mark:
    request = read_request(row["request"]) if row["request"] else None
    return Mark(
        at_s=row["at_s"],
        kind=MarkKind(row["kind"]),
        after=row["after"],
        request=request,
        chosen=row["chosen"],
        decision=row["decision"] or "",
        host=row["host"] or "",
    )


def _clip(row: sqlite3.Row) -> Clip:
    told = bool(row["is_told"])
    return Clip(row["at_s"], ClipRole(row["role"]), row["path"], row["size_bytes"], row["sha256"], is_told=told)
