"""What a watcher reads anew: the jobs of which something was recorded since it last looked."""

from collections.abc import Callable, Mapping

import pytest

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.storage.interface import Ledger
from tests.storage.contract.stores import Store
from tests.storage.ledger_samples import (
    ACCEPTED,
    CLIP,
    DRAFT,
    HERO,
    NOW_S,
    OTHER_MANIFEST,
    REFUSED,
    SECOND_TAKE,
    SUCCESS,
    a_claim,
    a_run,
    claimed,
)


def hero(ledger: Ledger) -> Attempt:
    return ledger.history(HERO).attempts[-1]


FACTS: Mapping[str, Callable[[Ledger], object]] = {
    "a claim": lambda ledger: claimed(ledger, HERO, 3),
    "an answer": lambda ledger: ledger.record_answer(hero(ledger).id, ACCEPTED),
    "a refusal": lambda ledger: ledger.record_answer(hero(ledger).id, REFUSED),
    "an observation": lambda ledger: ledger.observe(hero(ledger), SUCCESS, settles=False),
    "a clip": lambda ledger: ledger.record_clip(hero(ledger).id, CLIP),
    "that it is settled": lambda ledger: ledger.settle(hero(ledger).id, NOW_S),
    "a decision": lambda ledger: ledger.decide([(HERO, Decision(NOW_S, DecisionKind.RETRY, 1))]),
    "an adoption": lambda ledger: ledger.adopt(HERO, 9, ledger.history(DRAFT).attempts[0].id, 1, NOW_S),
    "the clip of an adoption": lambda ledger: ledger.record_clip(
        hero(ledger).id, CLIP, adoption.id if (adoption := hero(ledger).adoption) else None
    ),
}


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    """A ledger in which several jobs have an open attempt."""
    for who in (SECOND_TAKE, DRAFT, OTHER_MANIFEST):
        claimed(ledger, who)
    return ledger


@pytest.mark.parametrize("fact", FACTS)
def test_whatever_is_recorded_of_a_job_touches_this_job_and_no_other(known: Ledger, fact: str) -> None:
    run_id = a_run(known)
    if fact in {"an observation", "a clip", "that it is settled"}:
        known.record_answer(known.claim(a_claim(run_id)), ACCEPTED)
    elif fact in {"an answer", "a refusal"}:
        known.claim(a_claim(run_id))
    elif fact == "the clip of an adoption":
        FACTS["an adoption"](known)
    mark = known.mark()

    FACTS[fact](known)

    now, touched = known.touched_since(mark)
    assert touched == {HERO}
    assert known.touched_since(now) == (now, frozenset())


def test_it_is_seen_by_whoever_reads_beside_a_writer(store: Store, ledger: Ledger) -> None:
    claimed(ledger)
    with store.read() as reader:
        mark = reader.mark()
        assert reader.touched_since(mark) == (mark, frozenset())
        claimed(ledger, SECOND_TAKE)
        mark, touched = reader.touched_since(mark)
        assert touched == {SECOND_TAKE}
        claimed(ledger, DRAFT)
        assert reader.touched_since(mark)[1] == {DRAFT}
