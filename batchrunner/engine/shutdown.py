"""What Ctrl-C, TERM and HUP do: the first one drains, the second one leaves."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ShutdownSignals:
    """Counts signals. A terminal that is gone (HUP) drains, however often it says so."""

    def __init__(self) -> None:
        self.last: signal.Signals | None = None
        self.leaving = asyncio.Event()
        self._drain: Callable[[str], None] = lambda _reason: None
        self._drained = False
        self._before: dict[signal.Signals, Any] = {}

    def install(self, drain: Callable[[str], None]) -> None:
        """From now on signals are answered; `drain` is called once, with the reason."""
        self._drain = drain
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            self._before[number] = signal.getsignal(number)
            if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup, a terminal that is gone shall not matter
                loop.add_signal_handler(number, self.receive, number)

    def receive(self, number: signal.Signals) -> None:
        """One signal came."""
        if not self._drained:
            self._drained = True
            self._drain(
                {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "a TERM signal", signal.SIGHUP: "a HUP signal"}[number]
            )
        elif number is not signal.SIGHUP:
            self.last = number
            self.leaving.set()

    def uninstall(self) -> None:
        """Signals do again what they did before."""
        loop = asyncio.get_running_loop()
        for number, before in self._before.items():
            if loop.remove_signal_handler(number) and before is not None:
                signal.signal(number, before)
