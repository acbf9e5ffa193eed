"""A plan as people and programs read it, what it is called, and how long it takes."""

import json
import re
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
from batchrunner.planning.batch import JobState
from batchrunner.planning.plan_digest import Terms, difference, plan_digest
from batchrunner.planning.replaced import Cause, Replaced
from batchrunner.reports.expected import expected_s
from batchrunner.reports.plan_table import plan_as_json, plan_table
from tests.planning.histories import EDITED, REQUEST, SUCCESS, a_job, accepted, closed, failed, put
from tests.reports.plans import NOW_S, plan_for, planned, shots

SUBMIT = Step(Action.SUBMIT, Status.PENDING, "new", cost=Cost(Decimal("1.288"), Decimal("2.576")))
DONE = Step(Action.NONE, Status.DONE, "done")
RENDERED = JobHistory((closed(put(accepted(replace(SUCCESS, took_s=3_600.0)))),))
HELD = replace(SUBMIT, action=Action.HOLD, hold_reason=HoldReason.COST_LIMIT, reason="the cost limit leaves no room")


def test_a_plan_says_what_it_comes_to_and_then_shows_each_step() -> None:
    assert plan_table(planned(*shots(SUBMIT, DONE, HELD), expected_s=7_500)).splitlines() == [
        "film: 3 jobs",
        "  1 new: $1.29 to $2.58",
        "  1 held: over the cost limit (would cost $1.29 to $2.58); raise --max-cost or `budget`",
        "  1 done",
        "1 clip to render: $1.29 to $2.58 (estimated, prices of 2026-08-18, 97 days old)",
        "  the cost limit covers 1 of 2; not covered: shot-2",
        f"  expected: about 2 h 05 min with 2 at once, until {local(NOW_S + 7_500)}",
        "",
        "job     next              cost  why",
        "------  ------  --------------  -----------------------------",
        "shot-0  submit  $1.29 to $2.58  new",
        "shot-2  hold                 -  the cost limit leaves no room",
        "",
        "plan 0123456789ab: `run --plan 0123456789ab` renders exactly this, or nothing",
    ]


def test_a_plan_lists_apart_what_left_the_manifest() -> None:
    left = Step(Action.POLL, Status.RUNNING, "task task-1 is open", accepted())
    lines = plan_table(planned(*shots(DONE), removed=[(JobId("film", "", "gone", 1), left)])).splitlines()
    assert "  1 no longer in the manifest, still to be finished: already paid $3.00" in lines
    assert "no longer in the manifest, still to be finished:" in lines
    assert lines[-1].startswith("gone ")


def test_a_plan_says_what_has_no_price() -> None:
    lines = plan_table(planned(*shots(SUBMIT, SUBMIT), unpriced=["shot-0"])).splitlines()
    assert "  2 new: $2.58 to $5.15, and 1 without a known price" in lines
    assert "  no known price: shot-0" in lines
    assert [line.split() for line in lines if line.startswith("shot-0")] == [["shot-0", "submit", "?", "new"]]


def test_a_plan_that_leaves_many_out_names_ten_of_them() -> None:
    lines = plan_table(planned(*shots(SUBMIT, *[HELD] * 12))).splitlines()
    names = ", ".join(f"shot-{n}" for n in range(1, 11))
    assert f"  the cost limit covers 1 of 13; not covered: {names} and 2 more" in lines


def test_a_plan_only_counts_what_is_done_unless_all_is_wanted() -> None:
    plan = planned(*shots(DONE, DONE, SUBMIT))
    assert names_in(plan_table(plan)) == ["shot-2"]
    assert names_in(plan_table(plan, every_row=True)) == ["shot-0", "shot-1", "shot-2"]
    assert "  2 done" in plan_table(plan).splitlines()


def names_in(plan: str) -> list[str]:
    """What the rows of a plan begin with."""
    return [line.split("  ")[0] for line in plan.splitlines() if re.match("shot-|…", line)]


def test_rows_of_one_reason_beyond_ten_are_one_row_with_their_sum() -> None:
    other = replace(SUBMIT, reason="changed: prompt", changed=("prompt",))
    plan = planned(*shots(*[SUBMIT] * 11, other, *[SUBMIT] * 46, *[HELD] * 2))
    lines = plan_table(plan).splitlines()
    shown = names_in(plan_table(plan))
    assert shown == [*(f"shot-{n}" for n in range(10)), "… and 47 more", "shot-11", "shot-58", "shot-59"]
    [counted] = [line for line in lines if line.startswith("…")]
    assert re.split("  +", counted) == ["… and 47 more", "submit", "$60.54 to $121.07", "new (--all shows them)"]
    assert len(names_in(plan_table(plan, every_row=True))) == 60


def test_rows_of_one_kind_with_words_of_their_own_are_counted_together() -> None:
    running = [Step(Action.POLL, Status.RUNNING, f"task task-{n} is open", accepted()) for n in range(12)]
    lines = plan_table(planned(*shots(*running))).splitlines()
    assert lines[1] == "  12 rendering: already paid $36.00"
    assert re.split("  +", lines[-1]) == ["… and 2 more", "poll", "-", "rendering (--all shows them)"]


def test_jobs_that_are_left_out_for_several_reasons_are_counted_for_each() -> None:
    def left_out(why: str) -> Step:
        return replace(SUBMIT, action=Action.HOLD, reason=why, hold_reason=HoldReason.NOT_SELECTED)

    lines = plan_table(planned(*shots(left_out("over --limit 3"), left_out("not selected"), SUBMIT))).splitlines()
    assert lines[2:4] == [
        "  1 held: over --limit 3 (would cost $1.29 to $2.58)",
        "  1 held: not selected (would cost $1.29 to $2.58)",
    ]


def test_a_plan_without_a_submit_says_that_nothing_is_paid() -> None:
    assert plan_table(planned(*shots(DONE))).splitlines() == ["film: 1 job", "  1 done", "nothing to pay"]


def test_a_plan_tells_programs_the_same() -> None:
    told = plan_as_json(planned(*shots(SUBMIT, HELD)))
    assert (told["priced_on"], told["cost"]) == ("2026-08-18", {"low_usd": 1.288, "high_usd": 2.576})
    assert told["jobs"][1] == {
        "id": "shot-1",
        "change": "held",
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
    assert "  with up to 3 retries of failed tasks, at most $10.30" in plan_table(plan).splitlines()
    assert plan_as_json(plan)["at_most_usd"] == 10.304


@pytest.mark.parametrize(("limits", "most"), [((Decimal(5), None), 5.0), ((Decimal(5), Decimal(4)), 4.0)])
def test_a_plan_costs_no_more_than_its_limits(limits: tuple[Decimal | None, ...], most: float) -> None:
    assert (
        plan_as_json(planned(*shots(SUBMIT), retries=3, max_cost_usd=limits[0], budget_left_usd=limits[1]))[
            "at_most_usd"
        ]
        == most
    )


def test_nobody_knows_what_a_plan_without_prices_costs_at_most() -> None:
    plan = planned(*shots(SUBMIT), retries=3, unpriced=["shot-0"])
    assert plan_as_json(plan)["at_most_usd"] is None
    assert "at most" not in plan_table(plan)


# what it replaces


def test_a_plan_says_what_it_replaces_what_that_had_cost_and_which_line_does_it() -> None:
    again = Replaced(
        finished=60,
        clips=1,
        had_cost_usd=Decimal("3.00"),
        causes=(Cause("resolution", "defaults", Location("shots.yaml", 4, 37), 1),),
    )
    changed = replace(SUBMIT, reason="changed: resolution", changed=("durationSeconds",), attempt=RENDERED.attempts[0])
    edited = replace(a_job(EDITED), identity=JobId("film", "", "hero", 1))
    plan = plan_for(JobState(edited.identity, edited, RENDERED, changed), replaced=again, max_replaced=0)
    assert plan_table(plan).splitlines()[1:4] == [
        "  1 replaced: $1.29 to $2.58 (had cost $3.00; changed: `resolution` in defaults, shots.yaml:4)",
        "    that is more than 0: to allow it, pass --max-replace 1 or --plan to `run`",
        "1 clip to render: $1.29 to $2.58 (estimated, prices of 2026-08-18, 97 days old)",
    ]
    assert plan_as_json(plan)["replaced"] == {
        "clips": 1,
        "had_cost_usd": 3.0,
        "finished": 60,
        "ordered": 0,
        "causes": [{"field": "resolution", "layer": "defaults", "file": "shots.yaml", "line": 4, "clips": 1}],
    }


def test_a_plan_names_the_models_that_its_run_refuses() -> None:
    plan = planned(*shots(SUBMIT), refused=("one/a",), check_command="batchrunner models check one/a")
    line = "  `run` refuses one/a: the contract has changed; look at it with `batchrunner models check one/a`"
    assert line in plan_table(plan).splitlines()
    assert plan_as_json(plan)["summary"]["changed_contracts"] == ["one/a"]


# how long it takes


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
