"""What a run shows while it goes on: one live line on a terminal, elsewhere a plain line now and then."""

import os
import shutil
import sys
from contextlib import suppress

import click

from batchrunner.cli.terminal import hand_over, one_line
from batchrunner.domain.event import Event, EventKind, Progress, RunEvent
from batchrunner.domain.money import dollars
from batchrunner.domain.status import counts_in_words
from batchrunner.domain.text import duration, visible

LIVE_BEAT_S = 1.0
PLAIN_BEAT_S = 30.0

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
    """Listens to a run and tells it on stderr. A terminal that has died does not end the run."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = not quiet and is_live()
        self._line = ""

    @property
    def beat_s(self) -> float:
        """How often it wants to hear how far the run is."""
        return LIVE_BEAT_S if self._live else PLAIN_BEAT_S

    def __call__(self, event: Event) -> None:
        """Hears of one event."""
        match event:
            case Progress():
                self._show(progress_line(event))
            case RunEvent(kind=kind) if kind in _WORDS and not (self._quiet and kind in _NOTES):
                words, colour = _WORDS[kind]
                where = f"{event.job}: " if event.job else ""
                self._say(one_line(f"{click.style(words, fg=colour)}  {where}{event.text}"))
            case _:
                pass

    def close(self) -> None:
        """Leaves the terminal as it was."""
        self._write("\r\x1b[2K" if self._line else "")
        self._line = ""

    def _show(self, line: str) -> None:
        if self._quiet:
            return
        if not self._live:
            self._say(line)
            return
        self._line = line[: shutil.get_terminal_size().columns - 1]
        self._write(f"\r\x1b[2K{self._line}")

    def _say(self, line: str) -> None:
        self._write(f"\r\x1b[2K{line}\n{self._line}" if self._line else f"{line}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # a terminal that died, a full disk behind it: the run goes on
            hand_over(text, nl=False, err=True)


def is_live() -> bool:
    """Whether stderr is a terminal on which a line can be drawn again."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def progress_line(progress: Progress) -> str:
    """`12 done, 2 running · waiting for … · 12 min · $36.06 in this run · about 2 min left`.

    What matters most comes first: a narrow terminal cuts the end.
    """
    left = "" if progress.left_s is None else f"about {duration(progress.left_s)} left"
    spent = f"{dollars(progress.spent_usd)} in this run"
    parts = [counts_in_words(progress.counts), progress.waits_for, duration(progress.elapsed_s), spent, left]
    return visible(" · ".join(part for part in parts if part))
