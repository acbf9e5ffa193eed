"""A plan as people and programs read it: what would be done with each job next, why, and for how much."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from tabulate import tabulate

from batchrunner.nouns.job import Identity
from batchrunner.nouns.money import FREE, Cost
from batchrunner.nouns.step import Action, Block, Step, total
from batchrunner.reports.words import counted, printable

_WIDEST_REASON = 80

Planned = tuple[Identity, Step]


def plan_table(planned: Sequence[Planned], priced_on: date) -> str:
    """One line a job, and what it all would cost."""
    table = tabulate(
        [[who.name, step.action.value, _cost(step), printable(step.reason, _WIDEST_REASON)] for who, step in planned],
        headers=["job", "next", "cost", "why"],
        disable_numparse=True,
        colalign=("left", "left", "right", "left"),
    )
    submits = [step for _, step in planned if step.action is Action.SUBMIT]
    unfit = sum(1 for _, step in planned if step.block is Block.COST_LIMIT)
    paid = f"{counted(len(submits), 'clip')} to pay: {total(submits)} (estimated, prices of {priced_on.isoformat()})"
    lines = [paid if submits else "nothing to pay"]
    if unfit:
        verb = "does" if unfit == 1 else "do"
        lines.append(f"the limit pays for {len(submits)} of {len(submits) + unfit}; {unfit} {verb} not fit")
    return "\n".join([table, "", *lines])


def plan_as_json(planned: Iterable[Planned], priced_on: date) -> dict[str, Any]:
    """The same for programs: `{"priced_on", "cost", "jobs": [{"id", "action", "status", "reason", …}]}`."""
    planned = list(planned)
    cost = total(step for _, step in planned)
    return {
        "priced_on": priced_on.isoformat(),
        "cost": _range(cost),
        "jobs": [_job(who, step) for who, step in planned],
    }


def _job(who: Identity, step: Step) -> dict[str, Any]:
    return {
        "id": who.name,
        "action": step.action.value,
        "status": step.status.value,
        "reason": step.reason,
        "changed": list(step.changed),
        "block": step.block.value if step.block else None,
        "cost": _range(step.cost) if step.action is Action.SUBMIT else _range(FREE),
    }


def _range(cost: Cost) -> dict[str, float]:
    return {"low_usd": float(cost.low_usd), "high_usd": float(cost.high_usd)}


def _cost(step: Step) -> str:
    return str(step.cost) if step.action is Action.SUBMIT else "-"
