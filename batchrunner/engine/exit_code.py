"""What the process says at its end: one code from all the last steps."""

from collections.abc import Iterable, Mapping

from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason, Step
from batchrunner.engine.shutdown import ShutdownReason
from batchrunner.errors import ExitCode

_CODES: Mapping[HoldReason, ExitCode | None] = {
    HoldReason.UNKNOWN: ExitCode.PERSON_NEEDED,
    HoldReason.DAMAGED: ExitCode.PERSON_NEEDED,
    HoldReason.EXPIRED: ExitCode.PERSON_NEEDED,
    HoldReason.FOREIGN_FILE: ExitCode.PERSON_NEEDED,
    HoldReason.KEY: ExitCode.REFUSED,
    HoldReason.OTHER_KEY: ExitCode.REFUSED,
    HoldReason.BALANCE: ExitCode.REFUSED,
    HoldReason.COST_LIMIT: ExitCode.COST_LIMIT,
    HoldReason.PRICE: ExitCode.COST_LIMIT,
    HoldReason.ADDRESS: ExitCode.WORK_LEFT,
    HoldReason.UPLOAD: ExitCode.WORK_LEFT,
    HoldReason.HALT: ExitCode.WORK_LEFT,
    HoldReason.DRAIN: ExitCode.WORK_LEFT,
    HoldReason.DEADLINE: ExitCode.DEADLINE,
    HoldReason.TASK_TIMEOUT: ExitCode.WORK_LEFT,
    HoldReason.TASK_REFUSED: ExitCode.WORK_LEFT,
    HoldReason.FETCH_FAILED: ExitCode.WORK_LEFT,
    HoldReason.LEDGER: ExitCode.WORK_LEFT,
    HoldReason.IN_FLIGHT: ExitCode.WORK_LEFT,
    HoldReason.WAITS_FOR_REUSE: ExitCode.WORK_LEFT,
    HoldReason.NOT_AGREED: ExitCode.WORK_LEFT,
    HoldReason.NOT_SELECTED: None,
}

# The first that applies is what the process ends with. Source: the table in docs/exit-codes.md.
_ORDER = (
    ExitCode.PERSON_NEEDED,
    ExitCode.REFUSED,
    ExitCode.COST_LIMIT,
    ExitCode.DEADLINE,
    ExitCode.WORK_LEFT,
    ExitCode.FAILED,
)


def exit_code(
    steps: Iterable[Step], left_by: ShutdownReason | None = None, *, is_overcharged: bool = False
) -> ExitCode:
    """The exit code of a run that ended with these steps; `left_by` is who ended it at once.

    `is_overcharged`: a bill was above what was agreed to, with the last job as well as with the first.
    """
    if left_by is not None:
        return ExitCode.TERMINATED if left_by is ShutdownReason.TERMINATE else ExitCode.INTERRUPTED
    found = {_code(step) for step in steps} | ({ExitCode.COST_LIMIT} if is_overcharged else set())
    return next((code for code in _ORDER if code in found), ExitCode.DONE)


def _code(step: Step) -> ExitCode | None:
    if step.hold_reason is not None:
        return _CODES[step.hold_reason]
    if not step.is_last:  # it could not go on, as when the ledger's disk was full
        return ExitCode.WORK_LEFT
    return ExitCode.FAILED if step.status is Status.FAILED else None
