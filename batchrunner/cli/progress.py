"""What a run shows while it goes on: a live view on a terminal, elsewhere a plain line now and then."""

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from batchrunner.cli.terminal import can_redraw, hand_over, one_line
from batchrunner.domain.event import Event, EventKind, Progress, RunEvent
from batchrunner.domain.text import local_clock
from batchrunner.io.clock import Clock
from batchrunner.reports.run_view import plain_line

if TYPE_CHECKING:
    from batchrunner.cli.live_view import LiveView

# How often it wants to hear how far the run is.
BEAT_S = 1.0
_PLAIN_S = 30.0
# What is waited for a shorter time is no news in a log.
_LASTING_S = 10.0

# What is worth a line of its own: what failed, and what needs a person.
_WORDS = {
    EventKind.FAILED: ("failed", "red"),
    EventKind.UNKNOWN: ("sent, no answer: may be paid", "red"),
    EventKind.ALARM: ("ALARM", "red"),
    EventKind.NOTE: ("note", "yellow"),
    EventKind.HALT: ("note", "yellow"),
    EventKind.WAIT: ("note", "yellow"),
}
_NOTES = {EventKind.NOTE, EventKind.HALT, EventKind.WAIT}


class ConsoleProgress:
    """Listens to a run and tells it on stderr. A terminal that has died does not end the run.

    Where there is no live view, a line tells how far the run is every half minute, and when a wait that lasts begins or
    ends. `shares_stdout`: results are written to stdout meanwhile.
    """

    def __init__(self, clock: Clock, *, quiet: bool, shares_stdout: bool = False) -> None:
        self._clock = clock
        self._quiet = quiet
        self._view = None if quiet or not can_redraw(shares_stdout=shares_stdout) else _live_view()
        self._next_s = _PLAIN_S
        self._is_waiting = False

    def __call__(self, event: Event) -> None:
        """Hears of one event."""
        match event:
            case Progress():
                self._show(event)
            case RunEvent(kind=EventKind.DONE) if self._view and event.job:
                self._view.finish(event.job, event.text)
            case RunEvent(kind=kind) if kind in _WORDS and not (self._quiet and kind in _NOTES):
                words, colour = _WORDS[kind]
                where = f"{event.job}: " if event.job else ""
                self._say(f"{click.style(words, fg=colour)}  {where}{event.text}")
            case _:
                pass

    def warn(self, text: str) -> None:
        """Says what has to be known even by those who want it quiet."""
        self._say(text)

    def close(self) -> None:
        """Leaves the terminal as it was."""
        if self._view:
            with suppress(OSError):
                self._view.close()

    def _show(self, progress: Progress) -> None:
        if self._view:
            with suppress(OSError):  # a terminal that died: the run goes on
                self._view.show(progress, self._clock.wall_s())
        elif not self._quiet and self._is_news(progress):
            self._say(plain_line(progress, self._clock.wall_s()))

    def _is_news(self, progress: Progress) -> bool:
        is_waiting = bool(progress.waits_for) and progress.waits_s >= _LASTING_S
        if is_waiting is self._is_waiting and progress.elapsed_s < self._next_s:
            return False
        self._is_waiting, self._next_s = is_waiting, progress.elapsed_s + _PLAIN_S
        return True

    def _say(self, text: str) -> None:
        line = f"{local_clock(self._clock.wall_s())}  {one_line(text)}\n"
        with suppress(OSError):  # a terminal that died, a full disk behind it: the run goes on
            if self._view:
                self._view.above(line)
            else:
                hand_over(line, nl=False, err=True)


def _live_view() -> "LiveView":
    from batchrunner.cli.live_view import LiveView  # noqa: PLC0415  # rich is loaded where a terminal shows it

    return LiveView()
