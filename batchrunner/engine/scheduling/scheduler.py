"""Dispatch: one place where it is decided, again and again, who takes a slot next and which task is asked for."""

import asyncio
import math

from batchrunner.engine.run import Run

# Timers are not finer than this, and a probe may be due already.
_LEAST_S = 0.01


async def serve_forever(run: Run) -> None:
    """Serves slots first and looks afterwards, whenever something changed or it is time; it never ends by itself."""
    while True:
        run.changed.clear()
        now_s = run.clock.monotonic_s()
        slots_at_s = run.slots.serve(now_s)
        looks_at_s = run.polls.serve(now_s, is_slot_wanted=run.slots.is_waited_for)
        await _changed(run, min(slots_at_s, looks_at_s) - now_s)


async def _changed(run: Run, wait_s: float) -> None:
    """Waits for a change, but not longer."""
    try:
        async with asyncio.timeout(None if wait_s == math.inf else max(wait_s, _LEAST_S)):
            await run.changed.wait()
    except TimeoutError:
        return
