"""The bell: it rings when something changed for everyone, a stop, a free slot, money that was released."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Wakeup:
    """Wakes all who wait at that moment; who comes later waits for the next ring."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def notify_all(self) -> None:
        """Something changed for everyone."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self) -> None:
        """Waits for the next ring."""
        await self._rung.wait()

    async def wait_for(self, wait_s: float) -> None:
        """Waits, but not through a ring."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self.wait()

    async def sleep_unless(self, wait_s: float, is_wanted: Callable[[], bool]) -> None:
        """Waits, through all rings but one after which nobody wants it any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while is_wanted():
                    await self.wait()
