"""Who steers a run: on an event loop of its own in a thread, or on the loop that is running already."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from batchrunner.app.run_manifest import FinishedRun
from batchrunner.domain.event import Event, Listener
from batchrunner.engine.shutdown import Shutdown, ShutdownReason

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@dataclass(frozen=True, slots=True)
class RunHandle:
    """What a run is handed: who hears of it, who ends it, and who is told that all is agreed to and it begins."""

    listener: Listener
    shutdown: Shutdown
    on_start: Callable[[], None]


CarryOut = Callable[[RunHandle], Coroutine[Any, Any, FinishedRun]]


class ThreadedRun:
    """A run in a thread with a loop of its own. All methods are called from another thread, and block it."""

    def __init__(self, carry_out: CarryOut, loop_factory: LoopFactory = asyncio.new_event_loop) -> None:
        self._carry_out = carry_out
        self._runner = asyncio.Runner(loop_factory=loop_factory)
        self._loop = self._runner.get_loop()
        self._shutdown = Shutdown()
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._started: Future[None] = Future()
        self._ended: Future[FinishedRun] = Future()
        # no daemon: an interpreter that ends waits for what was paid
        self._thread = threading.Thread(target=self._serve, name="batchrunner")

    def start(self) -> None:
        """Returns when all is agreed to and the run begins.

        Raises:
            BatchrunnerError: it does not.
        """
        self._thread.start()
        try:
            self._started.result()
        except BaseException:  # whoever interrupts this wants no run
            self.stop()
            self.stop()
            self._thread.join()
            raise

    def next_event(self) -> Event | None:
        """What happens next; None at the end, and from then on."""
        return None if self._ended.done() and self._events.empty() else self._events.get()

    def stop(self) -> None:
        """Nothing more is submitted; the second time the run leaves at once."""
        with suppress(RuntimeError):  # the loop is closed: the run has ended
            self._loop.call_soon_threadsafe(self._shutdown.request, ShutdownReason.CALLER)

    def join(self) -> FinishedRun:
        """How it ended, when it has."""
        wait([self._ended])  # unlike a thread's own `join`, Ctrl-C always ends this
        self._thread.join()
        return self._ended.result()

    def _serve(self) -> None:
        handle = RunHandle(self._events.put, self._shutdown, lambda: self._started.set_result(None))
        try:
            with self._runner as runner:
                self._ended.set_result(runner.run(self._carry_out(handle)))
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised in the thread that waits for it
            self._ended.set_exception(error)
            if not self._started.done():
                self._started.set_exception(error)
        finally:
            self._events.put(None)


class LoopRun:
    """A run as a task of the loop that is running."""

    def __init__(self, carry_out: CarryOut) -> None:
        self._shutdown = Shutdown()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._started = asyncio.Event()
        handle = RunHandle(self._events.put_nowait, self._shutdown, self._started.set)
        self._task = asyncio.ensure_future(carry_out(handle))
        self._task.add_done_callback(lambda _: self._events.put_nowait(None))
        self._task.add_done_callback(lambda _: self._started.set())

    async def start(self) -> None:
        """Returns when all is agreed to and the run begins.

        Raises:
            BatchrunnerError: it does not.
        """
        try:
            await self._started.wait()
        except asyncio.CancelledError:  # whoever interrupts this wants no run
            self.stop()
            self.stop()
            await asyncio.wait({self._task})
            raise
        if self._task.done() and self._task.exception() is not None:
            await self._task

    async def next_event(self) -> Event | None:
        """What happens next; None at the end, and from then on."""
        return None if self._task.done() and self._events.empty() else await self._events.get()

    def stop(self) -> None:
        """Nothing more is submitted; the second time the run leaves at once."""
        self._shutdown.request(ShutdownReason.CALLER)

    async def join(self) -> FinishedRun:
        """How it ended, when it has; whoever is cancelled meanwhile does not cancel the run."""
        return await asyncio.shield(self._task)
