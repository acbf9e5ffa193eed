"""What the planner is given beside a job and its history: facts of the moment, and what a person wants of a run."""

from dataclasses import dataclass
from decimal import Decimal

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.step import HoldReason


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why something is not done any more in this run."""

    hold_reason: HoldReason
    reason: str


@dataclass(frozen=True, slots=True)
class FileState:
    """What lies where a job's files belong.

    `present` holds the attempts whose clip lies, whole, under the path that was written down last.
    `foreign` names the file at the output path if it is not the job's, `owner` whose it is as far as that is known, and
    `own` the attempt whose clip it is. `claimed`: the other job whose open task will put its clip there.
    """

    present: frozenset[int] = frozenset()
    foreign: str | None = None
    owner: str = ""
    own: int | None = None
    claimed: str = ""


@dataclass(frozen=True, slots=True)
class ReusableAttempt:
    """The same request under another name: who asked for it, in words, and what came of it."""

    who: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What is true just now and not in the ledger.

    `room_usd` is what the caps leave (None: no cap). `stop` ends submits, `task_stop` ends asking for this
    job's task. `in_flight`: a run that is alive waits for the answer to this job's POST. `reusable`: a clip that this
    job may take over.
    """

    files: FileState = FileState()
    cost: Cost = FREE
    room_usd: Decimal | None = None
    stop: StopReason | None = None
    task_stop: StopReason | None = None
    in_flight: bool = False
    reusable: ReusableAttempt | None = None


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the person wants of this run.

    `only` limits submits to these names, `agreed` to those whose cost somebody agreed to; `submits=False` forbids them
    all. `over_limit` were chosen, too, and come after the first N, of which `only` are the names. `fetched` are those
    whose tasks are polled and whose clips are put in place (None: all).
    """

    retries: int = 0
    only: frozenset[str] | None = None
    over_limit: frozenset[str] = frozenset()
    agreed: frozenset[str] | None = None
    submits: bool = True
    fetched: frozenset[str] | None = None

    def why_left_out(self, name: str) -> str | None:
        """Why a job of this name is not one of those that may be submitted, in words; None where it is."""
        if self.only is None or name in self.only:
            return None
        return f"over --limit {len(self.only)}" if name in self.over_limit else "not selected"
