"""What a run tells while it goes on; who listens decides what to show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

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
    """How far a run is, told at every beat. `left_s` is how much longer it will take; None: nobody can tell yet."""

    counts: Mapping[Status, int]
    spent_usd: Decimal
    elapsed_s: float
    waits_for: str
    left_s: float | None = None


Event = RunEvent | Progress
Listener = Callable[[Event], None]
