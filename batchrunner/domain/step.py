"""A step: what is to be done with a job next, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.status import Status


class Action(StrEnum):
    """What the runner can do with a job."""

    SUBMIT = "submit"
    POLL = "poll"
    FETCH = "fetch"
    SETTLE = "settle"
    RESTORE = "restore"
    ADOPT = "adopt"
    HOLD = "hold"
    NONE = "none"


class HoldReason(StrEnum):
    """What holds a job that is not finished."""

    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    FOREIGN_FILE = "foreign-file"
    OTHER_KEY = "other-key"
    KEY = "key"
    BALANCE = "balance"
    COST_LIMIT = "cost-limit"
    PRICE = "price"
    ADDRESS = "address"
    UPLOAD = "upload"
    HALT = "halt"
    DRAIN = "drain"
    DEADLINE = "deadline"
    TASK_TIMEOUT = "task-timeout"
    TASK_REFUSED = "task-refused"
    FETCH_FAILED = "fetch-failed"
    LEDGER = "ledger"
    WAITS_FOR_REUSE = "waits-for-kin"
    NOT_SELECTED = "not-selected"
    NOT_AGREED = "not-agreed"
    IN_FLIGHT = "in-flight"


@dataclass(frozen=True, slots=True)
class Step:
    """One decision. `attempt` is the one it speaks of; `changed` names the fields that differ from it."""

    action: Action
    status: Status
    reason: str
    attempt: Attempt | None = None
    cost: Cost = FREE
    changed: tuple[str, ...] = ()
    hold_reason: HoldReason | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing more happens to the job in this run."""
        return self.action in {Action.HOLD, Action.NONE}


def total(steps: Iterable[Step]) -> Cost:
    """What the submits among these steps are estimated to cost."""
    return sum((step.cost for step in steps if step.action is Action.SUBMIT), FREE)
