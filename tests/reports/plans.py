"""Plans to be shown, in a word."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.text import day_of
from batchrunner.planning.batch import JobState
from batchrunner.planning.plan_summary import PlanSummary, groups
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.reports.plan_table import Planned
from tests.planning.histories import a_job

PRICED_ON = date(2026, 8, 18)
NOW_S = 1_795_456_800.0


def stated(who: JobId, step: Step, history: JobHistory | None = None) -> JobState:
    """How a job stands of which nothing is known but its next step, or its history, too."""
    return JobState(who, replace(a_job(name=who.job), identity=who), history or JobHistory(), step)


def summary(*states: JobState, removed: Iterable[JobState] = (), **parts: Any) -> PlanSummary:
    """What a plan comes to; `unpriced` names jobs of it, and all other parts are as they are called."""
    unpriced = parts.pop("unpriced", ())
    submits = [each for each in states if each.step.action is Action.SUBMIT]
    unknown = {each.identity for each in submits if each.identity.name in unpriced}
    usual: dict[str, Any] = {
        "title": "film",
        "basis": PriceBasis(PRICED_ON, day_of(NOW_S), len(submits), len(unknown)),
        "concurrency": 2,
        "expected_s": 0.0,
        "uncovered": tuple(each.identity.name for each in states if each.step.hold_reason is HoldReason.COST_LIMIT),
        "unpriced": tuple(who.name for who in unknown),
    }
    whole = {**usual, **parts}
    ends_at_s = NOW_S + whole["expected_s"]
    return PlanSummary(groups=groups(states, unknown), removed=groups(removed), ends_at_s=ends_at_s, **whole)


def planned(*steps: tuple[JobId, Step], removed: Iterable[tuple[JobId, Step]] = (), **parts: Any) -> Planned:
    """The plan of jobs of which nothing is known but their next steps."""
    left = [replace(stated(*each), job=None) for each in removed]
    return plan_for(*(stated(*each) for each in steps), removed=left, **parts)


def plan_for(*states: JobState, removed: Iterable[JobState] = (), **parts: Any) -> Planned:
    """The plan of jobs that stand so."""
    removed = tuple(removed)
    return Planned(states, removed, "0123456789ab", summary(*states, removed=removed, **parts))


def shots(*steps: Step) -> list[tuple[JobId, Step]]:
    """Jobs with these steps: `shot-0`, `shot-1`, …"""
    return [(JobId("film", "", f"shot-{n}", 1), step) for n, step in enumerate(steps)]
