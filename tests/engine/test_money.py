"""What may be spent: budgets, caps, reservations and refunds."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Fault
from tests.engine.audit import audit
from tests.engine.services import Crossing, refusing
from tests.engine.wishes import PRICE_USD, blocks, edited
from tests.studio import Studio, manifest_text


@pytest.mark.parametrize("cap", ["budget_usd", "run_usd"])
@pytest.mark.parametrize("clips", [0, 1, 2, 5])
def test_a_cap_is_never_broken_and_is_used(studio: Studio, cap: str, clips: int) -> None:
    studio.write(manifest_text("a", "b", "c", "d"))

    wishes: dict[str, Any] = {cap: PRICE_USD * clips + Decimal("0.01")}
    ended = studio.run(concurrency=10, **wishes)

    assert len(studio.record().charges) == min(clips, 4)
    assert ended.exit_code is (ExitCode.DONE if clips >= 4 else ExitCode.COST_LIMIT)
    audit(studio)


def test_a_budget_is_for_a_lifetime_and_a_cap_for_a_run(studio: Studio) -> None:
    studio.write(manifest_text("a", "b", "c", "d", "e"))

    charged = []
    for _ in range(4):
        studio.run(budget_usd=3 * PRICE_USD, run_usd=2 * PRICE_USD)
        charged.append(len(studio.record().charges))

    assert charged == [2, 3, 3, 3]


def test_a_price_that_is_a_range_reserves_its_upper_end(studio: Studio) -> None:
    """Without `durationSeconds` nobody knows whether 4, 6 or 8 seconds are paid for; 720p costs $0.322 a second."""
    text = manifest_text("a", "b", "c", "d").replace("    durationSeconds: 8\n", "")
    studio.write(text)

    studio.run(concurrency=10, budget_usd=3 * PRICE_USD - Decimal("0.01"))

    assert len(studio.record().charges) == 2


def test_a_resolution_that_is_left_open_reserves_the_dearest(studio: Studio) -> None:
    text = manifest_text("a", "b").replace("    resolution: 720p\n", "")
    studio.write(text)

    studio.run(concurrency=10, budget_usd=Decimal("3.86"))  # 8 seconds of 4k are $3.864

    assert studio.record().charges == ()


def test_a_refusal_releases_what_it_had_reserved(studio: Studio) -> None:
    studio.way = refusing("a", "b", status=400)
    studio.write(manifest_text("a", "b", "c", "d"))

    studio.run(concurrency=10, budget_usd=PRICE_USD)

    assert studio.statuses() == {"a": Status.FAILED, "b": Status.FAILED, "c": Status.DONE, "d": Status.PENDING}


def test_an_unknown_stays_reserved(studio: Studio) -> None:
    studio.way = refusing("a", status=500)
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=10, budget_usd=PRICE_USD)

    assert studio.statuses() == {"a": Status.UNKNOWN, "b": Status.PENDING}
    assert ended.exit_code is ExitCode.PERSON_NEEDED
    assert len(studio.submits()) == 1


@pytest.mark.parametrize("status", [None, 400, 500])
def test_a_job_that_waits_for_money_on_the_wire_is_told_when_there_is_none(studio: Studio, status: int | None) -> None:
    """The budget pays for one clip and its submit is still on the wire: nobody waits for ever for its answer."""
    crossing = Crossing(slow_s=5)
    refused = refusing("a", status=status or 0) if status else (lambda answer: answer)
    studio.way = lambda answer: crossing.way(refused(answer))
    studio.write(manifest_text("a", "b"))

    ended = studio.run(concurrency=10, budget_usd=PRICE_USD, task_timeout_s=30)

    assert ended.seconds < 600
    [_, waiting] = ended.steps.values()
    assert waiting.hold_reason is (HoldReason.TASK_TIMEOUT if status == 400 else HoldReason.COST_LIMIT)


def test_a_refund_of_an_earlier_run_does_not_widen_the_cap_of_this_one(studio: Studio) -> None:
    studio.options = replace(studio.options, faults={Fault.TASK_MODERATED: 1.0})
    studio.write(manifest_text("a", "b", "c"))
    studio.run(concurrency=3, task_timeout_s=10)
    assert set(studio.statuses().values()) == {Status.RUNNING}
    studio.options = replace(studio.options, faults={})
    studio.clock_s += 3600
    studio.write(manifest_text("a", "b", "c", "u", "v", "w", "x", "y", "z"))
    before = len(studio.record().charges)

    studio.run(concurrency=1, run_usd=PRICE_USD)

    assert len(studio.record().charges) - before == 1


def test_a_refund_widens_the_lifetime_budget_for_the_next_run_at_the_latest(studio: Studio) -> None:
    studio.options = replace(studio.options, faults={Fault.TASK_MODERATED: 1.0})
    studio.write(manifest_text("a", "b"))
    studio.run(concurrency=1, budget_usd=PRICE_USD)
    studio.run(concurrency=1, budget_usd=PRICE_USD)

    assert studio.statuses() == {"a": Status.FAILED, "b": Status.FAILED}
    assert studio.booked_usd() == 0


def test_a_failed_task_stays_booked(studio: Studio) -> None:
    studio.options = replace(studio.options, faults={Fault.TASK_FAILED: 1.0})
    studio.write(manifest_text("a", "b"))

    studio.run(concurrency=1, budget_usd=PRICE_USD)

    assert studio.statuses() == {"a": Status.FAILED, "b": Status.PENDING}


def test_an_edit_pays_within_the_same_lifetime_budget(studio: Studio) -> None:
    text = manifest_text("a")
    studio.write(text)
    studio.run(budget_usd=PRICE_USD)

    studio.write(edited(text))

    assert blocks(studio, budget_usd=PRICE_USD) == {"a": HoldReason.COST_LIMIT}
    assert len(studio.submits()) == 1


def test_nothing_is_submitted_that_was_not_selected(studio: Studio) -> None:
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(only=frozenset({"b"}))

    assert studio.statuses() == {"a": Status.PENDING, "b": Status.DONE, "c": Status.PENDING}
    assert [step.hold_reason for step in ended.steps.values()] == [
        HoldReason.NOT_SELECTED,
        None,
        HoldReason.NOT_SELECTED,
    ]
