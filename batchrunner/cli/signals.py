"""Ctrl-C, TERM and HUP while a run goes on: each asks it to end; while none listens, they do what they did before."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from batchrunner.cli.early_signals import Stopped
from batchrunner.engine.shutdown import Shutdown, ShutdownReason

_REASONS: Mapping[signal.Signals, ShutdownReason] = {
    signal.SIGINT: ShutdownReason.INTERRUPT,
    signal.SIGTERM: ShutdownReason.TERMINATE,
    signal.SIGHUP: ShutdownReason.HANGUP,
}


@contextmanager
def passed_on(shutdown: Shutdown, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """From now on, signals are passed on to a run on this loop; in the end they do again what they did before."""
    before = {number: signal.getsignal(number) for number in _REASONS}

    def receive(number: int, frame: FrameType | None) -> None:
        if shutdown.is_heard:
            loop.call_soon_threadsafe(shutdown.request, _REASONS[signal.Signals(number)])
        else:
            _otherwise(number, frame, before[signal.Signals(number)])

    heeded = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in heeded:  # under nohup, a terminal that is gone shall not matter
            signal.signal(number, receive)
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def _otherwise(
    number: int, frame: FrameType | None, handler: "Callable[[int, FrameType | None], object] | int | None"
) -> None:
    if callable(handler):
        handler(number, frame)
    else:
        raise Stopped(signal.Signals(number))
