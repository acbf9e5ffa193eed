"""One wake-up for all who wait within a run: a stop, a free slot, money that was released."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Wakeup:
    """Wakes all who wait at that moment; who comes later waits for the next time."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()

    def notify_all(self) -> None:
        """Something changed for everyone."""
        self._notified.set()
        self._notified = asyncio.Event()

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
