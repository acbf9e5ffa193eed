"""The only reader of wall time and loop time, so that a test can move both."""

import asyncio
import time


class Clock:
    """The machine's own time. Tests hand in a subclass whose time jumps."""

    def wall_s(self) -> float:
        """Seconds since 1970 (UTC), as ledgers and the service count them."""
        return time.time()

    def steady_s(self) -> float:
        """Seconds that never run backwards, where no event loop runs."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits, where no event loop runs."""
        time.sleep(seconds)

    def monotonic_s(self) -> float:
        """Seconds that never run backwards: the running event loop's own count."""
        return asyncio.get_running_loop().time()
