"""A plan as people and programs read it: what it comes to, and then what would be done with each job, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batchrunner.domain.job import JobId
from batchrunner.domain.money import FREE
from batchrunner.domain.step import Action, Step, total
from batchrunner.domain.text import Lines, in_lines, printable, stacked
from batchrunner.planning.batch import JobState
from batchrunner.planning.plan_summary import GroupKey, PlannedChange, PlanSummary, group_key
from batchrunner.reports.layout import room, table
from batchrunner.reports.summary_lines import CHANGE_WORDS, detail_lines, sum_lines, summary_as_json

_HEADERS = ("job", "next", "cost", "why")
# So many rows of one reason are shown; the others are counted.
_MOST_ROWS = 10
_ALL = "--all shows them"


@dataclass(frozen=True, slots=True)
class Planned:
    """A whole plan: how each wanted job stands and what would be done with it, and what that comes to.

    `removed` are jobs that left the manifest and are still to be finished.
    """

    states: tuple[JobState, ...]
    removed: tuple[JobState, ...]
    digest: str
    summary: PlanSummary

    @property
    def steps(self) -> tuple[tuple[JobId, Step], ...]:
        """What would be done with each wanted job next."""
        return tuple((state.identity, state.step) for state in self.states)

    @property
    def submits(self) -> list[Step]:
        """What would be paid."""
        return [state.step for state in self.states if state.step.action is Action.SUBMIT]

    @property
    def most_usd(self) -> Decimal | None:
        """What it may cost at most, retries included; None where something to pay has no price."""
        return self.summary.most_usd


def plan_table(planned: Planned, width: int | None = None, *, every_row: bool = False) -> Lines:
    """What a plan comes to, one line a job, and what the plan is called.

    Jobs that are done are only counted, and so are those beyond ten of one reason, unless `every_row` is wanted.
    Reasons are cut to what a terminal of this `width` has room for; None: they are whole.
    """
    parts = [in_lines(*sum_lines(planned.summary), *detail_lines(planned.summary))]
    for states, title in ((planned.states, ""), (planned.removed, _REMOVED)):
        rows = list(_rows(states, frozenset(planned.summary.unpriced), every_row=every_row))
        if rows:
            parts.append(in_lines("", *([title] if title else [])))
            parts.append(_table(rows, width))
    if planned.submits:
        digest = planned.digest
        parts.append(in_lines("", f"plan {digest}: `run --plan {digest}` renders exactly this, or nothing"))
    return stacked(*parts)


_REMOVED = "no longer in the manifest, still to be finished:"
_Row = tuple[str, str, str, str]


def _rows(states: Iterable[JobState], unpriced: frozenset[str], *, every_row: bool) -> Iterator[_Row]:
    """The rows of these jobs in their order; those that are only counted are one row, where the first of them was."""
    shown: list[list[JobState]] = []
    of_reason: dict[tuple[GroupKey, tuple[str, ...]], list[JobState]] = {}
    for state in states:
        key = group_key(state)
        if every_row or key[0] is not PlannedChange.DONE:
            alike = of_reason.setdefault((key, state.step.changed), [])
            alike.append(state)
            if every_row or len(alike) <= _MOST_ROWS:
                shown.append([state])
            elif len(alike) == _MOST_ROWS + 1:
                shown.append(alike)
    for each in shown:
        yield _row(each[0], unpriced) if len(each) == 1 else _counted(each[_MOST_ROWS:], unpriced)


def _row(state: JobState, unpriced: frozenset[str]) -> _Row:
    return state.identity.name, state.step.action.value, _cost([state], unpriced), state.step.reason


def _counted(states: list[JobState], unpriced: frozenset[str]) -> _Row:
    step, reasons = states[0].step, {state.step.reason for state in states}
    change, _, _ = group_key(states[0])
    why = step.reason if len(reasons) == 1 else CHANGE_WORDS[change]
    return f"… and {len(states)} more", step.action.value, _cost(states, unpriced), f"{why} ({_ALL})"


def _cost(states: Iterable[JobState], unpriced: frozenset[str]) -> str:
    submits = [state for state in states if state.step.action is Action.SUBMIT]
    if not submits:
        return "-"
    if any(state.identity.name in unpriced for state in submits):
        return "?"
    return str(total(state.step for state in submits))


def _table(rows: list[_Row], width: int | None) -> Lines:
    most = room(_HEADERS[:-1], [row[:-1] for row in rows], width)
    cells = [[*row[:-1], printable(row[-1], most)] for row in rows]
    return table(_HEADERS, cells, ("left", "left", "right", "left"))


def plan_as_json(planned: Planned) -> dict[str, Any]:
    """The same for programs: `{"digest", "summary", "priced_on", "cost", "jobs": [{"id", "action", …}], …}`."""
    summary = planned.summary
    return {
        "digest": planned.digest,
        "summary": summary_as_json(summary),
        "priced_on": summary.basis.priced_on.isoformat(),
        "cost": total(planned.submits).as_json(),
        "at_most_usd": None if planned.most_usd is None else float(planned.most_usd),
        "basis": summary.basis.as_json(),
        "replaced": summary.replaced.as_json(),
        "sends": summary.outgoing.as_json(),
        "expected_s": round(summary.expected_s),
        "jobs": [_job(state) for state in planned.states],
        "departed": [_job(state) for state in planned.removed],
    }


def _job(state: JobState) -> dict[str, Any]:
    step = state.step
    return {
        "id": state.identity.name,
        "change": group_key(state)[0].value,
        "action": step.action.value,
        "status": step.status.value,
        "reason": step.reason,
        "changed": list(step.changed),
        "block": step.hold_reason.value if step.hold_reason else None,
        "cost": (step.cost if step.action is Action.SUBMIT else FREE).as_json(),
    }
