"""A plan as people and programs read it, what it is called, and how long it takes."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from batchrunner.nouns.facts import Memory
from batchrunner.nouns.job import Identity, Job
from batchrunner.nouns.money import Cost
from batchrunner.nouns.request import Request
from batchrunner.nouns.status import Status
from batchrunner.nouns.step import Action, Block, Step
from batchrunner.reports import expected_s, local, plan_as_json, plan_digest, plan_table
from tests.plan.past import EDITED, REQUEST, SUCCESS, a_job, accepted, closed, failed, put
from tests.reports.plans import NOW_S, planned, shots

SUBMIT = Step(Action.SUBMIT, Status.PENDING, "new", cost=Cost(Decimal("1.288"), Decimal("2.576")))
DONE = Step(Action.NONE, Status.DONE, "done")
HELD = replace(SUBMIT, action=Action.HOLD, block=Block.COST_LIMIT, reason="the cost limit leaves no room")


def test_a_plan_shows_each_step_and_what_it_all_costs() -> None:
    assert plan_table(planned(*shots(SUBMIT, DONE, HELD), expected_s=7_500), NOW_S).splitlines() == [
        "job     next              cost  why",
        "------  ------  --------------  -----------------------------",
        "shot-0  submit  $1.29 to $2.58  new",
        "shot-1  none                 -  done",
        "shot-2  hold                 -  the cost limit leaves no room",
        "",
        "1 clip to pay: $1.29 to $2.58 (estimated, prices of 2026-08-18, 97 days old)",
        "the limit pays for 1 of 2; this does not fit: shot-2",
        f"expected: about 2 h 05 min with 2 at once, until {local(NOW_S + 7_500)}",
        "plan 0123456789ab: `run --plan 0123456789ab` pays for exactly this, or for nothing",
    ]


def test_a_plan_lists_apart_what_left_the_manifest() -> None:
    left = Step(Action.POLL, Status.RUNNING, "task task-1 is open")
    lines = plan_table(planned(*shots(DONE), departed=[(Identity("film", "", "gone", 1), left)]), NOW_S).splitlines()
    assert "no longer in the manifest, brought to their end:" in lines
    assert lines[-3].startswith("gone ")


def test_a_plan_says_what_has_no_price() -> None:
    shot = Identity("film", "", "shot-0", 1)
    lines = plan_table(planned(*shots(SUBMIT), unpriced=frozenset({shot})), NOW_S).splitlines()
    assert lines[2].split() == ["shot-0", "submit", "?", "new"]
    assert "without a price: shot-0" in lines


def test_a_plan_that_leaves_many_out_names_ten_of_them() -> None:
    lines = plan_table(planned(*shots(SUBMIT, *[HELD] * 12)), NOW_S).splitlines()
    assert lines[-2].endswith("these 12 do not fit: " + ", ".join(f"shot-{n}" for n in range(1, 11)) + " and 2 more")


def test_a_long_plan_only_counts_what_is_done() -> None:
    lines = plan_table(planned(*shots(*[DONE] * 60, SUBMIT)), NOW_S).splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["shot-60", "(60"]
    assert lines[3] == "(60 jobs done and not shown)"


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


PLAN = [(a_job(), SUBMIT), (a_job(name="other"), DONE)]


def test_equal_plans_are_called_the_same_whatever_the_rest_does() -> None:
    assert plan_digest(PLAN) == plan_digest([(a_job(), SUBMIT), (a_job(name="other"), HELD), (None, DONE)])


@pytest.mark.parametrize(
    "change",
    [
        lambda job, step: (a_job(EDITED), step),
        lambda job, step: (a_job(name="another"), step),
        lambda job, step: (job, replace(step, cost=Cost(Decimal(1), Decimal(2)))),
        lambda job, step: (job, replace(step, action=Action.HOLD)),
        lambda job, step: (replace(job, identity=replace(job.identity, profile="draft")), step),
        lambda job, step: (replace(job, identity=replace(job.identity, take=2)), step),
    ],
)
def test_a_plan_that_pays_for_something_else_is_called_otherwise(
    change: Callable[[Job, Step], tuple[Job, Step]],
) -> None:
    assert plan_digest([change(*PLAN[0]), PLAN[1]]) != plan_digest(PLAN)


def test_two_jobs_to_pay_are_called_otherwise_than_one() -> None:
    assert plan_digest([PLAN[0], PLAN[0]]) != plan_digest([PLAN[0]])


# how long it takes


RENDERED = Memory((closed(put(accepted(replace(SUCCESS, took_s=3_600.0)))),))
OTHER = Memory((closed(put(accepted(replace(SUCCESS, took_s=1_800.0), request=EDITED))),))


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
        ([REQUEST], [Memory((failed("broke"),))], 1, 90),
    ],
)
def test_a_plan_takes_as_long_as_such_clips_took_before(
    requests: list[Request], memories: list[Memory], concurrency: int, seconds: float
) -> None:
    assert expected_s(requests, memories, concurrency) == seconds
