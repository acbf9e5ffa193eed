"""A pseudo-terminal that is this process's stderr, and the screen that a person would see of it."""

import fcntl
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from unittest.mock import patch

import pyte

LINES = 24
_COLOURS = {"green": "g", "brown": "y", "red": "r", "cyan": "c"}
_NOTHING: Mapping[str, str] = {}
_PLAIN = {"NO_COLOR", "TERM", "CI", "COLORTERM", "TZ"}


class PseudoTerminal:
    """Its screen is read by what is written to it."""

    def __init__(self, columns: int) -> None:
        self._master: int | None
        self._master, self.slave = pty.openpty()
        self._screen = pyte.Screen(columns, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._marks = 0
        self.written = b""
        self.resize(columns)

    def resize(self, columns: int, lines: int = LINES) -> None:
        """Somebody pulls at the corner of its window."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def dies(self) -> None:
        """Its window is closed."""
        if self._master is not None:
            os.close(self._master)
            self._master = None

    def read(self) -> None:
        """All that was written so far; the kernel hands it over when it has time, so that an end is put behind it."""
        self._marks += 1
        mark = f"\x1b]0;{self._marks}\x07".encode()
        os.write(self.slave, mark)
        read = b""
        while not read.endswith(mark):
            assert self._master is not None
            read += os.read(self._master, 65536)
        self.written += read.removesuffix(mark)
        self._stream.feed(read)

    def lines(self) -> list[str]:
        """What stands on the screen, without the blanks at the ends of its lines, and without empty lines below."""
        self.read()
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip().split("\n")

    def picture(self) -> str:
        """The screen; and below it, where there are colours, each of these as a letter (b: bold, d: neither)."""
        lines = self.lines()
        colours = ["".join(map(self._letter, self._row(number))).rstrip() for number in range(len(lines))]
        return "\n".join([*lines, "", *colours, ""])

    def _row(self, number: int) -> Iterator[pyte.screens.Char]:
        row = self._screen.buffer[number]
        return (row[column] for column in range(self._screen.columns))

    def _letter(self, character: pyte.screens.Char) -> str:
        letter = _COLOURS.get(character.fg, "b" if character.bold else ".")
        return " " if character.data.isspace() else letter


@contextmanager
def on_terminal(columns: int, environment: Mapping[str, str] = _NOTHING) -> Iterator[PseudoTerminal]:
    """Within, stderr is a terminal of that size, at a place whose time is UTC."""
    terminal = PseudoTerminal(columns)
    usual = {name: value for name, value in os.environ.items() if name not in _PLAIN}
    stderr = os.fdopen(terminal.slave, "w", encoding="utf-8", errors="backslashreplace")
    with patch.dict(os.environ, usual | {"TERM": "xterm-256color", "TZ": "UTC", **environment}, clear=True):
        time.tzset()
        try:
            with patch.object(sys, "stderr", stderr):
                yield terminal
        finally:
            with suppress(OSError):  # a dead one does not take what waits to be written
                stderr.close()
            terminal.dies()
    time.tzset()
