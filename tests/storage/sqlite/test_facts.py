"""The file itself: its triggers let no program change a fact, no secret is in it, and a failed write leaves nothing."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchrunner.domain.attempt import Answer
from batchrunner.domain.observation import Observation
from batchrunner.errors import LedgerError
from batchrunner.io.http import Reply
from batchrunner.providers.modellix import wire
from batchrunner.storage.interface import Ledger
from batchrunner.storage.open import open_ledger
from batchrunner.storage.records import IntegrityViolation
from tests.storage.ledger_samples import (
    ACCEPTED,
    HERO,
    NOW_S,
    SUCCESS,
    a_run,
    claimed,
    every_kind_of_fact,
    raw,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".batchrunner" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with open_ledger(path) as book:
        yield book


def test_equal_job_lists_are_kept_once(ledger: Ledger, path: Path) -> None:
    for _ in range(3):
        a_run(ledger, jobs=[{"job": "a"}])
    assert raw(path).execute("SELECT count(*) FROM job_list").fetchone() == (1,)


# facts stay


FACTS = {
    "job_list": ("digest", "jobs"),
    "run": ("manifest", "path", "base_url", "job_list", "started_at_s", "exit_code", "ended_at_s"),
    "attempt": (
        *("job", "number", "request", "output", "base_url", "key_digest", "reserved_usd", "opened_at_s"),
        *("decision", "fingerprint", "digest"),
    ),
    "answer": ("attempt_id", "outcome", "task_id", "body", "digest"),
    "observation": ("state", "word", "billed_usd", "at_s", "digest"),
    "clip": ("role", "path", "size_bytes", "sha256", "digest"),
    "mark": ("kind", "after", "decision", "host", "digest"),
    "identity": ("id", "ledger_id"),
}


@pytest.mark.parametrize(("table", "column"), [(table, name) for table, names in FACTS.items() for name in names])
def test_no_recorded_fact_can_be_changed(path: Path, table: str, column: str) -> None:
    every_kind_of_fact(path)
    with pytest.raises(sqlite3.IntegrityError, match="facts are not changed"):
        raw(path).execute(f"UPDATE {table} SET {column} = {column} WHERE rowid = 1")


@pytest.mark.parametrize("table", FACTS)
def test_no_recorded_fact_can_be_deleted(path: Path, table: str) -> None:
    every_kind_of_fact(path)
    with pytest.raises(sqlite3.IntegrityError, match="facts are not deleted"):
        raw(path).execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    ("table", "ending", "column", "value"),
    [
        *(("attempt", "settled_at_s", column, "'9'") for column in ("job", "number", "request", "output")),
        *(("attempt", "settled_at_s", column, "'9'") for column in ("base_url", "key_digest", "key_last4")),
        *(("attempt", "settled_at_s", column, "9") for column in ("reserved_usd", "opened_at_s")),
        *(("run", "ended_at_s", column, "'9'") for column in ("manifest", "command", "path", "base_url")),
        ("run", "ended_at_s", "started_at_s", "9"),
    ],
)
def test_an_end_is_filled_in_and_nothing_else_with_it(
    path: Path, table: str, ending: str, column: str, value: str
) -> None:
    every_kind_of_fact(path)
    with pytest.raises(sqlite3.IntegrityError, match="facts are not changed"):
        raw(path).execute(f"UPDATE {table} SET {ending} = 1.0, {column} = {value} WHERE id = 2")


# secrets


KEY = "mdlx-9f8e7d6c5b4a"
SIGNATURE = "c2lnbmF0dXJl"
LINK = f"https://file.modellix.test/clip.mp4?Expires=1795460400&Signature={SIGNATURE}&sv=1"


def written_after(path: Path, submit: Reply, look: Reply) -> bytes:
    """All that is on the disk once both replies went on record."""
    with open_ledger(path) as ledger:
        attempt_id = claimed(ledger)
        said = wire.submitted(submit, NOW_S)
        answer = Answer(NOW_S, said.outcome, said.task_id, said.refusal, said.http_status, said.message, said.body)
        ledger.record_answer(attempt_id, answer)
        (attempt,) = ledger.history(HERO).attempts
        task = wire.task_reply(look, said.task_id or "", NOW_S)
        seen = Observation(NOW_S, task.state, task.word, task.failure, body=task.body)
        ledger.observe(attempt, seen, settles=True)
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def reply(status: int, content: object) -> Reply:
    return Reply(status, {}, json.dumps(content).encode())


SUBMITTED = reply(200, {"code": 0, "data": {"task_id": "task-1"}, "debug": LINK})


@pytest.mark.parametrize(
    ("submit", "look"),
    [
        (SUBMITTED, {"status": "success", "result": {"resources": [{"type": "video", "url": LINK}]}}),
        (SUBMITTED, {"status": "failed", "error": f"could not read {LINK}"}),
        (SUBMITTED, {"status": "failed", "error": {"code": "E1", "message": f"could not read {LINK}"}}),
        (SUBMITTED, {"status": LINK}),
        (Reply(200, {}, SUBMITTED.body.replace(b"&", rb"\u0026")), {"status": "running"}),
        (reply(400, {"code": 400, "message": f"InvalidParameter: image: {LINK}"}), {"status": "running"}),
        (reply(500, {"code": 500, "message": f"no such file: {LINK}"}), {"status": "running"}),
    ],
)
def test_no_signed_link_gets_into_the_file(path: Path, submit: Reply, look: dict[str, object]) -> None:
    content = written_after(path, submit, reply(200, {"code": 0, "data": look}))
    assert b"https://" in content
    assert SIGNATURE.encode() not in content


@pytest.mark.parametrize(
    ("submit", "look"),
    [
        (reply(401, {"code": 401, "message": f"Unauthorized: {KEY} is not known"}), {"status": "running"}),
        (SUBMITTED, {"status": "failed", "error": f"the team of {KEY} may not do this"}),
        (SUBMITTED, {"status": "running", "request": {"headers": {"authorization": f"Bearer {KEY}"}}}),
    ],
)
def test_a_key_that_the_service_repeats_does_not_get_into_the_file(
    path: Path, submit: Reply, look: dict[str, object]
) -> None:
    content = written_after(path, submit, reply(200, {"code": 0, "data": look}))
    assert KEY.encode() not in content


def test_a_word_that_is_no_text_still_goes_on_record(path: Path) -> None:
    """JSON can hold half a surrogate pair; UTF-8 cannot. The answer to a paid request must survive it."""
    submit = Reply(400, {}, rb'{"code": 400, "message": "bad prompt: \ud83c"}')
    look = Reply(200, {}, rb'{"code": 0, "data": {"status": "failed", "error": "half a clapper: \ud83c"}}')
    assert b"half a clapper" in written_after(path, submit, look)


def test_a_disk_that_does_not_take_it_is_a_ledger_error(path: Path) -> None:
    with open_ledger(path) as ledger:
        claimed(ledger)
        raw(path).execute("DROP TABLE answer")
        with pytest.raises(LedgerError, match="cannot be used now"):
            ledger.record_answer(1, ACCEPTED)


def test_a_write_that_fails_leaves_nothing_half_done(ledger: Ledger, path: Path) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    (attempt,) = ledger.history(HERO).attempts
    raw(path).execute("CREATE TRIGGER full BEFORE UPDATE ON attempt BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    with pytest.raises(IntegrityViolation, match="the disk is full"):
        ledger.observe(attempt, SUCCESS, settles=True)
    assert ledger.history(HERO).attempts[0].observations == ()
