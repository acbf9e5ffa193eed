"""Claims, answers, observations and clips: what stands between a job and a second payment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from threading import Barrier

import pytest

from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.errors import ClaimConflict
from batchrunner.storage.interface import Ledger
from batchrunner.storage.records import IntegrityViolation
from tests.storage.contract.stores import Store
from tests.storage.ledger_samples import (
    ACCEPTED,
    API,
    CLIP,
    DRAFT,
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


def only_attempt(ledger: Ledger, identity: JobId = HERO) -> Attempt:
    (attempt,) = ledger.history(identity).attempts
    return attempt


# claims


def test_a_job_has_one_open_attempt_at_most(ledger: Ledger) -> None:
    claimed(ledger)
    with pytest.raises(ClaimConflict, match="hero was submitted by another run"):
        claimed(ledger, number=2)


@pytest.mark.parametrize("answer", [ACCEPTED, UNKNOWN])
def test_what_may_have_been_paid_stays_open(ledger: Ledger, answer: Answer) -> None:
    ledger.record_answer(claimed(ledger), answer)
    with pytest.raises(ClaimConflict):
        claimed(ledger, number=2)
    assert ledger.history(HERO).open_attempt == only_attempt(ledger)


@pytest.mark.parametrize("close", [lambda ledger, id_: ledger.settle(id_, NOW_S), lambda ledger, id_: None])
def test_a_number_is_given_once_even_when_its_attempt_is_closed(
    ledger: Ledger, close: Callable[[Ledger, int], None]
) -> None:
    attempt_id = claimed(ledger)
    close(ledger, attempt_id)
    with pytest.raises(ClaimConflict):
        claimed(ledger, number=1)


def test_after_a_refusal_the_next_number_can_be_claimed(ledger: Ledger) -> None:
    first = claimed(ledger)
    ledger.record_answer(first, REFUSED)
    assert claimed(ledger, number=2) > first


@pytest.mark.parametrize("other", [SECOND_TAKE, DRAFT, OTHER_MANIFEST, replace(HERO, job="Hero")])
def test_other_jobs_are_not_in_the_way(ledger: Ledger, other: JobId) -> None:
    claimed(ledger)
    claimed(ledger, other)
    assert len(ledger.history(HERO).attempts) == len(ledger.history(other).attempts) == 1


def test_a_refused_claim_leaves_nothing_behind(ledger: Ledger) -> None:
    claimed(ledger)
    before = ledger.all_histories()
    with pytest.raises(ClaimConflict):
        ledger.claim(a_claim(1, number=2))
    assert ledger.all_histories() == before


def test_an_attempt_is_remembered_as_it_was_claimed(ledger: Ledger) -> None:
    claimed(ledger)
    attempt = only_attempt(ledger)
    assert (attempt.request, attempt.output, attempt.base_url) == (REQUEST, "outputs/film/hero.mp4", API)
    assert (attempt.reserved_usd, attempt.booked_usd) == (Decimal("2.576"), Decimal("2.576"))
    assert (attempt.is_open, attempt.outcome, attempt.opened_at_s, attempt.made_on) == (True, None, NOW_S, None)
    assert (attempt.run_id, attempt.host) == (1, "here")


def test_two_jobs_do_not_write_to_one_path_at_once(ledger: Ledger) -> None:
    claimed(ledger)
    other = replace(a_claim(1, SECOND_TAKE), output=a_claim(1).output)
    with pytest.raises(ClaimConflict, match="the clip of hero"):
        ledger.claim(other)
    ledger.settle(only_attempt(ledger).id, NOW_S)
    ledger.claim(other)


def test_a_claim_is_refused_when_another_run_asked_for_the_same_since(ledger: Ledger) -> None:
    ours, theirs = a_run(ledger), a_run(ledger)
    newest = ledger.rivals("film", "", "film.yaml").newest
    ledger.claim(a_claim(theirs, OTHER_MANIFEST))
    with pytest.raises(ClaimConflict, match="another run has submitted the same request"):
        ledger.claim(replace(a_claim(ours), newest=newest))
    ledger.claim(replace(a_claim(ours), newest=ledger.rivals("film", "", "film.yaml").newest))


def test_two_writers_who_claim_one_job_are_told_apart(store: Store) -> None:
    with store.open() as one, store.open() as other:
        claimed(one)
        with pytest.raises(ClaimConflict):
            other.claim(a_claim(1))
        assert one.history(HERO) == other.history(HERO)


def test_of_many_who_claim_at_once_one_succeeds(store: Store) -> None:
    with store.open() as first:
        run_id = a_run(first)
    start = Barrier(4)

    def claim(_: int) -> bool:
        with store.open() as own:
            start.wait()
            try:
                own.claim(a_claim(run_id))
            except ClaimConflict:
                return False
            return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(claim, range(4))) == [False, False, False, True]
    with store.read() as reader:
        assert len(reader.history(HERO).attempts) == 1


def test_writers_of_different_jobs_take_turns(store: Store) -> None:
    with store.open() as one, store.open() as other:
        run_id = a_run(one)
        for number in range(6):
            (one, other)[number % 2].claim(a_claim(run_id, replace(HERO, job=f"job-{number}")))
        assert one.histories("film") == other.histories("film")
        assert len(one.histories("film")) == 6


# answers


def test_an_unanswered_attempt_is_unknown_to_whoever_opens_the_ledger_next(store: Store) -> None:
    with store.open() as ledger:
        claimed(ledger)
    with store.open() as ledger:
        assert only_attempt(ledger).is_open
        assert only_attempt(ledger).outcome is None


def test_a_refusal_closes_its_attempt_and_releases_its_money(ledger: Ledger) -> None:
    assert ledger.record_answer(claimed(ledger), REFUSED) == REFUSED
    attempt = only_attempt(ledger)
    assert (attempt.is_open, attempt.booked_usd) == (False, Decimal(0))


def test_a_task_id_that_is_recorded_is_no_acceptance(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    recorded = ledger.record_answer(claimed(ledger, SECOND_TAKE), replace(ACCEPTED, http_status=200, body="{}"))
    attempt = only_attempt(ledger, SECOND_TAKE)
    assert attempt.answer == recorded
    assert (recorded.outcome, recorded.task_id, recorded.body) == (Outcome.UNKNOWN, None, "{}")
    assert "task-1" in recorded.message
    assert attempt.is_open
    assert ledger.task_ids() == {"task-1"}


def test_a_late_answer_to_an_unknown_attempt_is_added(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.record_answer(attempt_id, UNKNOWN)
    ledger.record_answer(attempt_id, ACCEPTED)
    attempt = only_attempt(ledger)
    assert attempt.answers == (UNKNOWN, ACCEPTED)
    assert (attempt.outcome, attempt.task_id, attempt.is_open) == (Outcome.ACCEPTED, "task-1", True)
    assert ledger.task_ids() == {"task-1"}


# observations and clips


def test_what_was_observed_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    seen = Observation(
        at_s=NOW_S,
        state=TaskState.FAILED,
        word="canceled",
        failure=Failure(ErrorClass.MODERATION, 'blocked: "…" \U0001f3ac'),
        expires_at_s=NOW_S + 0.5,
        billed_usd=Decimal("0.10"),
        body='{"a": 1}',
        took_s=61.25,
    )
    ledger.observe(only_attempt(ledger), seen, settles=True)
    attempt = only_attempt(ledger)
    assert (attempt.observations, attempt.is_open, attempt.booked_usd) == ((seen,), False, Decimal("0.10"))


def test_a_failed_task_stays_booked_unless_the_service_says_otherwise(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    ledger.observe(only_attempt(ledger), FAILED, settles=True)
    assert only_attempt(ledger).booked_usd == Decimal("2.576")


def test_an_observation_of_a_settled_attempt_is_added_and_settles_nothing_again(ledger: Ledger) -> None:
    ledger.record_answer(claimed(ledger), ACCEPTED)
    ledger.observe(only_attempt(ledger), FAILED, settles=True)
    ledger.observe(only_attempt(ledger), replace(SUCCESS, at_s=NOW_S + 9), settles=True)
    attempt = only_attempt(ledger)
    assert ([o.state for o in attempt.observations], attempt.settled_at_s) == (
        [TaskState.FAILED, TaskState.SUCCESS],
        NOW_S,
    )


def test_clips_come_back_in_the_order_in_which_they_were_recorded(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    version = Clip(NOW_S + 1, ClipRole.VERSION, "outputs/film/versions/hero.v1.mp4", 4, "0" * 64)
    ledger.record_clip(attempt_id, CLIP)
    ledger.record_clip(attempt_id, version)
    attempt = only_attempt(ledger)
    assert (attempt.clips, attempt.clip) == ((CLIP, version), version)


def test_an_attempt_is_settled_once(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.settle(attempt_id, NOW_S)
    with pytest.raises(IntegrityViolation):
        ledger.settle(attempt_id, NOW_S + 1)
    assert only_attempt(ledger).settled_at_s == NOW_S


# adoptions


def test_a_job_that_takes_over_an_attempt_sees_it_as_its_own_and_pays_nothing(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.record_answer(attempt_id, ACCEPTED)
    ledger.record_clip(attempt_id, CLIP)
    ledger.adopt(OTHER_MANIFEST, 1, attempt_id, 1, NOW_S + 5)
    adopted = only_attempt(ledger, OTHER_MANIFEST)
    assert (adopted.is_adopted, adopted.task_id, adopted.booked_usd) == (True, "task-1", Decimal(0))
    assert adopted.adoption is not None
    assert (adopted.sources, adopted.clips, adopted.adoption.at_s) == ((CLIP,), (), NOW_S + 5)
    own_copy = replace(CLIP, path="outputs/trailer/hero.mp4")
    ledger.record_clip(attempt_id, own_copy, adopted.adoption_id)
    assert only_attempt(ledger, OTHER_MANIFEST).clips == (own_copy,)
    assert only_attempt(ledger).clips == (CLIP,)
    assert ledger.histories("trailer") == {OTHER_MANIFEST: ledger.history(OTHER_MANIFEST)}


def test_a_number_is_adopted_once(ledger: Ledger) -> None:
    attempt_id = claimed(ledger)
    ledger.adopt(OTHER_MANIFEST, 1, attempt_id, 1, NOW_S)
    with pytest.raises(ClaimConflict, match="hero got a clip from another run"):
        ledger.adopt(OTHER_MANIFEST, 1, attempt_id, 1, NOW_S)


# readers


def test_a_reader_beside_a_writer_sees_each_fact_as_soon_as_it_is_recorded(store: Store) -> None:
    with store.open() as ledger:
        attempt_id = claimed(ledger)
        with store.read() as reader:
            assert (only_attempt_of(reader.history(HERO)).outcome, reader.task_ids()) == (None, frozenset())
            ledger.record_answer(attempt_id, ACCEPTED)
            assert only_attempt_of(reader.history(HERO)).outcome is Outcome.ACCEPTED
            assert reader.task_ids() == {"task-1"}


def only_attempt_of(history: JobHistory) -> Attempt:
    (attempt,) = history.attempts
    return attempt


def test_histories_are_those_of_one_manifest_under_every_profile(ledger: Ledger) -> None:
    for identity in (HERO, SECOND_TAKE, DRAFT, OTHER_MANIFEST):
        claimed(ledger, identity)
    assert set(ledger.histories("film")) == {HERO, SECOND_TAKE, DRAFT}
    assert set(ledger.all_histories()) == {HERO, SECOND_TAKE, DRAFT, OTHER_MANIFEST}
    assert ledger.histories("film")[DRAFT] == ledger.history(DRAFT)
    assert ledger.history(replace(HERO, job="nobody")) == JobHistory()
    assert ledger.damage == ()


def test_what_is_written_to_a_scratch_copy_is_nowhere_else(ledger: Ledger) -> None:
    claimed(ledger)
    with ledger.scratch_copy() as copy:
        assert copy.all_histories() == ledger.all_histories()
        copy.record_answer(1, REFUSED)
        assert not only_attempt(copy).is_open
    assert only_attempt(ledger).is_open


def test_rivals_are_where_others_clips_are_and_where_open_attempts_will_put_theirs(ledger: Ledger) -> None:
    stored = claimed(ledger, OTHER_MANIFEST)
    ledger.record_clip(stored, replace(CLIP, path="outputs/before.mp4"))
    ledger.record_clip(stored, replace(CLIP, path="outputs/trailer/hero.mp4"))
    ledger.settle(stored, NOW_S)
    ledger.record_clip(claimed(ledger), CLIP)
    rivals = ledger.rivals("film", "", "film.yaml")
    assert rivals.stored == {"outputs/trailer/hero.mp4": OTHER_MANIFEST}
    assert rivals.opened == {"outputs/film/hero.mp4": HERO}
    assert rivals.newest == 2
    assert set(ledger.rivals("trailer", "", "trailer.yaml").stored) == {CLIP.path}
