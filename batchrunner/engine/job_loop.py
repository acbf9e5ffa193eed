"""The life of one job: ask the decider, do what it says, until it says that nothing is left to do."""

from collections.abc import Awaitable, Callable, Mapping

from batchrunner.domain.job import JobId
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.engine.fetch import adopt, fetch, restore, settle
from batchrunner.engine.guards.canary import end_probe
from batchrunner.engine.guards.price import end_suspicion
from batchrunner.engine.poll import poll
from batchrunner.engine.run import Run
from batchrunner.engine.submit import submit

StepHandler = Callable[[Run, JobId, Step], Awaitable[None]]

HANDLERS: Mapping[Action, StepHandler] = {
    Action.SUBMIT: submit,
    Action.POLL: poll,
    Action.FETCH: fetch,
    Action.SETTLE: settle,
    Action.RESTORE: restore,
    Action.ADOPT: adopt,
}


async def run_job(run: Run, identity: JobId) -> Step:
    """Brings one job as far as this run can; gives the step that ended it."""
    try:
        while True:
            step = run.decide(identity)
            if step.hold_reason is HoldReason.COST_LIMIT and run.posts:
                await run.wakeup.wait()  # a refusal on the wire may release what this job needs
            elif run.waits_for_reuse(identity, step):
                await run.wakeup.wait()
            elif step.is_last:
                return step
            else:
                await HANDLERS[step.action](run, identity, step)
    finally:
        run.slots.release(identity)
        run.finished.add(identity)
        end_suspicion(run, identity)
        end_probe(run, identity)
        run.nudge()
