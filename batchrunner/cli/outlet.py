"""Where a command's words go: how wide it is; and it may die or be closed before all is said, which ends nothing."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# a terminal that is gone, and a pipe that nobody reads any more
_GONE = {errno.EIO, errno.EPIPE}


def width() -> int | None:
    """How many characters a line of the terminal has; None where the result goes into a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else None


@contextmanager
def while_heard() -> Iterator[None]:
    """Says things, until nobody is there any more.

    Raises:
        OSError: somebody is there, and loses what is said: a disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _GONE:
            raise


def let_go() -> None:
    """What nobody took goes nowhere. Else Python tries again at its end, and makes 120 of the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
