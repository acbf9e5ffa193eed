"""What another machine paid and decided is recorded once, and never makes this machine pay or forget."""

from dataclasses import replace
from itertools import permutations

import pytest

from batchrunner.domain.attempt import Answer, Outcome
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.receipt import Receipt, SubmitReceipt, receipts_of
from batchrunner.errors import ClaimConflict
from batchrunner.storage.interface import Ledger, LedgerReader
from batchrunner.storage.records import IntegrityViolation
from tests.storage.contract.stores import Store
from tests.storage.ledger_samples import (
    ACCEPTED,
    CLIP,
    FAILED,
    HERO,
    NOW_S,
    OTHER_MANIFEST,
    REFUSED,
    REQUEST,
    SECOND_TAKE,
    SUCCESS,
    UNKNOWN,
    a_claim,
    a_run,
    claimed,
)


def receipts(ledger: LedgerReader) -> list[Receipt]:
    return [each for who, history in ledger.all_histories().items() for each in receipts_of(who, history)]


def told_elsewhere(elsewhere: Store) -> list[Receipt]:
    """A clip that is done, its adoption by another job, a failed attempt, and the decision to retry it."""
    with elsewhere.open() as ledger:
        done = claimed(ledger)
        ledger.record_answer(done, ACCEPTED)
        ledger.observe(ledger.history(HERO).attempts[0], SUCCESS, settles=False)
        ledger.record_clip(done, CLIP)
        ledger.settle(done, NOW_S)
        ledger.adopt(OTHER_MANIFEST, 1, done, 1, NOW_S + 1)
        failed = claimed(ledger, SECOND_TAKE)
        ledger.record_answer(failed, replace(ACCEPTED, task_id="task-2"))
        ledger.observe(ledger.history(SECOND_TAKE).attempts[0], FAILED, settles=True)
        ledger.decide([(SECOND_TAKE, Decision(NOW_S + 2, DecisionKind.RETRY, 1, REQUEST))])
        return receipts(ledger)


def lines(ledger: LedgerReader) -> set[str]:
    return {str(each.as_json()) for each in receipts(ledger)}


def test_receipts_are_recorded_once(ledger: Ledger, elsewhere: Store) -> None:
    told = told_elsewhere(elsewhere)
    assert ledger.would_import(told)
    assert ledger.unrecorded(told) == told
    assert ledger.import_receipts(told) == len(told) == 4
    before = ledger.all_histories()
    assert not ledger.would_import(told)
    assert ledger.unrecorded(told) == []
    assert ledger.import_receipts(told) == 0
    assert ledger.all_histories() == before


def test_a_ledger_of_receipts_alone_tells_the_same_receipts(ledger: Ledger, elsewhere: Store) -> None:
    told = told_elsewhere(elsewhere)
    ledger.import_receipts(told)
    assert lines(ledger) == {str(each.as_json()) for each in told}


def test_the_order_of_the_lines_does_not_matter(elsewhere: Store, store: Store) -> None:
    told = told_elsewhere(elsewhere)
    with store.open() as ledger:
        results = []
        for order in permutations(told):
            with ledger.scratch_copy() as copy:
                assert copy.import_receipts(order) == len(told)
                results.append(lines(copy))
    assert all(result == results[0] for result in results)


def test_lines_that_come_one_by_one_are_recorded_when_what_they_speak_of_is_there(
    ledger: Ledger, elsewhere: Store
) -> None:
    told = told_elsewhere(elsewhere)
    (adoption,) = (each for each in told if each.as_json().get("kind") == "adoption")
    assert ledger.import_receipts([adoption]) == 0
    assert ledger.unrecorded([adoption]) == [adoption]
    assert ledger.import_receipts(told) == len(told)
    assert ledger.history(OTHER_MANIFEST).attempts[0].is_adopted


def test_what_a_receipt_tells_of_names_the_machine_that_made_it_and_no_run(ledger: Ledger, elsewhere: Store) -> None:
    own = a_run(ledger)
    ledger.import_receipts(told_elsewhere(elsewhere))
    (attempt,) = ledger.history(HERO).attempts
    assert (attempt.run_id, attempt.host, attempt.made_on) == (0, "here", "here")
    assert ledger.history(OTHER_MANIFEST).attempts[0].host == "here"
    last = ledger.last_run("film")
    assert last is not None
    assert last.id == own
    assert ledger.last_run("trailer") is None
    ledger.check_address("https://elsewhere.test")


def test_a_job_whose_task_is_open_elsewhere_cannot_be_claimed(ledger: Ledger, elsewhere: Store) -> None:
    with elsewhere.open() as other:
        other.record_answer(claimed(other), ACCEPTED)
        told = receipts(other)
    ledger.import_receipts(told)
    with pytest.raises(ClaimConflict):
        claimed(ledger, number=2)


def test_an_unknown_submit_elsewhere_waits_for_the_one_that_is_open_here(ledger: Ledger, elsewhere: Store) -> None:
    with elsewhere.open() as other:
        other.record_answer(other.claim(replace(a_claim(a_run(other)), at_s=NOW_S + 60)), UNKNOWN)
        told = receipts(other)
    attempt_id = claimed(ledger)
    assert ledger.import_receipts(told) == 0
    assert ledger.unrecorded(told) == told
    ledger.record_answer(attempt_id, REFUSED)
    assert ledger.import_receipts(told) == 1
    assert ledger.history(HERO).open_attempt is not None


def test_a_second_payment_that_happened_elsewhere_is_counted_and_not_open(ledger: Ledger, elsewhere: Store) -> None:
    with elsewhere.open() as other:
        other.record_answer(
            other.claim(replace(a_claim(a_run(other)), at_s=NOW_S + 60)), replace(ACCEPTED, task_id="task-9")
        )
        told = receipts(other)
    ledger.record_answer(claimed(ledger), ACCEPTED)
    assert ledger.import_receipts(told) == 1
    history = ledger.history(HERO)
    assert [(a.task_id, a.is_open) for a in history.attempts] == [("task-1", True), ("task-9", False)]


def test_an_older_line_takes_nothing_back(ledger: Ledger, elsewhere: Store) -> None:
    with elsewhere.open() as other:
        attempt_id = claimed(other)
        other.record_answer(attempt_id, UNKNOWN)
        older = receipts(other)
        other.record_answer(attempt_id, ACCEPTED)
        newer = receipts(other)
    ledger.import_receipts(newer)
    assert ledger.import_receipts(older) == 0
    assert ledger.history(HERO).attempts[0].outcome is Outcome.ACCEPTED


def test_a_newer_line_adds_to_what_an_older_one_told(ledger: Ledger, elsewhere: Store) -> None:
    with elsewhere.open() as other:
        attempt_id = claimed(other)
        other.record_answer(attempt_id, UNKNOWN)
        ledger.import_receipts(receipts(other))
        other.record_answer(attempt_id, ACCEPTED)
        assert ledger.import_receipts(receipts(other)) == 1
    (attempt,) = ledger.history(HERO).attempts
    assert (attempt.outcome, attempt.task_id) == (Outcome.ACCEPTED, "task-1")


def test_of_its_own_submits_a_ledger_believes_only_what_a_person_resolved(store: Store) -> None:
    with store.open() as ledger:
        ledger.record_answer(claimed(ledger), UNKNOWN)
        with ledger.scratch_copy() as colleague:
            colleague.record_answer(1, Answer(NOW_S + 9, Outcome.ACCEPTED, "task-found", message="resolved by hand"))
            colleague.observe(colleague.history(HERO).attempts[0], SUCCESS, settles=False)
            told = receipts(colleague)
        assert ledger.import_receipts(told) == 1
        (attempt,) = ledger.history(HERO).attempts
    assert (attempt.task_id, attempt.observations, attempt.made_on) == ("task-found", (), None)


def test_a_claim_that_another_machines_receipt_came_before_is_refused(ledger: Ledger, elsewhere: Store) -> None:
    """It came in between: whoever decided to pay did not know of it."""
    run_id = a_run(ledger)
    newest = ledger.rivals("film", "", "film.yaml").newest
    with elsewhere.open() as other:
        other.record_answer(claimed(other, OTHER_MANIFEST), ACCEPTED)
        ledger.import_receipts(receipts(other))
    with pytest.raises(ClaimConflict, match="another run has submitted the same request"):
        ledger.claim(replace(a_claim(run_id), newest=newest))


def test_what_receipts_tell_of_is_not_counted_as_paid_by_other_runs_of_this_ledger(
    ledger: Ledger, elsewhere: Store
) -> None:
    run_id, mark = a_run(ledger), ledger.account.high_water_mark()
    ledger.import_receipts(told_elsewhere(elsewhere))
    assert ledger.account.reserved_by_others(run_id, a_claim(run_id).key_digest, mark) == 0


def test_receipts_are_imported_all_or_none(ledger: Ledger, elsewhere: Store) -> None:
    told = told_elsewhere(elsewhere)
    (first, *_) = (each for each in told if isinstance(each, SubmitReceipt))
    answers = (replace(ACCEPTED, task_id="task-9"),)
    attempt = replace(first.attempt, output=None, answers=answers)  # type: ignore[arg-type]  # what a bug would do
    with pytest.raises(IntegrityViolation):
        ledger.import_receipts([*told, replace(first, identity=replace(HERO, job="zoom"), attempt=attempt)])
    assert ledger.all_histories() == {}
