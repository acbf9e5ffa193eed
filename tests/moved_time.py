"""An event loop whose clock jumps to the next timer when nothing else can run: a night in milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from batchrunner.io.clock import Clock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# 2026-11-23 18:00 UTC: an evening.
EVENING_S = 1_795_456_800.0

DAY_S = 24 * 3600.0


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for input it moves the loop's clock, unless a thread is still at work."""

    loop: "MovedLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.loop.calls_out:
            return super().select(timeout)
        if timeout is None:
            raise AssertionError("nothing can ever happen again: every task waits for another")
        self.loop.pass_time(timeout)
        return []


class MovedLoop(asyncio.SelectorEventLoop):
    """The loop. `now_s` is its time; `calls_out` counts threads that still work, which freeze it.

    A heartbeat keeps a run from ever being silent, so a run that waits for nothing is found by `ends_at_s`.
    """

    def __init__(self) -> None:
        selector = _JumpingSelector()
        selector.loop = self
        self.now_s = 0.0
        self.ends_at_s = 7 * DAY_S
        self.calls_out = 0
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s

    def pass_time(self, seconds: float) -> None:
        if self.now_s + seconds > self.ends_at_s:
            self.ends_at_s = self.now_s + DAY_S  # what is cancelled now still needs a little time for its end
            raise AssertionError(f"this goes on for ever: {self.now_s / DAY_S:.0f} days have passed")
        self.now_s += seconds

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.calls_out += 1
        future.add_done_callback(self._returned)
        return future

    async def shutdown_default_executor(self, *timeout: Any) -> None:
        self.calls_out += 1  # a thread ends the others
        try:
            await super().shutdown_default_executor(*timeout)  # from Python 3.12 on there is a time limit
        finally:
            self.calls_out -= 1

    def _returned(self, _future: object) -> None:
        self.calls_out -= 1


class MovedClock(Clock):
    """Wall time that moves with the loop. `jump_s` is what somebody set the machine's clock by."""

    def __init__(self, loop: MovedLoop, start_s: float = EVENING_S) -> None:
        self._loop = loop
        self.start_s = start_s
        self.jump_s = 0.0

    def wall_s(self) -> float:
        return self.start_s + self._loop.now_s + self.jump_s


def in_moved_time(main: Callable[[MovedClock], Coroutine[Any, Any, T]], start_s: float = EVENING_S) -> T:
    """Runs a coroutine on a loop of its own, in moved time."""
    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, MovedLoop)
        return runner.run(main(MovedClock(loop, start_s)))
