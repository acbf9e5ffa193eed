"""What holds a step back: a stop, a limit, a missing approval, or a file of somebody else in its place."""

from dataclasses import replace

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.job import Job
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions


def submit_unless_held(
    job: Job,
    reason: str,
    attempt: Attempt | None,
    changed: tuple[str, ...],
    inputs: PlanInputs,
    options: PlanOptions,
) -> Step:
    """A submit, unless something stands in its way; what stands there is said instead."""
    step = Step(Action.SUBMIT, Status.PENDING, reason, attempt, inputs.cost, changed)
    left_out = options.why_left_out(job.name)
    if left_out or not options.submits:
        return replace(step, action=Action.HOLD, reason=left_out or reason, hold_reason=HoldReason.NOT_SELECTED)
    if inputs.files.foreign or inputs.files.claimed:
        return _foreign(inputs.files, Status.PENDING, attempt)
    if inputs.stop:
        return replace(step, action=Action.HOLD, reason=inputs.stop.reason, hold_reason=inputs.stop.hold_reason)
    if inputs.room_usd is not None and inputs.cost.high_usd > inputs.room_usd:
        return replace(
            step, action=Action.HOLD, reason="the cost limit leaves no room", hold_reason=HoldReason.COST_LIMIT
        )
    if options.agreed is not None and job.name not in options.agreed:
        reason = "it was not in the plan that was approved"
        return replace(step, action=Action.HOLD, reason=reason, hold_reason=HoldReason.NOT_AGREED)
    return step


def put_unless_held(step: Step, inputs: PlanInputs) -> Step:
    """A step that puts a file under its final name, unless something else lies there."""
    if inputs.files.foreign:
        return _foreign(inputs.files, step.status, step.attempt)
    return unless_stopped(step, inputs)


def unless_stopped(step: Step, inputs: PlanInputs) -> Step:
    """A step, unless nothing more is done about its task in this run."""
    stop = inputs.task_stop
    return step if stop is None else replace(step, action=Action.HOLD, reason=stop.reason, hold_reason=stop.hold_reason)


def _foreign(files: FileState, status: Status, attempt: Attempt | None) -> Step:
    if files.owner:
        reason = f"{files.foreign} is the clip of {files.owner}: give this job another `output:`"
    elif files.foreign:
        reason = f"{files.foreign} exists but was not created by batchrunner; move it"
    else:
        reason = f"the clip of {files.claimed} goes to the same path: give this job another `output:`"
    return Step(Action.HOLD, status, reason, attempt, hold_reason=HoldReason.FOREIGN_FILE)
