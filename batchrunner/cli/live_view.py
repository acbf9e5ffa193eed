"""The live view: the last lines of a terminal, drawn over and over. The only place that knows rich."""

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
_ERASE_TO_END = "\x1b[J"


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
        if lines != self._lines or now != self._size:
            self._write("", lines)

    def above(self, text: str) -> None:
        """Prints a text of whole lines above the view."""
        self._write(text, self._lines if size() == self._size else ())

    def close(self) -> None:
        """Takes the view away."""
        self._write("", ())

    def _write(self, text: str, lines: Sequence[ViewLine]) -> None:
        """All at once, so that nobody sees a half; it is on record as drawn even where the terminal has died."""
        frame = f"{self._erasing()}{text}{self._drawn(lines)}"
        self._lines, self._size = lines, size()
        if frame:
            hand_over(frame, nl=False, err=True)

    def _erasing(self) -> str:
        """From the end of the last line back to the start of the first, and nothing behind it."""
        if not self._lines:
            return ""
        width = size().columns
        rows = sum(max(-(-sum(columns(span.text) for span in line) // width), 1) for line in self._lines)
        moves: list[tuple[ControlType, int] | ControlType] = [ControlType.CARRIAGE_RETURN]
        if rows > 1:
            moves.append((ControlType.CURSOR_UP, rows - 1))
        return f"{Control(*moves)}{_ERASE_TO_END}"

    def _drawn(self, lines: Sequence[ViewLine]) -> str:
        segments = [
            segment
            for number, line in enumerate(lines)
            for segment in (
                *([Segment.line()] if number else []),
                *(Segment(span.text, _STYLES.get(span.style)) for span in line),
            )
        ]
        self._console.print(Segments(segments), end="", soft_wrap=True)
        drawn = self._frame.getvalue()
        self._frame.seek(0)
        self._frame.truncate()
        return drawn
