"""Submits on the wire: few at a time, since what may be uncertain at one moment is bounded."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from batchrunner.domain.attempt import Answer
from batchrunner.engine.scheduling.wakeup import Wakeup

# Source: rule 8 in docs/promises.md.
MOST_IN_FLIGHT = 4


class InFlightSubmits:
    """The submits that have left and are not answered yet. Only `wait` cancels one, when its time is up."""

    def __init__(self, wakeup: Wakeup) -> None:
        self._wakeup = wakeup
        self._room = asyncio.Semaphore(MOST_IN_FLIGHT)
        self._submits: set[asyncio.Task[Answer]] = set()

    def __len__(self) -> int:
        return len(self._submits)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Waits until one more may be on the wire."""
        async with self._room:
            yield

    def send(self, submit: Coroutine[object, object, Answer]) -> asyncio.Task[Answer]:
        """Sends it as a unit of its own. Everybody is woken when it is answered."""
        task = asyncio.create_task(submit)
        self._submits.add(task)
        task.add_done_callback(self._is_answered)
        return task

    async def wait(self, most_s: float) -> None:
        """Waits for the answers, but no longer than this; an answer that comes later is unknown."""
        if self._submits:
            await asyncio.wait(set(self._submits), timeout=most_s)
        for submit in self._submits:
            submit.cancel()
        await asyncio.gather(*self._submits, return_exceptions=True)

    def _is_answered(self, submit: asyncio.Task[Answer]) -> None:
        self._submits.discard(submit)
        self._wakeup.notify_all()
