"""Signals before a command has begun, and around it. It imports hardly anything: it comes before the long imports."""

import os
import signal
from types import FrameType
from typing import Never

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "a TERM signal", signal.SIGHUP: "a HUP signal"}


class Stopped(SystemExit):
    """A signal came while no run was listening; `code` is what the process ends with.

    It is none of Python's ordinary errors, so that nothing on its way takes it for one.
    """

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(_code(number))
        self.name = NAMES[number]


def leave_on_signals() -> None:
    """From now on a signal ends the process at once: nothing has begun."""
    for number in NAMES:
        if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup it shall not matter
            signal.signal(number, _leave)


def answer_signals() -> None:
    """From now on there are files to be closed: whoever wants to leave raises `Stopped`, and all is tidied up."""
    for number in NAMES:
        if signal.getsignal(number) is _leave:
            # asyncio knows what to do with a Ctrl-C that is Python's own
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else _stop)


def ignore_signals() -> None:
    """All is done: nothing changes how the process ends."""
    for number in NAMES:
        signal.signal(number, signal.SIG_IGN)


def _leave(number: int, _: FrameType | None) -> Never:
    said = f"batchrunner: stopped by {NAMES[signal.Signals(number)]} before it began: nothing was submitted\n"
    os.write(2, said.encode())
    os._exit(_code(signal.Signals(number)))


def _stop(number: int, _: FrameType | None) -> Never:
    raise Stopped(signal.Signals(number))


def _code(number: signal.Signals) -> int:
    # Source: the table in docs/exit-codes.md; errors.Exit has the same two
    return 143 if number is signal.SIGTERM else 130
