"""Where the events of a run go: to a file, or to whoever reads stdout, for whom no run waits."""

import errno
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from batchrunner.app.cloud_events import Write
from batchrunner.app.event_file import EventFile
from batchrunner.errors import UsageError
from batchrunner.storage.paths import ProjectPaths

STDOUT = "-"

# A reader that has not taken so much is taken for one that hangs.
_MOST_WAITING_BYTES = 64 << 20
# At the end nobody waits longer for one who takes nothing.
_PATIENCE_S = 5.0


@contextmanager
def written_events(to: str | None, form: str, project: ProjectPaths) -> Iterator[Write | None]:
    """What writes the events to a file, or to stdout; None where nobody wants any.

    Raises:
        UsageError: the file is something else, or stdout is wanted for a report as well.
        Refused: a part of its path is a link.
    """
    if to is None:
        yield None
    elif to != STDOUT:
        yield EventFile.named(Path(to), project)
    elif form != "table":
        raise UsageError(f"--events - and -o {form} both write to stdout: name a file for the events")
    elif sys.stdout is None:
        raise UsageError("--events -: stdout is closed; name a file for the events")
    else:
        lines = StdoutLines(sys.stdout.fileno())
        try:
            yield lines
        finally:
            lines.close()


class StdoutLines:
    """Writes lines to the descriptor of stdout, in their order.

    It does so from a thread of its own, so that a pipe that is full holds nothing up.
    Used from one thread. A reader that is gone, or that takes nothing, gets no more.
    """

    def __init__(self, fd: int, most_bytes: int = _MOST_WAITING_BYTES) -> None:
        # not the stream: whoever ends while a thread holds it would hang
        self._fd = os.dup(fd)
        self._most_bytes = most_bytes
        self._lines: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._error: OSError | None = None
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._serve, name="events", daemon=True)
        self._thread.start()

    def __call__(self, line: str) -> None:
        """Takes a line to be written.

        Raises:
            OSError: nobody takes it.
        """
        data = f"{line}\n".encode()
        with self._changed:
            if self._error is None and self._waiting_bytes + len(data) > self._most_bytes:
                self._error = OSError(errno.EAGAIN, "whoever reads stdout takes nothing")
            if self._error is not None:
                self._lines.clear()
                raise self._error
            self._lines.append(data)
            self._waiting_bytes += len(data)
            self._changed.notify_all()

    def close(self, patience_s: float = _PATIENCE_S) -> None:
        """Returns when all is written, or when for so many seconds nothing was."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            left_bytes = -1
            while self._error is None and left_bytes != self._waiting_bytes > 0:
                left_bytes = self._waiting_bytes
                self._changed.wait_for(self._is_moved(left_bytes), patience_s)

    def _is_moved(self, left_bytes: int) -> Callable[[], bool]:
        return lambda: self._error is not None or self._waiting_bytes < left_bytes

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._is_closing)
                if not self._lines:
                    break
                data = self._lines.popleft()
            self._write(data)
        os.close(self._fd)

    def _write(self, data: bytes) -> None:
        while data:
            try:
                written = os.write(self._fd, data)
            except OSError as error:
                with self._changed:
                    self._error = error
                    self._lines.clear()
                    self._changed.notify_all()
                return
            data = data[written:]
            with self._changed:
                self._waiting_bytes -= written
                self._changed.notify_all()
