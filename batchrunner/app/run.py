"""One run, for programs: entered, listened to, and left."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self

from batchrunner.app.project_report import ProjectReport
from batchrunner.app.run_manifest import FinishedRun
from batchrunner.app.run_steering import CarryOut, LoopFactory, LoopRun, ThreadedRun
from batchrunner.domain.event import Event
from batchrunner.errors import ExitCode, UsageError


class Run:
    """A run of an approved plan. Nothing happens before it is entered, once, by `with` or by `async with`.

    Whoever leaves the block early lets the run finish what it has begun and submit nothing more; a second interruption
    leaves at once, but for the payments on the wire. No payment is lost either way. An error that ended the run is
    raised where its events end, or at the end of the block.
    """

    def __init__(self, carry_out: CarryOut, loop_factory: LoopFactory = asyncio.new_event_loop) -> None:
        self._carry_out = carry_out
        self._loop_factory = loop_factory
        self._threaded: ThreadedRun | None = None
        self._on_loop: LoopRun | None = None
        self._finished: FinishedRun | None = None
        self._error: BaseException | None = None

    @property
    def report(self) -> ProjectReport:
        """How all jobs stand after it.

        Raises:
            UsageError: it has not ended.
        """
        finished = self._result()
        return ProjectReport.of(finished.report, finished.result.seconds)

    @property
    def exit_code(self) -> ExitCode:
        """What `batchrunner run` would have ended with.

        Raises:
            UsageError: it has not ended.
        """
        return self._result().result.exit_code

    def _result(self) -> FinishedRun:
        if self._finished is None:
            raise UsageError("the run has not ended: its report comes after its last event")
        return self._finished

    def _check_new(self) -> None:
        if self._threaded is not None or self._on_loop is not None:
            raise UsageError("a run is entered once: plan again, and run that")

    def _raise_once(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    # in a thread

    def __enter__(self) -> Self:
        """Begins in a thread with a loop of its own.

        Raises:
            RunLocked: another run of this manifest is at work.
            NotConfirmed, UsageError: the plan is not what would be done now; nothing was submitted.
            Unauthorized, InsufficientBalance: the service does not take this; nothing was submitted.
        """
        self._check_new()
        self._threaded = ThreadedRun(self._carry_out, self._loop_factory)
        self._threaded.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        run = self._entered_by_with()
        if self._finished is None:
            run.stop()
            try:
                self._join(run)
            except KeyboardInterrupt:
                run.stop()
                self._join(run)
                raise
        if error is None:
            self._raise_once()

    def __iter__(self) -> Iterator[Event]:
        """What happens, until the run ends."""
        run = self._entered_by_with()
        while (event := run.next_event()) is not None:
            yield event
        self._join(run)
        self._raise_once()

    def wait(self) -> ProjectReport:
        """Lets the run come to its end; gives its report."""
        for _ in self:
            pass
        return self.report

    def _entered_by_with(self) -> ThreadedRun:
        if self._threaded is None:
            raise UsageError("a run works only inside its block: with project.run(…) as run")
        return self._threaded

    def _join(self, run: ThreadedRun) -> None:
        if self._finished is None and self._error is None:
            try:
                self._finished = run.join()
            except Exception as error:  # noqa: BLE001  # it is raised where the caller listens
                self._error = error

    # on the loop that is running

    async def __aenter__(self) -> Self:
        """Begins on the loop that is running. Raises what `__enter__` does."""
        self._check_new()
        self._on_loop = LoopRun(self._carry_out)
        await self._on_loop.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        run = self._entered_by_async_with()
        if self._finished is None:
            run.stop()
            try:
                await self._join_on_loop(run)
            except asyncio.CancelledError:
                run.stop()
                await self._join_on_loop(run)
                raise
        if error is None:
            self._raise_once()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """What happens, until the run ends."""
        run = self._entered_by_async_with()
        while (event := await run.next_event()) is not None:
            yield event
        await self._join_on_loop(run)
        self._raise_once()

    async def wait_async(self) -> ProjectReport:
        """Lets the run come to its end; gives its report."""
        async for _ in self:
            pass
        return self.report

    def _entered_by_async_with(self) -> LoopRun:
        if self._on_loop is None:
            raise UsageError("a run works only inside its block: async with project.run(…) as run")
        return self._on_loop

    async def _join_on_loop(self, run: LoopRun) -> None:
        if self._finished is None and self._error is None:
            try:
                self._finished = await run.join()
            except Exception as error:  # noqa: BLE001  # it is raised where the caller listens
                self._error = error
