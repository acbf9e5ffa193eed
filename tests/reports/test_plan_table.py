"""A plan as people and programs read it, what it is called, and how long it takes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from batchrunner.catalog import shipped
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.location import Location
from batchrunner.domain.money import Cost
from batchrunner.domain.request import Request
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.text import local
from batchrunner.planning.plan_digest import Terms, difference, plan_digest
from batchrunner.planning.replaced import Cause, Replaced
from batchrunner.reports.expected import expected_s
from batchrunner.reports.plan_table import plan_as_json, plan_table
from tests.planning.histories import EDITED, REQUEST, SUCCESS, a_job, accepted, closed, failed, put
from tests.reports.plans import NOW_S, planned, shots

SUBMIT = Step(Action.SUBMIT, Status.PENDING, "new", cost=Cost(Decimal("1.288"), Decimal("2.576")))
DONE = Step(Action.NONE, Status.DONE, "done")
HELD = replace(SUBMIT, action=Action.HOLD, hold_reason=HoldReason.COST_LIMIT, reason="the cost limit leaves no room")


def test_a_plan_shows_each_step_and_what_it_all_costs() -> None:
    assert plan_table(planned(*shots(SUBMIT, DONE, HELD), expected_s=7_500), NOW_S).splitlines() == [
        "job     next              cost  why",
        "------  ------  --------------  -----------------------------",
        "shot-0  submit  $1.29 to $2.58  new",
        "shot-1  none                 -  done",
        "shot-2  hold                 -  the cost limit leaves no room",
        "",
        "1 clip to render: $1.29 to $2.58 (estimated, prices of 2026-08-18, 97 days old)",
        "the cost limit covers 1 of 2; not covered: shot-2",
        f"expected: about 2 h 05 min with 2 at once, until {local(NOW_S + 7_500)}",
        "plan 0123456789ab: `run --plan 0123456789ab` renders exactly this, or nothing",
    ]


def test_a_plan_lists_apart_what_left_the_manifest() -> None:
    left = Step(Action.POLL, Status.RUNNING, "task task-1 is open")
    lines = plan_table(planned(*shots(DONE), removed=[(JobId("film", "", "gone", 1), left)]), NOW_S).splitlines()
    assert "no longer in the manifest, still to be finished:" in lines
    assert lines[-3].startswith("gone ")


def test_a_plan_says_what_has_no_price() -> None:
    shot = JobId("film", "", "shot-0", 1)
    lines = plan_table(planned(*shots(SUBMIT), unpriced=frozenset({shot})), NOW_S).splitlines()
    assert lines[2].split() == ["shot-0", "submit", "?", "new"]
    assert "no known price: shot-0" in lines


def test_a_plan_that_leaves_many_out_names_ten_of_them() -> None:
    lines = plan_table(planned(*shots(SUBMIT, *[HELD] * 12)), NOW_S).splitlines()
    assert lines[-2].endswith("not covered: " + ", ".join(f"shot-{n}" for n in range(1, 11)) + " and 2 more")


def test_a_long_plan_only_counts_what_is_done() -> None:
    lines = plan_table(planned(*shots(*[DONE] * 60, SUBMIT)), NOW_S).splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["shot-60", "(60"]
    assert lines[3] == "(60 done jobs not shown)"


def test_a_plan_without_a_submit_says_that_nothing_is_paid() -> None:
    assert plan_table(planned(*shots(DONE)), NOW_S).endswith("\n\nnothing to pay")


def test_a_plan_tells_programs_the_same() -> None:
    told = plan_as_json(planned(*shots(SUBMIT, HELD)))
    assert (told["priced_on"], told["cost"]) == ("2026-08-18", {"low_usd": 1.288, "high_usd": 2.576})
    assert told["jobs"][1] == {
        "id": "shot-1",
        "action": "hold",
        "status": "pending",
        "reason": "the cost limit leaves no room",
        "changed": [],
        "block": "cost-limit",
        "cost": {"low_usd": 0.0, "high_usd": 0.0},
    }
    json.dumps(told)


# what it is called


TERMS = Terms("https://api.modellix.test", date(2026, 8, 18))
PLAN = [(a_job(), SUBMIT), (a_job(name="other"), DONE)]


def test_equal_plans_are_called_the_same_whatever_the_rest_does() -> None:
    other = [(a_job(), SUBMIT), (a_job(name="other"), HELD), (None, DONE)]
    assert plan_digest(PLAN, TERMS) == plan_digest(other, TERMS)


@pytest.mark.parametrize(
    "change",
    [
        lambda job, step: (a_job(EDITED), step),
        lambda job, step: (a_job(name="another"), step),
        lambda job, step: (job, replace(step, cost=Cost(Decimal(1), Decimal(2)))),
        lambda job, step: (job, replace(step, action=Action.HOLD)),
        lambda job, step: (replace(job, identity=replace(job.identity, profile="draft")), step),
        lambda job, step: (replace(job, identity=replace(job.identity, take=2)), step),
        lambda job, step: (replace(job, output="elsewhere/hero.mp4"), step),
    ],
)
def test_a_plan_that_pays_for_something_else_is_called_otherwise(
    change: Callable[[Job, Step], tuple[Job, Step]],
) -> None:
    assert plan_digest([change(*PLAN[0]), PLAN[1]], TERMS) != plan_digest(PLAN, TERMS)


def test_two_jobs_to_pay_are_called_otherwise_than_one() -> None:
    assert plan_digest([PLAN[0], PLAN[0]], TERMS) != plan_digest([PLAN[0]], TERMS)


OTHER_TERMS = [
    replace(TERMS, retries=3),
    replace(TERMS, base_url="https://api.elsewhere.test"),
    replace(TERMS, priced_on=date(2026, 11, 1)),
    replace(TERMS, max_cost_usd=Decimal(20)),
    replace(TERMS, budget_usd=Decimal(900)),
    replace(TERMS, replaced=Replaced(finished=60, clips=60, had_cost_usd=Decimal(150))),
    replace(TERMS, leaves=("file frames/a.jpg",)),
]


@pytest.mark.parametrize("terms", OTHER_TERMS)
def test_a_plan_under_other_terms_is_called_otherwise(terms: Terms) -> None:
    assert plan_digest(PLAN, terms) != plan_digest(PLAN, TERMS)


def test_amounts_that_are_equal_make_the_same_plan() -> None:
    written = [replace(TERMS, max_cost_usd=Decimal(usd)) for usd in ("20", "20.00", "2E+1")]
    assert len({plan_digest(PLAN, terms) for terms in written}) == 1


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (TERMS, replace(TERMS, retries=3), "`retries` was 0 and is 3"),
        (replace(TERMS, retries=2), TERMS, "`retries` was 2 and is 0"),
        (TERMS, replace(TERMS, budget_usd=Decimal(900)), "there was no `budget`, and now there is $900.00"),
        (TERMS, OTHER_TERMS[3], "it was made without --max-cost $20.00: pass it to `plan` too"),
        (TERMS, OTHER_TERMS[5], "it replaced no finished clips then"),
        (TERMS, replace(TERMS, retries=3, budget_usd=Decimal(900)), None),
    ],
)
def test_the_one_term_that_tells_two_plans_apart_is_named(before: Terms, now: Terms, said: str | None) -> None:
    assert difference(PLAN, now, plan_digest(PLAN, before)) == said


# what it may cost at most


def test_a_plan_whose_failed_tasks_are_paid_again_says_what_it_costs_at_most() -> None:
    plan = planned(*shots(SUBMIT), retries=3)
    assert "with up to 3 retries of failed tasks, at most $10.30" in plan_table(plan, NOW_S).splitlines()
    assert plan_as_json(plan)["at_most_usd"] == 10.304


@pytest.mark.parametrize(("limits", "most"), [((Decimal(5), None), 5.0), ((Decimal(5), Decimal(4)), 4.0)])
def test_a_plan_costs_no_more_than_its_limits(limits: tuple[Decimal | None, ...], most: float) -> None:
    assert plan_as_json(planned(*shots(SUBMIT), retries=3, limits_usd=limits))["at_most_usd"] == most


def test_nobody_knows_what_a_plan_without_prices_costs_at_most() -> None:
    plan = planned(*shots(SUBMIT), retries=3, unpriced=frozenset({JobId("film", "", "shot-0", 1)}))
    assert plan_as_json(plan)["at_most_usd"] is None
    assert "at most" not in plan_table(plan, NOW_S)


# what it replaces


def test_a_plan_that_replaces_finished_clips_says_so_before_the_sum() -> None:
    again = Replaced(
        finished=60,
        clips=60,
        had_cost_usd=Decimal("154.56"),
        causes=(Cause("resolution", "defaults", Location("shots.yaml", 4, 37), 60),),
    )
    plan = planned(*shots(SUBMIT), replaced=again, max_replaced=12)
    lines = plan_table(plan, NOW_S).splitlines()
    line = (
        "60 finished clips would be rendered again (already paid: $154.56): `resolution` in defaults, shots.yaml:4",
        "that is more than 12: to allow it, pass --max-replace 60 or --plan to `run`",
    )
    at = lines.index(line[0])
    assert lines[at + 1] == line[1]
    assert lines[at + 2].startswith("1 clip to render")
    assert plan_as_json(plan)["replaced"] == {
        "clips": 60,
        "had_cost_usd": 154.56,
        "finished": 60,
        "ordered": 0,
        "causes": [{"field": "resolution", "layer": "defaults", "file": "shots.yaml", "line": 4, "clips": 60}],
    }


# how long it takes


RENDERED = JobHistory((closed(put(accepted(replace(SUCCESS, took_s=3_600.0)))),))
OTHER = JobHistory((closed(put(accepted(replace(SUCCESS, took_s=1_800.0), request=EDITED))),))


@pytest.mark.parametrize(
    ("requests", "memories", "concurrency", "seconds"),
    [
        ([], [RENDERED], 2, 0),
        ([REQUEST], [RENDERED], 2, 3_600),
        ([REQUEST] * 4, [RENDERED], 2, 7_200),
        ([REQUEST] * 5, [RENDERED], 2, 10_800),
        ([REQUEST, EDITED], [RENDERED, OTHER], 1, 5_400),
        ([EDITED], [RENDERED], 1, 3_600),
        ([REQUEST] * 3, [], 1, 270),
        ([REQUEST], [JobHistory((failed("broke"),))], 1, 90),
    ],
)
def test_a_plan_takes_as_long_as_such_clips_took_before(
    requests: list[Request], memories: list[JobHistory], concurrency: int, seconds: float
) -> None:
    assert expected_s(requests, memories, concurrency, shipped().latency_kind) == seconds
