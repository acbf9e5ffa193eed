"""A whole run: rendered clips first, then every job at once, until each has come as far as it can."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from batchrunner import __version__
from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.engine.assembly import Assembly
from batchrunner.engine.decider import Decider
from batchrunner.engine.exit_code import exit_code
from batchrunner.engine.job_loop import JobLoop
from batchrunner.engine.poll import attempt_of
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.services import Services
from batchrunner.engine.stops import Stops
from batchrunner.engine.task_tracker import TaskTracker
from batchrunner.errors import ExitCode, LedgerError
from batchrunner.planning.batch import Batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import as_record
from batchrunner.storage.clips import ClipStore
from batchrunner.storage.records import NewRun

# Nobody waits longer for a balance that is only reported.
_LAST_WAIT_S = 5.0
_CLOCK_IS_READ_S = 15.0
# For so long rendered clips come before any submit: a file server that trickles shall not hold a night.
_FIRST_FETCHES_S = 60.0


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its number in the ledger, each job's last step, and what it asked of the service.

    `began` tells how each job stood before anything was done with it.
    """

    run_id: int
    exit_code: ExitCode
    steps: dict[JobId, Step]
    stats: RunStats
    seconds: float
    began: Mapping[JobId, Status] = field(default_factory=dict)


async def execute(
    batch: Batch,
    services: Services,
    limits: EffectiveLimits,
    options: PlanOptions,
    *,
    command: str,
    beat_s: float = 30.0,
) -> RunResult:
    """Does what the plan says, for every job of the batch.

    Raises:
        UsageError: the ledger's tasks live at another address.
        LedgerError: the run could not even be written down.
    """
    run_id = services.ledger.begin_run(_new_run(batch, services, command))
    services.observer.begun(run_id, batch, command)
    http = services.make_http()
    began_s = services.clock.monotonic_s()
    parts = Assembly(batch, services, http, limits, options, run_id)
    executor = Executor(parts.decider, parts.job_loop, parts.slots, parts.tracker, parts.clips, parts.stops)
    shutdown = services.shutdown
    try:
        await _until_done(executor, parts, services, beat_s)
        if parts.stats.submits and shutdown.left_by is None and parts.provider.wait_s() < _LAST_WAIT_S:
            await parts.balance.read()
    finally:
        await http.close()
    steps = executor.last_steps()
    # what left the manifest counts only where something is still to be done with it
    counting = [step for who, step in steps.items() if who in batch.jobs or step.action is not Action.NONE]
    parts.price.report_overcharges()
    code = exit_code(counting, shutdown.left_by, is_overcharged=parts.price.is_overcharged)
    _end(parts, services, run_id, code)
    seconds = services.clock.monotonic_s() - began_s
    return RunResult(run_id, code, steps, parts.stats, seconds, executor.began)


async def _until_done(executor: "Executor", parts: Assembly, services: Services, beat_s: float) -> None:
    """Works until all is done or somebody leaves, with what goes on beside it."""
    shutdown = services.shutdown
    work = asyncio.create_task(executor.work())
    leave = asyncio.create_task(shutdown.leaving.wait())
    beat = asyncio.create_task(parts.beat.run(beat_s))
    serving = asyncio.create_task(parts.scheduler.serve_forever())
    listening = asyncio.create_task(parts.hints.listen())
    ending = asyncio.create_task(_watch_deadline(parts.stops))
    try:
        with shutdown.heard_by(parts.early_exit.drain):
            await asyncio.wait({work, leave, serving}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                parts.stops.stop(HoldReason.HALT, "an error in batchrunner itself")
            if work.done():
                await work
            else:
                await parts.early_exit.leave(work)
            if serving.done():
                await serving  # it never ends by itself: this is a bug, and it is reported as one
    finally:
        beside: tuple[asyncio.Task[object], ...] = (leave, beat, serving, listening, ending)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


class Executor:
    """Brings all jobs of a batch to their end, in the order in which it matters."""

    def __init__(
        self,
        decider: Decider,
        job_loop: JobLoop,
        slots: SlotQueue,
        tracker: TaskTracker,
        clips: ClipStore,
        stops: Stops,
    ) -> None:
        self._decider = decider
        self._job_loop = job_loop
        self._slots = slots
        self._tracker = tracker
        self._clips = clips
        self._stops = stops
        self._identities = decider.batch.identities()
        self.began: Mapping[JobId, Status] = {}

    async def work(self) -> None:
        """All of it. One job's bug ends the submits, not the other jobs."""
        for history in self._decider.batch.histories.values():
            self._clips.confirm(history)
        steps = {identity: self._decider.decide(identity) for identity in self._identities}
        self.began = {identity: step.status for identity, step in steps.items()}
        for identity, step in steps.items():
            if step.action is Action.POLL:
                self._slots.occupy(identity, self._tracker.track(attempt_of(step)).task)
        first = {who: asyncio.create_task(self._guarded(who, self._first_fetch)) for who in _rendered(steps)}
        try:
            if first:
                await asyncio.wait(first.values(), timeout=_FIRST_FETCHES_S)
            await self._all(first)
        finally:
            for fetching in first.values():
                fetching.cancel()
            await asyncio.gather(*first.values(), return_exceptions=True)

    def last_steps(self) -> dict[JobId, Step]:
        """How each job stands at the end."""
        return {identity: self._last_step(identity) for identity in self._identities}

    async def _all(self, first: Mapping[JobId, "asyncio.Task[None]"]) -> None:
        """All jobs at once; a bug in one lets the others come to their end first."""

        async def run(identity: JobId) -> None:
            if identity in first:
                await first[identity]
            await self._job_loop.run(identity)

        working = (self._guarded(identity, run) for identity in self._identities)
        for result in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _guarded(self, identity: JobId, do: Callable[[JobId], Awaitable[None]]) -> None:
        try:
            await do(identity)
        except LedgerError as error:
            self._stops.stop(HoldReason.LEDGER, str(error))
        except Exception:
            self._stops.stop(HoldReason.HALT, "an error in batchrunner itself")
            raise

    async def _first_fetch(self, identity: JobId) -> None:
        """A link is asked for, and the clip is tried once: before anything new is paid for."""
        for _ in ("link", "clip"):
            step = self._decider.decide(identity)
            if step.action is Action.FETCH:
                await self._job_loop.take(identity, step)

    def _last_step(self, identity: JobId) -> Step:
        try:
            return self._decider.decide(identity)
        except LedgerError:
            return self._decider.steps[identity]


def _rendered(steps: Mapping[JobId, Step]) -> Iterable[JobId]:
    """The jobs whose clip can be fetched, the one that expires soonest first."""
    fetched = (identity for identity, step in steps.items() if step.action is Action.FETCH)
    return sorted(fetched, key=lambda identity: attempt_of(steps[identity]).keeps_until_s)


async def _watch_deadline(stops: Stops) -> None:
    """The last moment of submitting: a machine that slept finds that it is over."""
    # the wall's clock says when, no event does
    while (left_s := stops.check_deadline()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left_s, _CLOCK_IS_READ_S))


def _end(parts: Assembly, services: Services, run_id: int, code: ExitCode) -> None:
    try:
        parts.limit_memory.remember(parts.slots.limit, parts.stats)
        services.ledger.end_run(run_id, code, services.clock.wall_s())
    except LedgerError as error:
        parts.events.note(f"the end of this run could not be recorded: {error}")


def _new_run(batch: Batch, services: Services, command: str) -> NewRun:
    return NewRun(
        manifest=batch.name,
        profile=batch.profile,
        command=command,
        path=batch.project.written(batch.project.manifest),
        base_url=services.access.base_url,
        host=services.host,
        pid=os.getpid(),
        release=__version__,
        jobs=[as_record(job) for job in batch.jobs.values()],
        started_at_s=services.clock.wall_s(),
    )
