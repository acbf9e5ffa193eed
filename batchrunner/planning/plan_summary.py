"""What a plan comes to: its jobs by what would be done with them, each kind with its sum, and totals that add up."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batchrunner.domain.attempt import Attempt, Outcome, RejectReason
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.money import FREE, NOTHING, Cost
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step, total
from batchrunner.domain.text import most_usd
from batchrunner.planning.batch import JobState
from batchrunner.planning.outgoing import NOTHING_SENT, Outgoing
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.planning.replaced import NONE_REPLACED, Replaced, finished_clip, is_ordered


class PlannedChange(StrEnum):
    """What a plan means for a job. The values are names in the JSON of a plan."""

    NEW = "new"
    REPLACED = "replaced"
    EDITED = "edited"
    RETRIED = "retried"
    RESUBMITTED = "resubmitted"
    REDONE = "redone"
    PAID_AGAIN = "paid-again"
    TAKEN_OVER = "taken-over"
    RESTORED = "restored"
    RENDERING = "rendering"
    DOWNLOADED = "downloaded"
    IN_PLACE = "in-place"
    HELD = "held"
    FAILED = "failed"
    DONE = "done"


# What is submitted, and paid.
PAID = frozenset(
    {
        PlannedChange.NEW,
        PlannedChange.REPLACED,
        PlannedChange.EDITED,
        PlannedChange.RETRIED,
        PlannedChange.RESUBMITTED,
        PlannedChange.REDONE,
        PlannedChange.PAID_AGAIN,
    }
)
_ORDERED = {
    DecisionKind.REDO: PlannedChange.REDONE,
    DecisionKind.RETRY: PlannedChange.RETRIED,
    DecisionKind.PAY_AGAIN: PlannedChange.PAID_AGAIN,
}
_FREE = {
    Action.ADOPT: PlannedChange.TAKEN_OVER,
    Action.RESTORE: PlannedChange.RESTORED,
    Action.POLL: PlannedChange.RENDERING,
    Action.FETCH: PlannedChange.DOWNLOADED,
    Action.SETTLE: PlannedChange.IN_PLACE,
    Action.HOLD: PlannedChange.HELD,
}


def change_of(job: Job | None, history: JobHistory, step: Step) -> PlannedChange:
    """What a step means for its job, whose history it was decided by."""
    if step.action is Action.SUBMIT and job is not None:
        return _submitted(job, history, step)
    if step.action is Action.FETCH and step.attempt and step.attempt.is_adopted and not step.attempt.clips:
        return PlannedChange.TAKEN_OVER
    return _FREE.get(step.action, PlannedChange.DONE if step.status is Status.DONE else PlannedChange.FAILED)


def _submitted(job: Job, history: JobHistory, step: Step) -> PlannedChange:
    decision, clip = history.open_decision(job.request), finished_clip(history)
    if decision is not None:
        return _ORDERED[decision.kind]
    if clip is not None and not is_ordered(job, history, clip):
        return PlannedChange.REPLACED
    if step.attempt is None:
        return PlannedChange.NEW
    if step.changed:
        return PlannedChange.EDITED
    return PlannedChange.RESUBMITTED if _was_no_fault_of_it(step.attempt) else PlannedChange.RETRIED


def _was_no_fault_of_it(attempt: Attempt) -> bool:
    """Whether it was refused for a reason that has nothing to do with what it asked for."""
    reason = attempt.answer.reject_reason if attempt.answer else None
    return attempt.outcome is Outcome.REFUSED and reason not in (None, RejectReason.INVALID)


@dataclass(frozen=True, slots=True)
class Group:
    """So many jobs for which a plan means the same, and what that comes to.

    `cost` is what is submitted of them, apart from those that are `unpriced`. `paid_usd` is what the clips and tasks
    have cost that they have already, of which so many finished clips are `replaced`. Of held jobs, `why` is their
    reason where it is one for all, and `held_cost` what they would cost.
    """

    change: PlannedChange
    hold_reason: HoldReason | None = None
    why: str = ""
    jobs: int = 0
    cost: Cost = FREE
    held_cost: Cost = FREE
    unpriced: int = 0
    paid_usd: Decimal = NOTHING
    replaced: int = 0


GroupKey = tuple[PlannedChange, HoldReason | None, str]


def group_key(state: JobState) -> GroupKey:
    """Which group a job belongs to; jobs that were not selected have several reasons."""
    step = state.step
    why = step.reason if step.hold_reason is HoldReason.NOT_SELECTED else ""
    return change_of(state.job, state.history, step), step.hold_reason, why


def groups(states: Iterable[JobState], unpriced: AbstractSet[JobId] = frozenset()) -> tuple[Group, ...]:
    """The jobs of a plan by what it means for them, in the order of `PlannedChange`; each job is in one of them."""
    found: dict[GroupKey, list[JobState]] = {}
    for state in states:
        found.setdefault(group_key(state), []).append(state)
    order = list(PlannedChange)
    return tuple(_group(key, found[key], unpriced) for key in sorted(found, key=lambda key: order.index(key[0])))


def _group(key: GroupKey, members: Sequence[JobState], unpriced: AbstractSet[JobId]) -> Group:
    change, hold_reason, why = key
    submits = [state for state in members if state.step.action is Action.SUBMIT]
    clips = [clip for state in submits if (clip := finished_clip(state.history))]
    others = [state.step for state in members if state.step.action is not Action.SUBMIT]
    return Group(
        change,
        hold_reason,
        why,
        jobs=len(members),
        cost=total(state.step for state in submits),
        held_cost=sum((step.cost for step in others), FREE),
        unpriced=sum(state.identity in unpriced for state in submits),
        paid_usd=sum((clip.booked_usd for clip in clips), NOTHING) + sum(map(_paid_usd, others), NOTHING),
        replaced=len(clips),
    )


def _paid_usd(step: Step) -> Decimal:
    """What a job has cost that is not submitted, as far as what it has counts for what it asks for now."""
    return step.attempt.booked_usd if step.attempt and step.status is not Status.PENDING else NOTHING


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a plan comes to, as everybody is shown it who has to agree.

    `groups` hold every wanted job once, `removed` those that left the manifest and are still to be finished. `basis` is
    what the sum is made of. `uncovered` are the names of jobs that a cost limit leaves out, `unpriced` of those that
    would be paid without a known price. A limit of None is none; edits may replace `max_replaced` finished clips (None:
    somebody allowed it). `refused` are models that `run` refuses until somebody looked at them by the `check_command`.
    It takes about `expected_s`, until `ends_at_s`, with so many tasks at once.
    """

    title: str
    groups: tuple[Group, ...]
    basis: PriceBasis
    concurrency: int
    expected_s: float
    ends_at_s: float
    removed: tuple[Group, ...] = ()
    retries: int = 0
    max_cost_usd: Decimal | None = None
    budget_left_usd: Decimal | None = None
    uncovered: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()
    replaced: Replaced = NONE_REPLACED
    max_replaced: int | None = None
    refused: tuple[str, ...] = ()
    check_command: str = ""
    outgoing: Outgoing = NOTHING_SENT

    @property
    def jobs(self) -> int:
        """How many jobs are wanted."""
        return sum(group.jobs for group in self.groups)

    @property
    def clips(self) -> int:
        """How many of them would be paid."""
        return sum(group.jobs for group in self.groups if group.change in PAID)

    @property
    def cost(self) -> Cost:
        """What these are estimated to cost, as far as they have a price."""
        return sum((group.cost for group in self.groups), FREE)

    @property
    def most_usd(self) -> Decimal | None:
        """What it may cost at most, retries included; None where something to pay has no price."""
        if self.unpriced:
            return None
        return most_usd(self.cost, self.retries, self.max_cost_usd, self.budget_left_usd)
