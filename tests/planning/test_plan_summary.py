"""What a plan comes to: each job counts once, each dollar once, whatever its jobs have been through."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.domain.attempt import Attempt, RejectReason
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.money import Cost
from batchrunner.domain.step import Action, total
from batchrunner.planning.batch import JobState
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions
from batchrunner.planning.plan_summary import PlannedChange, PlanSummary, change_of, groups
from batchrunner.planning.planner import next_step, plan_all
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.planning.replaced import replaced
from batchrunner.reports.plan_table import Planned, plan_as_json, plan_table
from tests.planning.histories import (
    COST,
    EDITED,
    OPENED_S,
    PASTS,
    REQUEST,
    SUCCESS,
    a_job,
    accepted,
    an_attempt,
    closed,
    failed,
    put,
)

BASIS = PriceBasis(date(2026, 8, 18), date(2026, 11, 23))
CLIP = closed(put(accepted(SUCCESS)))


def history(past: str, *, decided: DecisionKind | None = None) -> JobHistory:
    attempt = PASTS[past]
    decisions = (Decision(OPENED_S, decided, 1, REQUEST),) if decided else ()
    return JobHistory((attempt,) if attempt else (), decisions)


def changes(*states: JobState) -> list[PlannedChange]:
    return [change_of(each.job, each.history, each.step) for each in states]


def state(
    known: JobHistory, *, edited: bool = False, there: bool = False, retries: int = 0, name: str = "hero"
) -> JobState:
    """A job with this past, as the planner goes on with it."""
    job = a_job(EDITED if edited else REQUEST, name)
    files = FileState(frozenset({1}) if there else frozenset())
    step = next_step(job, known, PlanInputs(files, COST), PlanOptions(retries=retries))
    return JobState(job.identity, job, known, step)


REDO, RETRY, PAY = DecisionKind.REDO, DecisionKind.RETRY, DecisionKind.PAY_AGAIN


@pytest.mark.parametrize(
    ("known", "edited", "there", "change"),
    [
        (history("none"), False, False, PlannedChange.NEW),
        (history("done"), True, True, PlannedChange.REPLACED),
        (history("failed"), True, False, PlannedChange.EDITED),
        (history("failed"), False, False, PlannedChange.RETRIED),
        (history("failed", decided=RETRY), False, False, PlannedChange.RETRIED),
        (history(f"refused: {RejectReason.BALANCE.value}"), False, False, PlannedChange.RESUBMITTED),
        (history("done", decided=REDO), False, True, PlannedChange.REDONE),
        (
            JobHistory((closed(an_attempt()),), (Decision(OPENED_S, PAY, 1, REQUEST),)),
            False,
            False,
            PlannedChange.PAID_AGAIN,
        ),
        (history("rendered"), False, False, PlannedChange.DOWNLOADED),
        (history("done"), False, False, PlannedChange.DOWNLOADED),
        (history("running"), True, False, PlannedChange.RENDERING),
        (history("clip written down, not settled"), False, True, PlannedChange.IN_PLACE),
        (history("among the versions"), False, True, PlannedChange.RESTORED),
        (history("unknown"), False, False, PlannedChange.HELD),
        (history("done"), False, True, PlannedChange.DONE),
    ],
)
def test_what_a_plan_means_for_a_job(known: JobHistory, *, edited: bool, there: bool, change: PlannedChange) -> None:
    assert changes(state(known, edited=edited, there=there, retries=1)) == [change]


def test_a_failure_that_nobody_retries_has_failed() -> None:
    assert changes(state(history("failed"))) == [PlannedChange.FAILED]


def test_a_retry_after_a_clip_is_a_retry_and_says_what_the_clip_had_cost() -> None:
    """The clip is replaced all the same: that is no slip, somebody agreed to it once."""
    again = replace(failed("broke"), request=EDITED, number=2, id=2)
    retried = state(JobHistory((CLIP, again)), edited=True, retries=1)
    [group] = groups([retried])
    assert (group.change, group.replaced, group.paid_usd) == (PlannedChange.RETRIED, 1, Decimal("3.00"))


# every plan


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[JobState], frozenset[str]]:
    """Jobs with any past, edited or not, decided about or not, chosen or not, with any room; some without a price."""
    jobs, names = [], [f"job{number}" for number in range(draw(st.integers(0, 12)))]
    for name in names:
        known = history(draw(st.sampled_from(sorted(PASTS))), decided=draw(st.sampled_from([None, *DecisionKind])))
        attempt: Attempt | None = known.attempts[0] if known.attempts else None
        there = bool(attempt and attempt.clips and draw(st.booleans()))
        foreign = draw(st.sampled_from([None, None, None, "outputs/x.mp4"]))
        files = FileState(frozenset({1}) if there else frozenset(), foreign=foreign)
        cost = Cost(*sorted(Decimal(draw(st.integers(0, 300))) / 100 for _ in range(2)))
        jobs.append((a_job(draw(st.sampled_from([REQUEST, EDITED])), name), known, PlanInputs(files, cost)))
    some = st.frozensets(st.sampled_from(names)) if names else st.just(frozenset[str]())
    only = draw(st.none() | some)
    options = PlanOptions(draw(st.integers(0, 1)), only=only, over_limit=draw(some))
    room = draw(st.none() | st.integers(0, 20).map(Decimal))
    steps = plan_all(jobs, options, room)
    states = [JobState(job.identity, job, known, step) for (job, known, _), step in zip(jobs, steps, strict=True)]
    return states, draw(some)


def summed(states: list[JobState], without_price: frozenset[str]) -> PlanSummary:
    unpriced = {s.identity for s in states if s.identity.name in without_price and s.step.action is Action.SUBMIT}
    return PlanSummary(
        "film",
        groups(states, unpriced),
        BASIS,
        concurrency=2,
        expected_s=0,
        ends_at_s=OPENED_S,
        unpriced=tuple(who.name for who in unpriced),
        replaced=replaced((s.job, s.history, s.step) for s in states),
    )


@given(plans())
def test_each_job_counts_once_and_each_dollar_once(plan: tuple[list[JobState], frozenset[str]]) -> None:
    states, without_price = plan
    summary = summed(states, without_price)
    submits = [state.step for state in states if state.step.action is Action.SUBMIT]

    assert (summary.jobs, summary.clips) == (len(states), len(submits))
    assert summary.cost == total(submits)
    assert Counter(changes(*states)) == sum((Counter({g.change: g.jobs}) for g in summary.groups), Counter())
    assert sum(group.unpriced for group in summary.groups) == len(summary.unpriced)
    again = [group for group in summary.groups if group.replaced]
    assert sum(group.replaced for group in again) == summary.replaced.clips + summary.replaced.ordered
    had_cost = summary.replaced.had_cost_usd + summary.replaced.ordered_had_cost_usd
    assert sum(group.paid_usd for group in again) == had_cost
    slips = sum(group.jobs for group in summary.groups if group.change is PlannedChange.REPLACED)
    assert slips == summary.replaced.clips


@given(plans())
def test_what_is_printed_adds_up_too(plan: tuple[list[JobState], frozenset[str]]) -> None:
    states, without_price = plan
    planned = Planned(tuple(states), (), "0123456789ab", summed(states, without_price))
    text = plan_table(planned)
    first, *lines = text.splitlines()
    counts = [int(found[1]) for line in lines if (found := re.match(r" +(\d+) [a-z]", line))]
    assert first == f"film: {len(states)} job{'' if len(states) == 1 else 's'}"
    assert sum(counts) == len(states)
    told = plan_as_json(planned)["summary"]
    assert sum(group["jobs"] for group in told["groups"]) == told["jobs"] == len(states)
    rows = plan_table(planned, every_row=True).splitlines()
    assert {s.identity.name for s in states} == {
        line.split()[0] for line in rows if line.startswith("job") and "  " in line
    } - {"job"}
