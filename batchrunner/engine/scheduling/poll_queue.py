"""The queue for polls: which running task is polled next, decided for all of them at once."""

import asyncio
from collections.abc import Callable

from batchrunner.engine.scheduling.poll_policy import LEAST_IDLE_AT_THE_END_S, LEAST_IDLE_S, RunningTask, next_poll
from batchrunner.engine.scheduling.rate_limiter import RateLimiter


class PollQueue:
    """The tasks that wait for a poll; once `is_closed`, for none. `wake` is called when there is one more."""

    def __init__(self, rate: RateLimiter, is_closed: Callable[[], bool], wake: Callable[[], None]) -> None:
        self._rate = rate
        self._is_closed = is_closed
        self._wake = wake
        self._waiting: dict[RunningTask, asyncio.Future[bool]] = {}

    async def wait_turn(self, task: RunningTask, patience_s: float) -> bool:
        """Returns when it is time to ask for a task; False if that is later than somebody's patience, or never."""
        if self._is_closed():
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[task] = turn
        self._wake()
        try:
            async with asyncio.timeout(max(patience_s, 0.0)):
                return await turn
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(task, None)

    def _let_all_go(self) -> None:
        for turn in self._waiting.values():
            if not turn.done():
                turn.set_result(False)

    def serve(self, now_s: float, *, is_slot_wanted: bool) -> float:
        """Lets those go who are worth a request now; gives when the next one will be."""
        if self._is_closed():
            self._let_all_go()
        least_s = LEAST_IDLE_S if is_slot_wanted else LEAST_IDLE_AT_THE_END_S
        while True:
            # whose patience ended in this very moment is still among them
            waiting = [task for task, turn in self._waiting.items() if not turn.done()]
            wait_s = self._rate.wait_s(now_s, is_poll=True)
            task, at_s = next_poll(waiting, now_s, least_s)
            if task is None or at_s > now_s or wait_s > 0:
                return max(at_s, now_s + wait_s)
            self._rate.book(now_s)
            self._waiting.pop(task).set_result(True)
