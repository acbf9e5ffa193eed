"""A plan as people and programs read it: what would be done with each job next, why, and for how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batchrunner.domain.job import JobId
from batchrunner.domain.money import FREE
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step, total
from batchrunner.domain.text import (
    LONGEST_TABLE,
    Lines,
    duration,
    in_lines,
    local,
    most_usd,
    plural,
    printable,
    stacked,
    with_retries,
)
from batchrunner.planning.outgoing import NOTHING_SENT, Outgoing
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.planning.replaced import NONE_REPLACED, Replaced
from batchrunner.reports.layout import room, table

_HEADERS = ("job", "next", "cost", "why")
_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Planned:
    """A whole plan. `removed` are jobs that left the manifest and are still to be finished.

    `basis` tells what its sum is made of. `unpriced` have no price; `expected_s` is how long it takes with so many
    tasks at once. `limits_usd` are those that there are; `max_replaced` finished clips may be rendered again.
    """

    steps: tuple[tuple[JobId, Step], ...]
    removed: tuple[tuple[JobId, Step], ...]
    unpriced: frozenset[JobId]
    basis: PriceBasis
    concurrency: int
    expected_s: float
    digest: str
    retries: int = 0
    limits_usd: tuple[Decimal | None, ...] = ()
    replaced: Replaced = NONE_REPLACED
    max_replaced: int = 0
    outgoing: Outgoing = NOTHING_SENT

    @property
    def submits(self) -> list[Step]:
        """What would be paid."""
        return [step for _, step in self.steps if step.action is Action.SUBMIT]

    @property
    def most_usd(self) -> Decimal | None:
        """What it may cost at most, retries included; None where something to pay has no price."""
        if any(who in self.unpriced for who, step in self.steps if step.action is Action.SUBMIT):
            return None
        return most_usd(total(self.submits), self.retries, *self.limits_usd)


def plan_table(planned: Planned, now_s: float, width: int | None = None) -> Lines:
    """One line a job, what it all would cost, when it would end, and what the plan is called.

    Reasons are cut to what a terminal of this `width` has room for; None: they are whole.
    """
    parts = [_jobs(planned, width)]
    if planned.removed:
        title = in_lines("", "no longer in the manifest, still to be finished:")
        parts += [title, _table(planned, planned.removed, width)]
    return stacked(*parts, in_lines("", *_sums(planned, now_s)))


def _jobs(planned: Planned, width: int | None) -> Lines:
    """All jobs; of a long plan those that are done already are only counted."""
    shown = planned.steps
    if len(shown) > LONGEST_TABLE:
        shown = tuple((who, step) for who, step in shown if step.status is not Status.DONE)
    done = len(planned.steps) - len(shown)
    parts = [_table(planned, shown, width)] if shown else []
    return stacked(*parts, *([in_lines(f"({plural(done, 'done job')} not shown)")] if done else []))


def _table(planned: Planned, steps: Sequence[tuple[JobId, Step]], width: int | None) -> Lines:
    rows = [[who.name, step.action.value, _cost(who, step, planned)] for who, step in steps]
    most = room(_HEADERS[:-1], rows, width)
    reasons = [printable(step.reason, most) for _, step in steps]
    cells = [[*row, reason] for row, reason in zip(rows, reasons, strict=True)]
    return table(_HEADERS, cells, ("left", "left", "right", "left"))


def _sums(planned: Planned, now_s: float) -> Iterator[str]:
    submits = planned.submits
    unfit = [who.name for who, step in planned.steps if step.hold_reason is HoldReason.COST_LIMIT]
    yield from planned.replaced.lines()
    if planned.replaced.clips > planned.max_replaced:
        most = f"--max-replace {planned.replaced.clips}"
        yield f"that is more than {planned.max_replaced}: to allow it, pass {most} or --plan to `run`"
    if submits:
        yield f"{plural(len(submits), 'clip')} to render: {planned.basis.sum_in_words(total(submits))}"
        if planned.retries and planned.most_usd is not None:
            yield with_retries(planned.retries, planned.most_usd)
    else:
        yield "nothing to pay"
    if unfit:
        yield f"the cost limit covers {len(submits)} of {len(submits) + len(unfit)}; not covered: {_names(unfit)}"
    if planned.unpriced:
        unpriced = [who.name for who, _ in planned.steps if who in planned.unpriced]
        yield f"no known price: {_names(unpriced)}"
    yield from planned.basis.lines()
    yield from planned.outgoing.lines()
    if planned.expected_s > 0:
        end = local(now_s + planned.expected_s)
        yield f"expected: about {duration(planned.expected_s)} with {planned.concurrency} at once, until {end}"
    if submits:
        yield f"plan {planned.digest}: `run --plan {planned.digest}` renders exactly this, or nothing"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def plan_as_json(planned: Planned) -> dict[str, Any]:
    """The same for programs: `{"digest", "priced_on", "cost", "expected_s", "jobs": [{"id", "action", …}], …}`."""
    return {
        "digest": planned.digest,
        "priced_on": planned.basis.priced_on.isoformat(),
        "cost": total(planned.submits).as_json(),
        "at_most_usd": None if planned.most_usd is None else float(planned.most_usd),
        "basis": planned.basis.as_json(),
        "replaced": planned.replaced.as_json(),
        "sends": planned.outgoing.as_json(),
        "expected_s": round(planned.expected_s),
        "jobs": [_job(who, step) for who, step in planned.steps],
        "departed": [_job(who, step) for who, step in planned.removed],
    }


def _job(who: JobId, step: Step) -> dict[str, Any]:
    return {
        "id": who.name,
        "action": step.action.value,
        "status": step.status.value,
        "reason": step.reason,
        "changed": list(step.changed),
        "block": step.hold_reason.value if step.hold_reason else None,
        "cost": (step.cost if step.action is Action.SUBMIT else FREE).as_json(),
    }


def _cost(who: JobId, step: Step, planned: Planned) -> str:
    if step.action is not Action.SUBMIT:
        return "-"
    return "?" if who in planned.unpriced else str(step.cost)
