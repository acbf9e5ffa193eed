"""Waiting: what holds the next submit up, in a few words."""

from batchrunner.domain.text import duration
from batchrunner.engine.run import Run
from batchrunner.engine.scheduling.request_gate import LEAST_WAIT_S


def waits_for(run: Run) -> str:
    """What holds the next submit up; empty where nothing does."""
    now_s = run.clock.monotonic_s()
    pause_s = run.gate.rate.pause_s(now_s)
    rests = (resting(model, trust.wait_s(now_s)) for model, trust in run.breakers.items() if trust.wait_s(now_s) > 0)
    reasons = (
        (run.is_stopped, run.stop_reason),
        (run.is_broke, "waiting for the balance to be topped up"),
        (run.suspected_overcharge is not None, run.suspected_overcharge.reason if run.suspected_overcharge else ""),
        (pause_s >= LEAST_WAIT_S, f"the service wants us to wait another {duration(pause_s)}"),
        (bool(slowness := run.gate.slowness()), slowness),
        (bool(run.probes), f"one job of {', '.join(run.probes)} is tried first"),
        (run.slots.are_all_elsewhere, "waiting for a free slot of the account"),
        (run.outage.is_on, f"waiting for {run.access.base_url} to answer"),
        (bool(run.pictures_in_trouble), "a picture is not taken yet, and tried again"),
    )
    return next((words for holds, words in reasons if holds), "") or ", ".join(rests)


def resting(model: str, wait_s: float) -> str:
    """Why a model gets no job at the moment."""
    return f"{model} fails again and again: one job is tried in {duration(wait_s)}"
