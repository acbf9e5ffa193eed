"""The life of one job: ask the decider, do what it says, until it says that nothing is left to do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from batchrunner.domain.job import JobId
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.engine.decider import Decider
from batchrunner.engine.guards.canary import CanaryGate
from batchrunner.engine.guards.price import PriceGuard
from batchrunner.engine.in_flight import InFlightSubmits
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.scheduling.wakeup import Wakeup

StepHandler = Callable[[JobId, Step], Awaitable[None]]


@dataclass(slots=True, kw_only=True, eq=False)
class JobLoop:
    """Brings jobs, one call each, as far as this run can. `handlers` do what a step says."""

    decider: Decider
    handlers: Mapping[Action, StepHandler]
    in_flight: InFlightSubmits
    slots: SlotQueue
    canary: CanaryGate
    price: PriceGuard
    wakeup: Wakeup
    _finished: set[JobId] = field(init=False, default_factory=set)

    async def run(self, identity: JobId) -> None:
        """Brings one job as far as this run can; its last step is the decider's."""
        try:
            await self._run(identity)
        finally:
            self._finished.add(identity)
            self.slots.release(identity)
            self.price.end_suspicion(identity)
            self.canary.end_probe(identity)
            self.wakeup.notify_all()

    async def _run(self, identity: JobId) -> None:
        while True:
            step = self.decider.decide(identity)
            if self._may_change(identity, step):
                await self.wakeup.wait()
            elif step.is_last:
                return
            else:
                if step.action is Action.SUBMIT:
                    self.price.end_suspicion(identity)  # where it comes again, its first clip ended
                await self.take(identity, step)

    async def take(self, identity: JobId, step: Step) -> None:
        """Takes one step."""
        await self.handlers[step.action](identity, step)

    def _may_change(self, identity: JobId, step: Step) -> bool:
        """Whether what holds a job may be over soon: a refusal releases money, another job brings the same clip."""
        if step.hold_reason is HoldReason.COST_LIMIT:
            return bool(self.in_flight)
        reusable = self.decider.batch.reusable.get(identity)
        if step.hold_reason is not HoldReason.WAITS_FOR_REUSE or reusable is None:
            return False
        return reusable.identity in self.decider.steps and reusable.identity not in self._finished
