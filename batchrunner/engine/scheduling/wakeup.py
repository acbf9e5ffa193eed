"""Wake-ups for those who wait within a run: for a stop, money that was released, an answer; or for a slot or a poll."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Wakeup:
    """Wakes all who wait at that moment; who comes later waits for the next time.

    `passes_on_to` is notified with it, and not the other way round: what concerns only a few wakes only them.
    """

    def __init__(self, passes_on_to: "Wakeup | None" = None) -> None:
        self._notified = asyncio.Event()
        self._passes_on_to = passes_on_to

    def notify_all(self) -> None:
        """Something changed for everyone."""
        self._notified.set()
        self._notified = asyncio.Event()
        if self._passes_on_to is not None:
            self._passes_on_to.notify_all()

    async def wait(self) -> None:
        """Waits for the next notification."""
        await self._notified.wait()

    async def wait_for(self, wait_s: float) -> None:
        """Waits so long, or until the next notification."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self.wait()

    async def sleep_unless(self, wait_s: float, is_wanted: Callable[[], bool]) -> None:
        """Waits so long, through all notifications but one after which nobody wants it any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while is_wanted():
                    await self.wait()
