"""The scheduler's loop: who takes a slot next, and which task is polled, decided again and again in one place."""

import math
from typing import NoReturn

from batchrunner.engine.scheduling.poll_queue import PollQueue
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.io.clock import Clock

# Timers are not finer than this, and a probe may be due already.
_LEAST_S = 0.01


class Scheduler:
    """Serves slots first and polls afterwards."""

    def __init__(self, slots: SlotQueue, polls: PollQueue, wakeup: Wakeup, clock: Clock) -> None:
        self._slots = slots
        self._polls = polls
        self._wakeup = wakeup
        self._clock = clock

    async def serve_forever(self) -> NoReturn:
        """Serves whenever something changed or it is time; it never ends by itself."""
        while True:
            # nothing is awaited between here and the wait below: no change is missed
            now_s = self._clock.monotonic_s()
            slots_at_s = self._slots.serve(now_s)
            polls_at_s = self._polls.serve(now_s, is_slot_wanted=self._slots.is_waited_for)
            wait_s = min(slots_at_s, polls_at_s) - now_s
            if wait_s == math.inf:
                await self._wakeup.wait()
            else:
                await self._wakeup.wait_for(max(wait_s, _LEAST_S))
