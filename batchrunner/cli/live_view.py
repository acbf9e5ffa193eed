"""The live view: the last lines of a terminal, drawn over and over. The only place that knows rich."""

import os
from collections.abc import Sequence
from io import StringIO
from typing import Final

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType, Segment, Segments
from rich.style import Style

from batchrunner.cli.terminal import can_encode, hand_over, size
from batchrunner.domain.event import Progress
from batchrunner.domain.text import columns
from batchrunner.reports.run_view import MARKS, ViewLine, view_lines

_STYLES: Final = {name: Style.parse(name) for name in ("green", "yellow", "red", "cyan", "bold", "dim")}
_MOST_FINISHED = 3
_ERASE_TO_END, _ERASE_LINE = "\x1b[J", "\x1b[2K"
# The terminal itself puts the cursor to the start of the line.
_NEXT = "\n"


class LiveView:
    """Draws how far a run is below everything else on stderr.

    What else is said goes above it. It is drawn only where something has changed, and fits the terminal as it is at
    that moment; one that became narrower has wrapped the old lines, which are taken away all the same.
    """

    def __init__(self) -> None:
        self._frame = StringIO()
        # stderr is a terminal, or nobody makes a view; its size is asked for at each look
        self._console = Console(file=self._frame, force_terminal=True, highlight=False, markup=False, emoji=False)
        self._ascii_only = not can_encode(MARKS)
        self._finished: list[tuple[str, str]] = []
        self._lines: Sequence[ViewLine] = ()
        self._size = size()

    def finish(self, job: str, path: str) -> None:
        """A clip came: the next look shows it."""
        self._finished = [(job, path), *self._finished][:_MOST_FINISHED]

    def show(self, progress: Progress, now_s: float) -> None:
        """Draws it anew, where it is another than what stands there; `now_s` is the time in Unix seconds."""
        width, height = now = size()
        lines = view_lines(progress, self._finished, width - 1, now_s, ascii_only=self._ascii_only)
        lines = lines[: max(height - 1, 1)]  # what has left the screen at its top could not be taken away
        if len(lines) == len(self._lines) and now == self._size:
            self._renew(lines)
        else:
            self._redraw("", lines, now)

    def above(self, text: str) -> None:
        """Prints a text of whole lines above the view."""
        now = size()
        self._redraw(text, self._lines if now == self._size else (), now)

    def close(self) -> None:
        """Takes the view away."""
        self._redraw("", (), size())

    def _renew(self, lines: Sequence[ViewLine]) -> None:
        """Writes over the lines that are others now: a terminal takes its time for each character."""
        before, self._lines = self._lines, lines
        changed = [line if line != old else None for line, old in zip(lines, before, strict=True)]
        if any(changed):
            rows = [f"{_ERASE_LINE}{self._drawn(line)}" if line else "" for line in changed]
            self._write(f"{_to_start_of(len(lines))}{_NEXT.join(rows)}")

    def _redraw(self, text: str, lines: Sequence[ViewLine], now: os.terminal_size) -> None:
        """Takes the old lines away, and puts a text and these lines in their place."""
        frame = f"{self._erasing(now.columns)}{text}{_NEXT.join(map(self._drawn, lines))}"
        self._lines, self._size = lines, now
        if frame:
            self._write(frame)

    def _write(self, frame: str) -> None:
        """All at once, so that nobody sees a half."""
        hand_over(frame, nl=False, err=True)

    def _erasing(self, width: int) -> str:
        """From the end of the last line back to the start of the first, and nothing behind it."""
        if not self._lines:
            return ""
        taken = (sum(columns(span.text) for span in line) for line in self._lines)
        return f"{_to_start_of(sum(max(-(-each // width), 1) for each in taken))}{_ERASE_TO_END}"

    def _drawn(self, line: ViewLine) -> str:
        segments = Segments([Segment(span.text, _STYLES.get(span.style)) for span in line])
        self._console.print(segments, end="", soft_wrap=True)
        drawn = self._frame.getvalue()
        self._frame.seek(0)
        self._frame.truncate()
        return drawn


def _to_start_of(rows: int) -> str:
    """From the last of so many rows to the start of the first."""
    moves: list[tuple[ControlType, int] | ControlType] = [ControlType.CARRIAGE_RETURN]
    return str(Control(*moves, *([(ControlType.CURSOR_UP, rows - 1)] if rows > 1 else [])))
