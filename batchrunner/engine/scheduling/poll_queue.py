"""The queue for polls: which running task is polled next, decided for all of them at once."""

import asyncio
from collections.abc import Callable

from batchrunner.engine.scheduling.poll_policy import (
    LEAST_IDLE_AT_THE_END_S,
    LEAST_IDLE_S,
    Hint,
    RunningTask,
    next_poll,
)
from batchrunner.engine.scheduling.rate_limiter import RateLimiter

# How many ends the service tells of is averaged over the last few (an exponential moving average), and never believed
# wholly: a source that falls silent costs a few late polls, and then none.
_NEWEST_SHARE = 0.2
_LEAST_UNTOLD = 0.1


class PollQueue:
    """The tasks that wait for a poll; once `is_closed`, for none. `wake` is called when there is one more."""

    def __init__(self, rate: RateLimiter, is_closed: Callable[[], bool], wake: Callable[[], None]) -> None:
        self._rate = rate
        self._is_closed = is_closed
        self._wake = wake
        self._waiting: dict[RunningTask, asyncio.Future[bool]] = {}
        self._p_untold = 1.0
        self._by_id: dict[str, RunningTask] = {}

    @property
    def is_waited_for(self) -> bool:
        """Whether a task waits for a poll."""
        return not self._is_closed() and bool(self._waiting)

    def hint(self, task_id: str) -> bool:
        """Somebody says that a task may have ended: it is polled as soon as the rate allows, once for all such words.

        False where that changes nothing: for a task that does not wait for a poll, and for one that was hinted at.
        """
        task = self._by_id.get(task_id)
        if task is None or task.hint is not Hint.NONE:
            return False
        task.hint = Hint.GIVEN
        self._wake()
        return True

    def record_end(self, task: RunningTask) -> None:
        """A poll found that a task has ended: whether it was a hint that led to it counts for the polls of others."""
        told = _LEAST_UNTOLD if task.hint is Hint.FOLLOWED else 1.0
        self._p_untold += (told - self._p_untold) * _NEWEST_SHARE

    async def wait_turn(self, task: RunningTask, patience_s: float, task_id: str = "") -> bool:
        """Returns when it is time to ask for a task; False if that is later than somebody's patience, or never."""
        if self._is_closed():
            return False
        if task.hint is Hint.FOLLOWED:
            task.hint = Hint.WRONG  # it waits on
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[task] = turn
        self._by_id[task_id] = task
        self._wake()
        try:
            async with asyncio.timeout(max(patience_s, 0.0)):
                return await turn
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(task, None)
            self._by_id.pop(task_id, None)

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
            task, at_s = next_poll(waiting, now_s, least_s, self._p_untold)
            if task is None or at_s > now_s or wait_s > 0:
                return max(at_s, now_s + wait_s)
            self._rate.book(now_s)
            if task.hint is Hint.GIVEN:
                task.hint = Hint.FOLLOWED
            self._waiting.pop(task).set_result(True)
