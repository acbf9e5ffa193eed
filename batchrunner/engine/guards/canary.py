"""Trials: a model that is new, or that fails again and again, gets one job at a time until one comes through."""

import re

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.event import EventKind, RunEvent
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.observation import ErrorClass, Failure, TaskState
from batchrunner.domain.step import HoldReason
from batchrunner.engine.run import Run
from batchrunner.engine.waiting import resting

# What differs between failures that are equal: numbers and ids.
_DETAIL = re.compile(r"\S*\d\S*")


async def admit(run: Run, job: Job) -> None:
    """Returns when this job may be submitted to its model, or when nothing more is."""
    while run.stop_of(job) is None and not is_admitted(run, job):
        wait_s = run.breaker_of(job.request.model).wait_s(run.clock.monotonic_s())
        if job.request.model in run.probes:
            await run.wakeup.wait()
        elif wait_s > 0:
            await run.wakeup.wait_for(wait_s)
        else:
            run.probes[job.request.model] = job.identity


def is_admitted(run: Run, job: Job) -> bool:
    """Whether its model is trusted, or this is the job that is tried."""
    model = job.request.model
    return not run.breaker_of(model).is_on_trial or run.probes.get(model) == job.identity


def end_probe(run: Run, identity: JobId) -> None:
    """A job came to its end: if it was the one that was tried, the next may be."""
    for model in [model for model, who in run.probes.items() if who == identity]:
        del run.probes[model]


def heed_end(run: Run, identity: JobId, attempt: Attempt) -> None:
    """What the end of a task says of its model: a clip counts whoever paid for it, a failure in the run that did."""
    if attempt.task is TaskState.SUCCESS:
        run.breaker_of(attempt.request.model).record_success()
    elif attempt.failure is not None and attempt.run_id == run.run_id:
        heed_failure(run, identity, attempt.request.model, attempt.failure)
    run.nudge()


def heed_failure(run: Run, identity: JobId, model: str, failure: Failure) -> None:
    """One more failure of this run: enough of them end the submits, equal ones those to their model."""
    was_tried = run.probes.get(model) == identity
    end_probe(run, identity)  # its retry is a new one, and waits like one
    run.failures += 1
    if run.limits.halt_failures is not None and run.failures >= run.limits.halt_failures:
        run.stop(HoldReason.HALT, f"{run.failures} failed in this run")
    if failure.error_class is ErrorClass.MODERATION:
        return
    trust = run.breaker_of(model)
    was_proven = trust.is_proven
    waits_anew = trust.record_failure(
        f"{failure.error_class}: {_DETAIL.sub('', failure.message)}",
        run.clock.monotonic_s(),
        was_tried=was_tried,
    )
    if trust.is_over:
        why = "it fails again and again" if was_proven else "its first clip failed (--no-canary does not wait for it)"
        run.stop_model(model, HoldReason.HALT, f"{why}: {failure.message}")
    elif waits_anew:
        run.tell(RunEvent(EventKind.WAIT, resting(model, trust.wait_s(run.clock.monotonic_s()))))
