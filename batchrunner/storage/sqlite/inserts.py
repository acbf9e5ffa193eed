"""An attempt and what becomes of it, as rows; each within somebody's transaction."""

import sqlite3

from batchrunner.domain.attempt import Answer, Attempt
from batchrunner.domain.clip import Clip
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation
from batchrunner.storage.records import Claim
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.request_json import request_text
from batchrunner.storage.sqlite.rows import identity_columns
from batchrunner.storage.sqlite.transaction import insert


def insert_attempt(
    db: sqlite3.Connection, who: JobId, number: int, asked: Claim | Attempt, opened_at_s: float, **more: float | None
) -> int:
    """What was asked for, with its reservation; gives the id. `more` are columns that only one of the two has."""
    return insert(
        db,
        "attempt",
        **identity_columns(who),
        number=number,
        request=request_text(asked.request),
        fingerprint=asked.request.fingerprint,
        decision=asked.decision,
        output=asked.output,
        base_url=asked.base_url,
        key_digest=asked.key_digest,
        key_last4=asked.key_last4,
        reserved_usd=str(asked.reserved_usd),
        opened_at_s=opened_at_s,
        **more,
    )


def insert_answer(db: sqlite3.Connection, attempt_id: int, answer: Answer) -> None:
    """A word on it."""
    insert(
        db,
        "answer",
        attempt_id=attempt_id,
        outcome=answer.outcome.value,
        task_id=answer.task_id,
        refusal=answer.reject_reason,
        http_status=answer.http_status,
        message=answer.message,
        body=answer.body,
        at_s=answer.at_s,
    )


def insert_observation(db: sqlite3.Connection, attempt_id: int, seen: Observation) -> None:
    """A state of its task."""
    insert(
        db,
        "observation",
        attempt_id=attempt_id,
        state=seen.state.value,
        word=seen.word,
        error_class=seen.failure.error_class.value if seen.failure else None,
        message=seen.failure.message if seen.failure else "",
        expires_at_s=seen.expires_at_s,
        billed_usd=None if seen.billed_usd is None else str(seen.billed_usd),
        body=seen.body,
        at_s=seen.at_s,
        took_s=seen.took_s,
    )


def insert_clip(db: sqlite3.Connection, clip: Clip, attempt_id: int, adoption_id: int | None) -> None:
    """A path of its clip, or of the copy that an adopting job has of it."""
    owner = {"attempt_id": attempt_id} if adoption_id is None else {"adoption_id": adoption_id}
    insert(
        db,
        "clip" if adoption_id is None else "adopted_clip",
        **owner,
        role=clip.role.value,
        path=clip.path,
        size_bytes=clip.size_bytes,
        sha256=clip.sha256,
        at_s=clip.at_s,
        is_told=1 if clip.is_told else None,
    )


def settle(db: sqlite3.Connection, attempt_id: int, at_s: float) -> None:
    """Nothing more will come of it."""
    db.execute(query("settle"), {"at_s": at_s, "id": attempt_id})
