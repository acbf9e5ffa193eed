"""What the process says at its end: one code from all the last steps."""

import signal
from collections.abc import Iterable, Mapping

from batchrunner.domain.status import Status
from batchrunner.domain.step import Block, Step
from batchrunner.errors import Exit

_CODES: Mapping[Block, Exit | None] = {
    Block.UNKNOWN: Exit.PERSON_NEEDED,
    Block.DAMAGED: Exit.PERSON_NEEDED,
    Block.EXPIRED: Exit.PERSON_NEEDED,
    Block.FOREIGN_FILE: Exit.PERSON_NEEDED,
    Block.KEY: Exit.REFUSED,
    Block.OTHER_KEY: Exit.REFUSED,
    Block.BALANCE: Exit.REFUSED,
    Block.COST_LIMIT: Exit.COST_LIMIT,
    Block.PRICE: Exit.COST_LIMIT,
    Block.ADDRESS: Exit.WORK_LEFT,
    Block.UPLOAD: Exit.WORK_LEFT,
    Block.HALT: Exit.WORK_LEFT,
    Block.DRAIN: Exit.WORK_LEFT,
    Block.DEADLINE: Exit.DEADLINE,
    Block.TASK_TIMEOUT: Exit.WORK_LEFT,
    Block.TASK_REFUSED: Exit.WORK_LEFT,
    Block.FETCH_FAILED: Exit.WORK_LEFT,
    Block.LEDGER: Exit.WORK_LEFT,
    Block.IN_FLIGHT: Exit.WORK_LEFT,
    Block.WAITS_FOR_KIN: Exit.WORK_LEFT,
    Block.NOT_AGREED: Exit.WORK_LEFT,
    Block.NOT_SELECTED: None,
}

# The first that applies is what the process ends with. Source: the table in docs/exit-codes.md.
_ORDER = (
    Exit.PERSON_NEEDED,
    Exit.REFUSED,
    Exit.COST_LIMIT,
    Exit.DEADLINE,
    Exit.WORK_LEFT,
    Exit.FAILED,
)


def exit_code(steps: Iterable[Step], left_by: signal.Signals | None = None, *, is_overcharged: bool = False) -> Exit:
    """The exit code of a run that ended with these steps; `left_by` is the signal that ended it at once.

    `is_overcharged`: a bill was above what was agreed to, with the last job as well as with the first.
    """
    if left_by is not None:
        return Exit.TERMINATED if left_by is signal.SIGTERM else Exit.INTERRUPTED
    found = {_code(step) for step in steps} | ({Exit.COST_LIMIT} if is_overcharged else set())
    return next((code for code in _ORDER if code in found), Exit.DONE)


def _code(step: Step) -> Exit | None:
    if step.block is not None:
        return _CODES[step.block]
    if not step.is_last:  # it could not go on, as when the ledger's disk was full
        return Exit.WORK_LEFT
    return Exit.FAILED if step.status is Status.FAILED else None
