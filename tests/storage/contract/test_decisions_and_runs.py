"""What people decided, which runs there were, and what runs learned of the account and uploaded."""

import re
import socket
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batchrunner.domain.attempt import Answer
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.uploaded_image import Upload
from batchrunner.errors import ExitCode, UsageError
from batchrunner.storage.interface import Ledger
from batchrunner.storage.records import IntegrityViolation, NewRun
from tests.storage.ledger_samples import (
    ACCEPTED,
    API,
    DRAFT,
    HERO,
    NOW_S,
    OTHER_MANIFEST,
    REFUSED,
    REQUEST,
    SECOND_TAKE,
    UNKNOWN,
    a_claim,
    a_run,
    claimed,
)

NAME = "0123456789abcdef"


def unnamed(history: JobHistory) -> tuple[Decision, ...]:
    """What was decided, without the random names."""
    return tuple(replace(each, decision="", host="") for each in history.decisions)


# decisions


def test_decisions_about_many_jobs_are_recorded_all_or_none(ledger: Ledger) -> None:
    recorded = Decision(NOW_S, DecisionKind.RETRY, 1, decision=NAME)
    ledger.decide([(HERO, recorded)])
    with pytest.raises(IntegrityViolation):
        ledger.decide([(SECOND_TAKE, Decision(NOW_S, DecisionKind.RETRY, 2)), (HERO, recorded)])
    assert unnamed(ledger.history(HERO)) == (Decision(NOW_S, DecisionKind.RETRY, 1),)
    assert ledger.history(SECOND_TAKE) == JobHistory()


def test_the_jobs_of_one_command_share_a_decision_and_the_next_command_is_another(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.decide([(who, Decision(NOW_S, DecisionKind.REDO, 1)) for who in (HERO, SECOND_TAKE)])
    first, second = ([each.decision for each in ledger.history(who).decisions] for who in (HERO, SECOND_TAKE))
    assert first == second
    assert len(set(first)) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in first)
    assert {each.host for each in ledger.history(HERO).decisions} == {socket.gethostname()}


def test_a_decision_of_another_machine_keeps_its_name_and_is_recorded_once(ledger: Ledger) -> None:
    decision = Decision(NOW_S, DecisionKind.REDO, 1, REQUEST, None, NAME, "elsewhere")
    ledger.decide([(HERO, decision)])
    assert ledger.history(HERO).decisions == (decision,)
    with pytest.raises(IntegrityViolation):
        ledger.decide([(HERO, decision)])
    assert ledger.history(HERO).decisions == (decision,)


def test_a_decision_is_carried_out_by_the_attempt_that_says_so(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), REFUSED)
    ledger.decide([(HERO, Decision(NOW_S, DecisionKind.RETRY, 1, REQUEST, None, NAME))])
    (decision,) = ledger.history(HERO).decisions
    assert ledger.history(HERO).attempts_of(decision) == ()
    ledger.claim(replace(a_claim(1, number=2), decision=NAME))
    history = ledger.history(HERO)
    assert [attempt.number for attempt in history.attempts_of(decision)] == [2]
    assert [attempt.decision for attempt in history.attempts] == [None, NAME]


def test_an_unknown_attempt_that_is_written_off_stays_booked_and_says_who_decided_so(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), UNKNOWN)
    (attempt,) = ledger.history(HERO).attempts
    ledger.write_off(HERO, attempt, NOW_S)
    history = ledger.history(HERO)
    assert unnamed(history) == (Decision(NOW_S, DecisionKind.PAY_AGAIN, 1, REQUEST),)
    assert (history.open_attempt, history.attempts[0].booked_usd) == (None, Decimal("2.576"))


# runs


def test_the_last_run_tells_what_was_wanted_and_how_it_ended(ledger: Ledger) -> None:
    a_run(ledger, jobs=[{"job": "old"}])
    run_id = a_run(ledger, jobs=[{"job": "b"}, {"job": "a"}])
    ledger.end_run(run_id, 5, NOW_S + 9)
    last = ledger.last_run("film")
    assert last is not None
    assert (last.id, last.command, last.started_at_s) == (run_id, "run", NOW_S)
    assert (last.ended_at_s, last.exit_code) == (NOW_S + 9, 5)
    assert [job["job"] for job in last.jobs] == ["b", "a"]
    assert (ledger.last_run("film", "draft"), ledger.last_run("trailer")) == (None, None)


def test_a_run_ends_once(ledger: Ledger) -> None:
    run_id = a_run(ledger)
    ledger.end_run(run_id, 0, NOW_S)
    with pytest.raises(IntegrityViolation):
        ledger.end_run(run_id, 1, NOW_S)


def test_a_run_that_was_cut_off_is_not_the_last_that_ended(ledger: Ledger) -> None:
    assert ledger.last_ended_run("film", "") == 0
    whole, interrupted, _ = a_run(ledger), a_run(ledger), a_run(ledger)
    ledger.end_run(whole, ExitCode.DONE, NOW_S)
    ledger.end_run(interrupted, ExitCode.INTERRUPTED, NOW_S)
    assert ledger.last_ended_run("film", "") == whole


def test_a_manifest_is_found_by_its_path_and_by_the_names_it_had(ledger: Ledger) -> None:
    a_run(ledger)
    assert (ledger.manifest_at("film.yaml"), ledger.manifest_at("x.yaml")) == ("film", None)
    ledger.begin_run(NewRun("movie", "", "run", "film.yaml", API, "here", 4711, "0.1.0", [], NOW_S))
    assert ledger.manifest_at("film.yaml") == "movie"
    assert ledger.rivals("movie", "", "film.yaml").former == {"film"}
    assert ledger.rivals("film", "", "film.yaml").former == {"movie"}


@pytest.mark.parametrize("answer", [None, UNKNOWN, ACCEPTED])
def test_a_ledger_belongs_to_the_address_of_its_first_task(ledger: Ledger, answer: Answer | None) -> None:
    attempt_id = claimed(ledger)
    if answer:
        ledger.record_answer(attempt_id, answer)
    with pytest.raises(UsageError, match=r"live at https://api\.modellix\.test, not at http://127\.0\.0\.1:8765"):
        a_run(ledger, base_url="http://127.0.0.1:8765")
    ledger.check_address(API)


def test_an_address_where_no_task_lives_binds_nothing(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), REFUSED)
    ledger.check_address("http://127.0.0.1:8765")
    a_run(ledger, base_url="http://127.0.0.1:8765")


# the account


def test_the_balances_of_a_run_and_the_slots_learned_last_come_back(ledger: Ledger) -> None:
    run_id, other = a_run(ledger), a_run(ledger)
    ledger.account.record_balance(run_id, "digest", Decimal("250.5"), NOW_S)
    ledger.account.record_balance(run_id, "digest", Decimal("-0.25"), NOW_S)
    ledger.account.record_balance(other, "digest", Decimal(9), NOW_S)
    ledger.account.record_slots(run_id, "digest", 2, NOW_S)
    ledger.account.record_slots(other, "digest", 5, NOW_S)
    assert ledger.account.balances(run_id) == (Decimal("250.5"), Decimal("-0.25"))
    assert (ledger.account.slots("digest"), ledger.account.slots("another")) == (5, None)


def test_what_other_runs_paid_since_a_moment_is_told_by_what_they_reserved(ledger: Ledger) -> None:
    ours, theirs = a_run(ledger), a_run(ledger)
    before = ledger.claim(a_claim(theirs, SECOND_TAKE))
    mark = ledger.account.high_water_mark()
    digest = a_claim(ours).key_digest

    def beside() -> Decimal:
        return ledger.account.reserved_by_others(ours, digest, mark)

    assert beside() == 0, "it was sent before that moment, and is not answered yet"
    ledger.claim(a_claim(ours))
    assert beside() == 0, "ours is not beside us"
    refused = ledger.claim(a_claim(theirs, DRAFT))
    assert beside() == a_claim(ours).reserved_usd
    ledger.record_answer(refused, REFUSED)
    assert beside() == 0
    ledger.record_answer(before, ACCEPTED)
    assert beside() == a_claim(ours).reserved_usd, "accepted since"
    ledger.claim(replace(a_claim(theirs, OTHER_MANIFEST), key_digest="another"))
    assert beside() == a_claim(ours).reserved_usd, "another account"


# uploads


def test_an_upload_is_found_by_content_and_account_until_it_is_deleted(ledger: Ledger) -> None:
    older, newer = (Upload("a" * 64, 4, f"file-{n}", f"https://files.test/{n}", NOW_S + n) for n in (1, 2))
    for upload in (older, newer):
        ledger.uploads.record(upload, API, "digest")
    assert ledger.uploads.all() == (older, newer)
    assert ledger.uploads.find("a" * 64, API, "digest") == newer
    assert ledger.uploads.find("a" * 64, API, "another") is None
    assert ledger.uploads.find("b" * 64, API, "digest") is None
    for _ in range(2):
        ledger.uploads.record_deletion("file-2", NOW_S)
    assert ledger.uploads.find("a" * 64, API, "digest") == older
    assert ledger.uploads.all() == (older,)


def test_an_image_is_needed_while_an_attempt_that_names_it_is_open(ledger: Ledger) -> None:
    request = replace(REQUEST, fields={**REQUEST.fields, "image": "sha256:" + "a" * 64})
    attempt_id = ledger.claim(replace(a_claim(a_run(ledger)), request=request))
    assert ledger.uploads.needed_by_open_tasks() == {"a" * 64}
    ledger.settle(attempt_id, NOW_S)
    assert ledger.uploads.needed_by_open_tasks() == frozenset()


def test_a_job_is_told_as_the_newest_run_that_wanted_it_recorded_it(ledger: Ledger) -> None:
    def wanted(who: JobId, tag: str) -> dict[str, Any]:
        return {"job": who.job, "profile": who.profile, "take": who.take, "tags": [tag]}

    a_run(ledger, jobs=[wanted(HERO, "old"), wanted(SECOND_TAKE, "old")])
    a_run(ledger, jobs=[wanted(HERO, "new")])
    other = NewRun("trailer", "", "run", "x.yaml", API, "here", 4711, "0.1.0", [wanted(HERO, "other")], NOW_S)
    ledger.begin_run(other)
    a_run(ledger, jobs=[])
    found = ledger.last_wanted([HERO, SECOND_TAKE, DRAFT])
    assert {who: record["tags"] for who, record in found.items()} == {HERO: ["new"], SECOND_TAKE: ["old"]}
    assert ledger.last_wanted([]) == {}
