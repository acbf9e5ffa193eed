"""How a run is asked to end: the first request drains, the second leaves. Who asks is no matter of the engine."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum


class ShutdownReason(Enum):
    """Why a run is to end; the value says it in words."""

    INTERRUPT = "Ctrl-C"
    TERMINATE = "a TERM signal"
    HANGUP = "a HUP signal"
    CALLER = "the program that started it"


class Shutdown:
    """Counts requests. A terminal that is gone (HANGUP) drains, however often it says so.

    It belongs to one event loop: whoever asks from elsewhere does it by `loop.call_soon_threadsafe`.
    """

    def __init__(self) -> None:
        self.left_by: ShutdownReason | None = None
        self.leaving = asyncio.Event()
        self._first: ShutdownReason | None = None
        self._drain: Callable[[str], None] | None = None

    @property
    def is_heard(self) -> bool:
        """Whether a run answers requests just now."""
        return self._drain is not None

    @contextmanager
    def heard_by(self, drain: Callable[[str], None]) -> Iterator[None]:
        """A run that answers: `drain` is called once, with the reason in words; at once where one was made before."""
        self._drain = drain
        try:
            if self._first is not None:
                drain(self._first.value)
            yield
        finally:
            self._drain = None

    def request(self, reason: ShutdownReason) -> None:
        """Asks for the end."""
        if self._first is None:
            self._first = reason
            if self._drain is not None:
                self._drain(reason.value)
        elif reason is not ShutdownReason.HANGUP:
            self.left_by = reason
            self.leaving.set()
