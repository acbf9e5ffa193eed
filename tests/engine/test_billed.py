"""What was billed corrects the estimates of the next plan, and of no run that goes on already."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app.approval import Approval
from batchrunner.app.job_set import wanted_of
from batchrunner.app.manifest_plan import AccountRef, plan_of
from batchrunner.app.run_manifest import execute_approved
from batchrunner.app.run_options import RunOptions
from batchrunner.app.session import Session
from batchrunner.catalog import price_list
from batchrunner.domain.attempt import Outcome
from batchrunner.domain.event import EventKind
from batchrunner.domain.money import Cost
from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import load
from batchrunner.planning.inputs import PlanOptions
from batchrunner.reports.plan_table import Planned
from batchrunner.sandbox import Behaviour, Fault
from batchrunner.storage.open import read_ledger
from batchrunner.storage.paths import find_project
from tests.engine.audit import counts
from tests.engine.own_models import own_manifest, studio_with_own
from tests.engine.wishes import PRICE_USD
from tests.moved_time import DAY_S, EVENING_S, MovedClock, in_moved_time
from tests.studio import Studio, manifest_text

LATER_S = EVENING_S + DAY_S
RANGE = {"read": "2026-11-20", "rows": [{"usd": ["1", "3"]}]}
UPPER = {"read": "2026-11-20", "bound": "upper", "rows": [{"usd": "3"}]}


def rendered(folder: Path, *ids: str, factor: str = "1", **behaviour: Any) -> Studio:
    """Clips of Veo that were billed by so much of their price."""
    studio = Studio(folder, Behaviour(**{"latency_s": 60, "price_factor": Decimal(factor), **behaviour}))
    studio.write(manifest_text(*ids))
    studio.run()
    return studio


def next_cost(studio: Studio, text: str) -> Cost:
    """What the next plan says that its jobs cost, each alike."""
    studio.write(text)
    [cost] = {seen.step.cost for seen in studio.seen() if seen.step.status is Status.PENDING}
    return cost


def reserved(studio: Studio) -> list[Decimal]:
    """What the accepted attempts reserved, in their order."""
    attempts = [attempt for seen in studio.seen() for attempt in seen.history.attempts]
    accepted = (each for each in attempts if each.outcome is Outcome.ACCEPTED)
    return [each.reserved_usd for each in sorted(accepted, key=lambda each: each.id)]


@pytest.mark.parametrize(("factor", "low", "high"), [("0.5", "0.5", "1"), ("1", "1", "1"), ("1.025", "1", "1.025")])
def test_bills_widen_an_exact_price_and_what_is_reserved_is_never_less(
    tmp_path: Path, factor: str, low: str, high: str
) -> None:
    studio = rendered(tmp_path, "a", factor=factor)

    cost = next_cost(studio, manifest_text("a", "b"))

    assert cost == Cost(PRICE_USD * Decimal(low), PRICE_USD * Decimal(high))
    studio.run()
    assert reserved(studio) == [PRICE_USD, PRICE_USD * Decimal(high)]


def test_a_run_keeps_to_its_estimates_whatever_is_billed_meanwhile(tmp_path: Path) -> None:
    studio = rendered(tmp_path, "a", "b", "c", "d", factor="1.025", concurrency=1)

    assert reserved(studio) == [PRICE_USD] * 4
    assert counts(studio) == {Status.DONE: 4}
    assert next_cost(studio, manifest_text("e")).high_usd == PRICE_USD * Decimal("1.025")


def test_a_session_estimates_after_its_run_as_before_it_and_the_next_one_does_not(tmp_path: Path) -> None:
    """So is it between the plan that somebody agrees to and the run: there is one look at the bills."""
    studio = Studio(tmp_path, Behaviour(latency_s=60, price_factor=Decimal("1.025")))
    manifest = studio.write(manifest_text("a", "b"))
    job = manifest.jobs[0]

    async def both(clock: MovedClock) -> list[Cost]:
        ports = studio.ports(clock)
        limits = RunOptions(no_canary=True).limits(manifest.settings, clock.wall_s())
        with session(clock) as first:
            ledger = first.open_ledger()
            batch = first.batch(ledger)
            await execute_approved(batch, ledger, Approval(limits, PlanOptions()), "run", ports)
            estimated = [batch.cost(job), first.batch(ledger).cost(job)]
        with session(clock) as second, read_ledger(studio.project.ledger) as known:
            return [*estimated, second.batch(known).cost(job)]

    def session(clock: MovedClock) -> Session:
        return Session(studio.project, wanted_of(manifest), price_list(manifest.catalog), clock, warn=pytest.fail)

    listed = Cost(PRICE_USD, PRICE_USD)
    assert in_moved_time(both) == [listed, listed, Cost(PRICE_USD, PRICE_USD * Decimal("1.025"))]


def test_the_guard_compares_with_the_estimate_that_was_agreed_to(tmp_path: Path) -> None:
    """A first clip that is dearer than listed ends the submits; the next plan says what it costs, and goes on."""
    studio = rendered(tmp_path, "a", "b", "c", factor="2")
    assert counts(studio) == {Status.DONE: 1, Status.PENDING: 2}
    [halt] = studio.told(EventKind.HALT)
    assert "was billed $5.15, but was estimated at $2.58" in halt.text

    assert studio.run(run_usd=PRICE_USD * 4).exit_code is ExitCode.DONE
    assert reserved(studio) == [PRICE_USD, PRICE_USD * 2, PRICE_USD * 2]


def test_a_budget_counts_with_what_was_billed(tmp_path: Path) -> None:
    studio = rendered(tmp_path, "a", factor="1.025")
    studio.write(manifest_text("a", "b"))

    studio.run(budget_usd=PRICE_USD * Decimal("2.04"))

    assert counts(studio) == {Status.DONE: 1, Status.PENDING: 1}


def test_bills_count_for_sixty_days(tmp_path: Path) -> None:
    studio = rendered(tmp_path, "a", factor="1.025")
    studio.clock_s += 59 * DAY_S
    assert next_cost(studio, manifest_text("a", "b")).high_usd == PRICE_USD * Decimal("1.025")
    studio.clock_s += 2 * DAY_S
    assert next_cost(studio, manifest_text("a", "b")).high_usd == PRICE_USD


def test_failed_tasks_that_cost_nothing_make_nothing_cheaper(tmp_path: Path) -> None:
    studio = rendered(tmp_path, "a", "b", "c", faults={Fault.TASK_MODERATED: 1.0})
    assert counts(studio) == {Status.FAILED: 3}
    assert next_cost(studio, manifest_text("d")) == Cost(PRICE_USD, PRICE_USD)


# ranges, bounds and unknown prices: from three bills on


def billed_own(folder: Path, usd: str, *ids: str, price: Mapping[str, Any] | None) -> Studio:
    """Clips of a model of one's own, for each of which the service takes so much."""
    studio = studio_with_own(folder, *ids, options=Behaviour(latency_s=60), price=price)
    [model] = studio.models
    studio.models = (replace(model, price_usd=lambda _body: Decimal(usd)),)
    studio.run()
    return studio


@pytest.mark.parametrize(
    ("price", "clips", "cost"),
    [
        (RANGE, 2, "$1.00 to $3.00"),
        (RANGE, 3, "$2.00"),
        (UPPER, 2, "at most $3.00"),
        (UPPER, 3, "$2.00"),
        (None, 2, "$0.00"),
        (None, 3, "$2.00"),
    ],
)
def test_three_bills_say_what_the_list_does_not(
    tmp_path: Path, price: Mapping[str, Any] | None, clips: int, cost: str
) -> None:
    studio = billed_own(tmp_path, "2", *"abc"[:clips], price=price)

    assert str(next_cost(studio, own_manifest(*"abcd"[: clips + 1]))) == cost

    with read_ledger(studio.project.ledger) as ledger:
        batch = studio.batch(load(studio.manifest), ledger)
    assert all(batch.is_priced(job) for job in batch.jobs.values()) is (price is not None or clips == 3)


def test_what_is_priced_by_its_bills_is_guarded_by_them(tmp_path: Path) -> None:
    studio = billed_own(tmp_path, "2", "a", "b", "c", price=None)
    [model] = studio.models
    studio.models = (replace(model, price_usd=lambda _body: Decimal("2.20")),)
    studio.write(own_manifest("a", "b", "c", "d", "e", "f"))

    ended = studio.run()

    assert ended.exit_code is ExitCode.COST_LIMIT
    assert reserved(studio)[3:] == [Decimal(2)]
    assert str(next_cost(studio, own_manifest("e", "f"))) == "$2.00 to $2.20"


def plan(path: Path) -> Planned:
    """The plan of a manifest on the next day."""
    manifest, account = load(path), AccountRef("https://api.modellix.test")
    prices = price_list(manifest.catalog)
    planned, _ = plan_of(manifest, find_project(path), prices, RunOptions(), account, LATER_S)
    return planned


@pytest.mark.parametrize(("factor", "is_same"), [("1", True), ("1.025", False)])
def test_bills_that_change_an_estimate_make_another_plan_of_it(tmp_path: Path, factor: str, *, is_same: bool) -> None:
    """So `run --plan` refuses what was looked at before they came; bills of what is listed change nothing."""
    studio = Studio(tmp_path, Behaviour(latency_s=60, price_factor=Decimal(factor)))
    other = tmp_path / "other.yaml"
    other.write_text(manifest_text("a", "b").replace("name: batch", "name: other"), encoding="utf-8")
    before = plan(other).digest
    studio.write(manifest_text("elsewhere"))
    studio.run()

    after = plan(other)

    assert (after.digest == before) is is_same
    assert [each.bills.clips for each in after.summary.basis.billed] == [1]


@pytest.mark.parametrize("price", [RANGE, UPPER, None])
def test_receipts_of_somebody_else_make_nothing_cheaper(tmp_path: Path, price: Mapping[str, Any] | None) -> None:
    """A folder that comes with receipts of clips for a cent does not make the next clip one of a cent."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    billed_own(theirs, "0.01", "a", "b", "c", "d", price=price)
    shutil.copytree(theirs, ours, ignore=shutil.ignore_patterns(".batchrunner"))
    (ours / "batch.yaml").write_text(own_manifest("a", "b", "c", "d", "e"), encoding="utf-8")

    planned = plan(ours / "batch.yaml")

    [step] = planned.submits
    assert step.cost.high_usd == (Decimal(3) if price else 0)
    assert [each.bills.clips for each in planned.summary.basis.billed] == [4], "they are told"
    assert planned.summary.basis.unpriced == (0 if price else 1)
