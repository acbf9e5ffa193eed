"""What the ledger takes and what it refuses: facts, each once, none changed."""

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.domain.attempt import Answer, Outcome
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.errors import ClaimConflict, LedgerError, UsageError
from batchrunner.io.http import Reply
from batchrunner.providers.modellix import wire
from batchrunner.storage.interface import Ledger
from batchrunner.storage.open import open_ledger
from batchrunner.storage.records import IntegrityViolation
from tests.storage.book import (
    ACCEPTED,
    API,
    CLIP,
    FAILED,
    HERO,
    NOW_S,
    REFUSED,
    REQUEST,
    SUCCESS,
    UNKNOWN,
    a_claim,
    a_run,
    claimed,
    every_kind_of_fact,
    raw,
)


def unnamed(memory: JobHistory) -> tuple[Decision, ...]:
    """What was decided, without the random names."""
    return tuple(replace(mark, decision="", host="") for mark in memory.decisions)


SECOND_TAKE = replace(HERO, take=2)
DRAFT = replace(HERO, profile="draft")
ELSEWHERE = replace(HERO, manifest="trailer")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".batchrunner" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with open_ledger(path) as book:
        yield book


# attempts


def test_a_job_has_one_open_attempt_at_most(ledger: Ledger) -> None:
    claimed(ledger)
    with pytest.raises(ClaimConflict, match="hero was submitted by somebody else"):
        claimed(ledger, number=2)


@pytest.mark.parametrize("answer", [ACCEPTED, UNKNOWN])
def test_what_may_have_been_paid_stays_open(ledger: Ledger, answer: Answer) -> None:
    ledger.record_answer(claimed(ledger), answer)
    with pytest.raises(ClaimConflict):
        claimed(ledger, number=2)


def test_a_number_is_given_once_even_when_its_attempt_is_closed(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), REFUSED)
    with pytest.raises(ClaimConflict):
        claimed(ledger, number=1)
    assert claimed(ledger, number=2) == 2


@pytest.mark.parametrize("other", [SECOND_TAKE, DRAFT, ELSEWHERE, replace(HERO, job="Hero")])
def test_other_jobs_are_not_in_the_way(ledger: Ledger, other: JobId) -> None:
    claimed(ledger)
    claimed(ledger, other)
    assert len(ledger.history(HERO).attempts) == len(ledger.history(other).attempts) == 1


def test_a_refused_claim_leaves_nothing_behind(ledger: Ledger, path: Path) -> None:
    claimed(ledger)
    with pytest.raises(ClaimConflict):
        ledger.claim(a_claim(1, number=2))
    assert raw(path).execute("SELECT count(*) FROM attempt").fetchone() == (1,)


def test_an_attempt_is_remembered_as_it_was_claimed(ledger: Ledger) -> None:
    claimed(ledger)
    (attempt,) = ledger.history(HERO).attempts
    assert (attempt.request, attempt.output, attempt.base_url) == (REQUEST, "outputs/film/hero.mp4", API)
    assert (attempt.reserved_usd, attempt.booked_usd) == (Decimal("2.576"), Decimal("2.576"))
    assert (attempt.is_open, attempt.outcome, attempt.opened_at_s) == (True, None, NOW_S)


# answers


def test_a_refusal_closes_its_attempt_and_releases_its_money(ledger: Ledger) -> None:
    assert ledger.record_answer(claimed(ledger), REFUSED) == REFUSED
    (attempt,) = ledger.history(HERO).attempts
    assert (attempt.is_open, attempt.booked_usd) == (False, Decimal(0))


def test_a_task_id_that_is_on_record_is_no_acceptance(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    recorded = ledger.record_answer(claimed(ledger, SECOND_TAKE), replace(ACCEPTED, http_status=200, body="{}"))
    (attempt,) = ledger.history(SECOND_TAKE).attempts
    assert attempt.answer == recorded
    assert (recorded.outcome, recorded.task_id, recorded.body) == (Outcome.UNKNOWN, None, "{}")
    assert "task-1" in recorded.message
    assert attempt.is_open


def test_a_person_has_the_last_word_on_an_unknown_one(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.record_answer(attempt_id, UNKNOWN)
    ledger.record_answer(attempt_id, ACCEPTED)
    (attempt,) = ledger.history(HERO).attempts
    assert attempt.answers == (UNKNOWN, ACCEPTED)
    assert (attempt.outcome, attempt.task_id, attempt.is_open) == (Outcome.ACCEPTED, "task-1", True)
    assert ledger.task_ids() == {"task-1"}


def test_giving_up_an_unknown_one_keeps_it_booked_and_marks_it(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.record_answer(attempt_id, UNKNOWN)
    (attempt,) = ledger.history(HERO).attempts
    ledger.write_off(HERO, attempt, NOW_S)
    memory = ledger.history(HERO)
    assert unnamed(memory) == (Decision(NOW_S, DecisionKind.PAY_AGAIN, 1, REQUEST),)
    assert (memory.open_attempt, memory.attempts[0].booked_usd) == (None, Decimal("2.576"))


# what was seen


def test_what_was_seen_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    (attempt,) = ledger.history(HERO).attempts
    seen = Observation(
        at_s=NOW_S,
        state=TaskState.FAILED,
        word="canceled",
        failure=Failure(ErrorClass.MODERATION, 'blocked: "…" \u0000 \U0001f3ac'),
        expires_at_s=NOW_S + 0.5,
        billed_usd=Decimal("0.10"),
        body='{"a": 1}',
    )
    ledger.observe(attempt, seen, settles=True)
    (attempt,) = ledger.history(HERO).attempts
    assert (attempt.observations, attempt.is_open, attempt.booked_usd) == ((seen,), False, Decimal("0.10"))


def test_a_failed_task_stays_booked_unless_the_service_says_otherwise(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    (attempt,) = ledger.history(HERO).attempts
    ledger.observe(attempt, FAILED, settles=True)
    assert ledger.history(HERO).attempts[0].booked_usd == Decimal("2.576")


def test_clips_come_back_in_the_order_in_which_they_were_put(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    version = Clip(NOW_S + 1, ClipRole.VERSION, "outputs/film/versions/hero.v1.mp4", 4, "0" * 64)
    ledger.record_clip(attempt_id, CLIP)
    ledger.record_clip(attempt_id, version)
    (attempt,) = ledger.history(HERO).attempts
    assert (attempt.clips, attempt.clip) == ((CLIP, version), version)


def test_marks_about_many_jobs_are_recorded_all_or_none(ledger: Ledger) -> None:
    ledger.decide(
        [(HERO, Decision(NOW_S, DecisionKind.RETRY, 1)), (SECOND_TAKE, Decision(NOW_S, DecisionKind.RETRY, 2))]
    )
    broken = Decision(NOW_S, DecisionKind.RETRY, None)  # type: ignore[arg-type]  # what a bug would do
    with pytest.raises(IntegrityViolation):
        ledger.decide([(HERO, Decision(NOW_S, DecisionKind.RETRY, 3)), (SECOND_TAKE, broken)])
    assert unnamed(ledger.history(HERO)) == (Decision(NOW_S, DecisionKind.RETRY, 1),)


def test_the_jobs_of_one_command_share_a_decision_and_the_next_command_is_another(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.decide([(who, Decision(NOW_S, DecisionKind.REDO, 1)) for who in (HERO, SECOND_TAKE)])
    first, second = ([mark.decision for mark in ledger.history(who).decisions] for who in (HERO, SECOND_TAKE))
    assert first == second
    assert len(set(first)) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in first)
    assert {mark.host for mark in ledger.history(HERO).decisions} == {socket.gethostname()}


def test_a_decision_of_another_machine_keeps_its_name(ledger: Ledger) -> None:
    told = Decision(NOW_S, DecisionKind.REDO, 1, REQUEST, None, "0123456789abcdef", "elsewhere")
    ledger.decide([(HERO, told)])
    assert ledger.history(HERO).decisions == (told,)
    with pytest.raises(IntegrityViolation):
        ledger.decide([(HERO, told)])


def test_an_attempt_says_which_decision_it_carries_out(ledger: Ledger) -> None:
    ledger.claim(replace(a_claim(a_run(ledger)), decision="0123456789abcdef"))
    assert ledger.history(HERO).attempts[0].decision == "0123456789abcdef"


def test_memories_are_those_of_one_manifest_under_every_profile(ledger: Ledger) -> None:
    for identity in (HERO, SECOND_TAKE, DRAFT, ELSEWHERE):
        claimed(ledger, identity)
    assert set(ledger.histories("film")) == {HERO, SECOND_TAKE, DRAFT}
    assert ledger.histories("film")[DRAFT] == ledger.history(DRAFT)
    assert ledger.history(replace(HERO, job="nobody")) == JobHistory()


# runs


def test_the_last_run_tells_what_was_wanted(ledger: Ledger) -> None:
    a_run(ledger, jobs=[{"job": "old"}])
    run_id = a_run(ledger, jobs=[{"job": "b"}, {"job": "a"}])
    ledger.end_run(run_id, 5, NOW_S + 9)
    last = ledger.last_run("film")
    assert last is not None
    assert (last.id, last.ended_at_s, last.exit_code) == (run_id, NOW_S + 9, 5)
    assert [job["job"] for job in last.jobs] == ["b", "a"]
    assert ledger.last_run("trailer") is None
    assert (ledger.manifest_at("film.yaml"), ledger.manifest_at("x.yaml")) == ("film", None)


def test_equal_job_lists_are_kept_once(ledger: Ledger, path: Path) -> None:
    for _ in range(3):
        a_run(ledger, jobs=[{"job": "a"}])
    assert raw(path).execute("SELECT count(*) FROM job_list").fetchone() == (1,)


@pytest.mark.parametrize("answer", [None, UNKNOWN, ACCEPTED])
def test_a_ledger_belongs_to_the_address_of_its_first_task(ledger: Ledger, answer: Answer | None) -> None:
    attempt_id = claimed(ledger)
    if answer:
        ledger.record_answer(attempt_id, answer)
    with pytest.raises(UsageError, match=r"live at https://api\.modellix\.test, not at http://127\.0\.0\.1:8765"):
        a_run(ledger, base_url="http://127.0.0.1:8765")


def test_an_address_where_no_task_lives_binds_nothing(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), REFUSED)
    ledger.check_address("http://127.0.0.1:8765")
    a_run(ledger, base_url="http://127.0.0.1:8765")


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


def test_an_attempt_is_settled_once(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.settle(attempt_id, NOW_S)
    with pytest.raises(IntegrityViolation, match="facts are not changed"):
        ledger.settle(attempt_id, NOW_S + 1)
    assert ledger.history(HERO).attempts[0].settled_at_s == NOW_S


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
        with pytest.raises(LedgerError, match="cannot be used just now"):
            ledger.record_answer(1, ACCEPTED)


def test_a_write_that_fails_leaves_nothing_half_done(ledger: Ledger, path: Path) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    (attempt,) = ledger.history(HERO).attempts
    raw(path).execute("CREATE TRIGGER full BEFORE UPDATE ON attempt BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    with pytest.raises(IntegrityViolation, match="the disk is full"):
        ledger.observe(attempt, SUCCESS, settles=True)
    assert ledger.history(HERO).attempts[0].observations == ()


def test_what_other_runs_paid_since_a_moment_is_told_by_what_they_reserved(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        ours, theirs = a_run(ledger), a_run(ledger)
        before = ledger.claim(a_claim(theirs, SECOND_TAKE))
        moment = ledger.account.high_water_mark()
        digest = a_claim(ours).key_digest

        def beside() -> Decimal:
            return ledger.account.reserved_by_others(ours, digest, moment)

        assert beside() == 0, "it was sent before that moment, and is not answered yet"
        ledger.claim(a_claim(ours))
        assert beside() == 0, "ours is not beside us"
        refused = ledger.claim(a_claim(theirs, DRAFT))
        assert beside() == a_claim(ours).reserved_usd
        ledger.record_answer(refused, REFUSED)
        assert beside() == 0
        ledger.record_answer(before, ACCEPTED)
        assert beside() == a_claim(ours).reserved_usd, "accepted since"
        other_key = replace(a_claim(theirs, ELSEWHERE), key_digest="another")
        ledger.claim(other_key)
        assert beside() == a_claim(ours).reserved_usd, "another account"
