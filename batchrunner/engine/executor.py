"""A whole run: rendered clips first, then every job at once, until each has come as far as it can."""

import asyncio
import math
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from batchrunner import __version__
from batchrunner.domain.event import EventKind, Progress, RunEvent
from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.engine.exit_code import exit_code
from batchrunner.engine.fetch import fetch
from batchrunner.engine.guards.price import read_balance, tell_overcharges
from batchrunner.engine.job_loop import run_job
from batchrunner.engine.poll import attempt_of
from batchrunner.engine.run import Run, RunStats, Services
from batchrunner.engine.scheduling.scheduler import serve_forever
from batchrunner.engine.shutdown import Shutdown
from batchrunner.engine.waiting import waits_for
from batchrunner.errors import ExitCode, LedgerError
from batchrunner.planning.batch import Batch, RunLimits, as_record
from batchrunner.planning.inputs import PlanOptions
from batchrunner.storage.records import NewRun

Doing = Callable[[Run, JobId], Awaitable[object]]

# How long a POST on the wire may still take when somebody leaves at once. What is not answered then is unknown.
_LAST_POSTS_S = 10.0
_LAST_WAIT_S = 5.0
_CLOCK_IS_READ_S = 15.0
# For so long rendered clips come before any submit: a file server that trickles shall not hold a night.
_FIRST_FETCHES_S = 60.0


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its number in the ledger, each job's last step, and what it asked of the service."""

    run_id: int
    exit_code: ExitCode
    steps: dict[JobId, Step]
    stats: RunStats
    seconds: float


async def execute(
    batch: Batch, means: Services, limits: RunLimits, options: PlanOptions, *, command: str, beat_s: float = 30.0
) -> RunResult:
    """Does what the plan says, for every job of the batch.

    Raises:
        UsageError: the ledger's tasks live at another address.
        LedgerError: the run could not even be written down.
    """
    run_id = means.ledger.begin_run(_as_written(batch, means, command))
    http = means.make_http()
    began_s = means.clock.monotonic_s()
    run = Run(batch, means, http, limits, options, run_id)
    try:
        await _until_told(run, means.shutdown, beat_s)
        if run.stats.submits and means.shutdown.left_by is None and _is_quiet(run):
            await read_balance(run)
    finally:
        await http.close()
    steps = {identity: _last_step(run, identity) for identity in batch.identities()}
    # what left the manifest counts only where something is still to be done with it
    counting = [step for who, step in steps.items() if who in batch.jobs or step.action is not Action.NONE]
    tell_overcharges(run)
    code = exit_code(counting, means.shutdown.left_by, is_overcharged=bool(run.overcharges))
    _end(run, code)
    return RunResult(run_id, code, steps, run.stats, means.clock.monotonic_s() - began_s)


def _is_quiet(run: Run) -> bool:
    """Whether one more request may leave soon: nobody waits for a balance that is only told."""
    return run.gate.rate.wait_s(run.clock.monotonic_s()) < _LAST_WAIT_S


async def _until_told(run: Run, shutdown: Shutdown, beat_s: float) -> None:
    work = asyncio.create_task(_work(run))
    leave = asyncio.create_task(shutdown.leaving.wait())
    beat = asyncio.create_task(_beat(run, beat_s))
    serving = asyncio.create_task(serve_forever(run))
    ending = asyncio.create_task(_deadline(run))
    try:
        with shutdown.heard_by(partial(_drain, run)):
            await asyncio.wait({work, leave, serving}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                run.stop(HoldReason.HALT, "an error in batchrunner itself")
            if work.done():
                await work
            else:
                await _leave(run, work)
            if serving.done():
                await serving  # it never ends by itself: this is a bug, and it is told as one
    finally:
        beside = (leave, beat, serving, ending)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _work(run: Run) -> None:
    """Everything, in the order in which it matters. One job's bug ends submits, not the other jobs."""
    for memory in run.batch.histories.values():
        run.clips.confirm(memory)
    steps = {identity: run.decide(identity) for identity in run.batch.identities()}
    for identity, step in steps.items():
        if step.action is Action.POLL:
            run.slots.occupy(identity, run.watch(attempt_of(step)).task)
    rendered = sorted(
        (i for i, step in steps.items() if step.action is Action.FETCH), key=lambda i: _expiry_s(steps[i])
    )
    first = {who: asyncio.create_task(_guarded(run, who, _first_fetch)) for who in rendered}
    try:
        if first:
            await asyncio.wait(first.values(), timeout=_FIRST_FETCHES_S)
        await _each(run, steps, partial(_live, first=first))
    finally:
        for fetching in first.values():
            fetching.cancel()
        await asyncio.gather(*first.values(), return_exceptions=True)


async def _live(run: Run, identity: JobId, first: Mapping[JobId, "asyncio.Task[None]"]) -> None:
    if identity in first:
        await first[identity]
    await run_job(run, identity)


async def _each(run: Run, identities: Iterable[JobId], do: Doing) -> None:
    """Does the same with all these jobs at once; a bug in one lets the others come to their end first."""
    results = await asyncio.gather(*(_guarded(run, identity, do) for identity in identities), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _guarded(run: Run, identity: JobId, do: Doing) -> None:
    try:
        await do(run, identity)
    except LedgerError as error:
        run.stop(HoldReason.LEDGER, str(error))
    except Exception:
        run.stop(HoldReason.HALT, "an error in batchrunner itself")
        raise


async def _first_fetch(run: Run, identity: JobId) -> None:
    """A link is asked for, and the clip is tried once: before anything new is paid for."""
    for _ in ("link", "clip"):
        step = run.decide(identity)
        if step.action is Action.FETCH:
            await fetch(run, identity, step)


def _expiry_s(step: Step) -> float:
    return step.attempt.keeps_until_s if step.attempt else 0.0


def _drain(run: Run, name: str) -> None:
    running = sum(1 for step in run.steps.values() if step.action is Action.POLL)
    tasks = "1 running task is" if running == 1 else f"{running} running tasks are"
    first = f"{tasks} finished first, {_about(run)}" if running else "no task is running, so this ends soon"
    run.stop(HoldReason.DRAIN, f"stopped by {name}: the same command goes on")
    if not run.is_asking:
        first = "the service wants no requests just now, so this ends soon: the same command asks for what runs"
    run.say(f"{first}; once more leaves now. Nothing is lost either way")


def _about(run: Run) -> str:
    """How long a clip takes, by those that were rendered in this run."""
    if not run.renders_s:
        return "which takes some minutes"  # Source: a Veo 3.1 clip takes 11 seconds to 6 minutes
    minutes = math.ceil(max(run.renders_s) / 60)
    return "which takes up to a minute" if minutes == 1 else f"which takes up to {minutes} minutes"


async def _leave(run: Run, work: "asyncio.Task[None]") -> None:
    """Leaves at once, but for the POSTs on the wire: their answers are worth money."""
    run.stop(HoldReason.DRAIN, "left at once: the same command goes on")
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    if run.posts:
        run.tell(RunEvent(EventKind.NOTE, f"waiting for {len(run.posts)} answers, at most {_LAST_POSTS_S:g} seconds"))
        await asyncio.wait(set(run.posts), timeout=_LAST_POSTS_S)
    for post in run.posts:
        post.cancel()
    await asyncio.gather(*run.posts, return_exceptions=True)


async def _deadline(run: Run) -> None:
    """The last moment of submitting: a machine that slept finds that it is over."""
    # the wall's clock says when, no event does
    while (left_s := run.heed_deadline()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left_s, _CLOCK_IS_READ_S))


async def _beat(run: Run, beat_s: float) -> None:
    began_s = run.clock.monotonic_s()
    while True:
        await asyncio.sleep(beat_s)
        counts = Counter(step.status for step in run.steps.values())
        elapsed_s = run.clock.monotonic_s() - began_s
        reason = waits_for(run)
        left_s = _left_s(run, counts, elapsed_s) if run.is_stopped or not reason else None
        run.tell(Progress(counts, run.budget.spent_usd, elapsed_s, reason, left_s))


def _left_s(run: Run, counts: Mapping[Status, int], elapsed_s: float) -> float | None:
    """How long the rest takes if it goes on as so far; what is not submitted any more is no rest."""
    open_ones = (Status.RUNNING, Status.RENDERED)
    left = sum(counts.get(status, 0) for status in (open_ones if run.is_stopped else (Status.PENDING, *open_ones)))
    return left * elapsed_s / len(run.renders_s) if run.renders_s else None


def _last_step(run: Run, identity: JobId) -> Step:
    try:
        return run.decide(identity)
    except LedgerError:
        return run.steps[identity]


def _end(run: Run, code: ExitCode) -> None:
    try:
        run.remember_slots()
        run.ledger.end_run(run.run_id, code, run.clock.wall_s())
    except LedgerError as error:
        run.tell(RunEvent(EventKind.NOTE, f"the end of this run could not be written down: {error}"))


def _as_written(batch: Batch, means: Services, command: str) -> NewRun:
    jobs: Sequence[dict[str, Any]] = [as_record(job) for job in batch.jobs.values()]
    return NewRun(
        manifest=batch.name,
        profile=batch.profile,
        command=command,
        path=batch.project.written(batch.project.manifest),
        base_url=means.access.base_url,
        host=means.host,
        pid=os.getpid(),
        release=__version__,
        jobs=jobs,
        started_at_s=means.clock.wall_s(),
    )
