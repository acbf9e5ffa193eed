"""What a run tells while it goes on; who listens decides what to show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.status import Status


class EventKind(StrEnum):
    """What happened. HALT: no more is submitted. WAIT: the run goes on when a person has done something."""

    ACCEPTED = "accepted"
    RENDERED = "rendered"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOTE = "note"
    HALT = "halt"
    WAIT = "wait"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something happened, to a job or to the run as a whole."""

    kind: EventKind
    text: str
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, told at every beat; lengths of time are in seconds.

    `counts` has the jobs by status, of those that left the manifest only what is still to be brought to an end;
    `failures` has the failed ones by kind. `waits_for` says what submits wait for, `waits_s` for how long; `left_s` is
    how much longer all will take, None: nobody can tell. `limit_usd` is the most that the run may spend, None: whatever
    was agreed to. Of the `slots_known`, which the account is thought to have, this run uses `slots_used`.
    """

    counts: Mapping[Status, int]
    spent_usd: Decimal
    elapsed_s: float
    waits_for: str
    left_s: float | None = None
    waits_s: float = 0.0
    limit_usd: Decimal | None = None
    slots_used: int = 0
    slots_known: int = 0
    failures: Mapping[ErrorClass, int] = field(default_factory=dict)


Event = RunEvent | Progress
Listener = Callable[[Event], None]
