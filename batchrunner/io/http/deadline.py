"""Deadlines: how long a request may take as a whole, however slowly its answer trickles in.

A request is never cancelled from outside (httpx's pool would lose a slot): each read of it gets what is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from batchrunner.io.clock import Clock

# What lies in the socket of a process that was stopped needs no more than this to be read.
LAST_LOOK_S = 1.0


class RequestDeadline:
    """The end of one request."""

    def __init__(self, total_s: float) -> None:
        self._clock = Clock()
        self._until_s = self._clock.monotonic_s() + total_s
        self._has_looked = False

    def left_s(self, at_most_s: float | None) -> float:
        """How long the next read may take."""
        left_s = max(self._until_s - self._clock.monotonic_s(), 0.0)
        return left_s if at_most_s is None else min(left_s, at_most_s)

    def last_look_s(self) -> float:
        """How long to look once more, after a time limit: 0 where that was done before."""
        if self._has_looked:
            return 0.0
        self._has_looked = True
        self._until_s = max(self._until_s, self._clock.monotonic_s() + LAST_LOOK_S)
        return LAST_LOOK_S


_current: ContextVar[RequestDeadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(total_s: float) -> Iterator[None]:
    """What is read in this block, by this task, has to end in time."""
    token = _current.set(RequestDeadline(total_s))
    try:
        yield
    finally:
        _current.reset(token)


def left_s(at_most_s: float | None) -> float | None:
    """How long the next read may take; None where nothing bounds it."""
    deadline = _current.get()
    return deadline.left_s(at_most_s) if deadline else at_most_s


def last_look_s() -> float:
    """How long to look once more after a time limit; 0 where nothing more is to be expected."""
    deadline = _current.get()
    return deadline.last_look_s() if deadline else 0.0
