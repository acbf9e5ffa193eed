"""A command on a terminal of its own: a person who reads the screen and types."""

import os
import pty
import select
import subprocess
import time
from types import TracebackType
from typing import Self

from .service import PATIENCE_S
from .user import COMMAND, User

# The first terminal that the leader of a new session opens is the one whose Ctrl-C it gets.
_ADOPT = 'exec "$@" < "$0"'
_SILENCE_S = 5.0
_ADOPT_UNDER_NOHUP = f"trap '' HUP; {_ADOPT}"


class Terminal:
    """A pseudo-terminal that is the command's controlling one, so that Ctrl-C is a key."""

    def __init__(self, user: User, *arguments: str, nohup: bool = False) -> None:
        screen, keyboard = pty.openpty()
        self._screen: int | None = screen
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _ADOPT_UNDER_NOHUP if nohup else _ADOPT, os.ttyname(keyboard), COMMAND, *arguments],
                cwd=user.folder,
                env={**user.environment, "TERM": "xterm"},
                stdin=keyboard,
                stdout=keyboard,
                stderr=keyboard,
                start_new_session=True,
            )
        finally:
            os.close(keyboard)
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self.dies()

    def dies(self) -> None:
        """Its window is closed, or the connection to it is lost."""
        if self._screen is not None:
            os.close(self._screen)
            self._screen = None

    def read_until(self, words: str) -> str:
        """The screen up to and beyond some words."""
        until_s = time.monotonic() + PATIENCE_S
        while words not in self._shown:
            assert self._read_some(until_s), f"{words!r} never stood there, but {self._shown}"
        return self._shown

    def _read_some(self, until_s: float) -> bool:
        """Reads what comes next; False at the end, or when patience is."""
        if self._screen is None:
            return False
        readable, _, _ = select.select([self._screen], [], [], max(0.0, until_s - time.monotonic()))
        if not readable:
            return False
        try:
            shown = os.read(self._screen, 4096)
        except OSError:  # on Linux the end of a terminal is an error
            return False
        self._shown += shown.decode(errors="replace")
        return bool(shown)

    def type(self, keys: str) -> None:
        assert self._screen is not None
        os.write(self._screen, keys.encode())

    def insist(self, keys: str) -> int:
        """Types them, and again after each silence, until the command ends; its exit code.

        Python's reader of lines loses a Ctrl-C that comes in the very moment in which it begins to wait.
        """
        until_s = time.monotonic() + 2 * PATIENCE_S
        while self._process.poll() is None and time.monotonic() < until_s:
            self.type(keys)
            while self._read_some(time.monotonic() + _SILENCE_S):
                pass
        return self._process.wait(PATIENCE_S)

    def end(self) -> int:
        """Reads on to the end; the exit code."""
        until_s = time.monotonic() + 2 * PATIENCE_S
        while self._read_some(until_s):
            pass
        return self._process.wait(2 * PATIENCE_S)
