"""Where a command's words go, and the only place that prints: what came from outside is shown, and does nothing.

It knows how wide a terminal is; and that one may die or be closed before all is said, which ends nothing.
"""

import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from batchrunner.domain.text import Lines, visible

# Excel takes a file without it for one in the encoding of its country.
UTF8_MARK = "\ufeff"
# a terminal that is gone, and a pipe that nobody reads any more
_GONE = {errno.EIO, errno.EPIPE}
# Colours, bold and dim, as `click.style` writes them: they move nothing and ask the terminal nothing.
_OUR_STYLE = re.compile(r"(\x1b\[(?:0|1|2|31|32|33)m)")
# What GitHub takes for a command where it reads our log: a line that begins with `::`, after blanks or not.
# Source: actions/runner's ActionCommand.cs, 2026-11.
_COMMAND = re.compile(r"^(\s*):(?=:)")


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Prints one line, whatever is in the text: nothing from outside begins a new one, or steers the terminal."""
    click.echo(_harmless(text), err=err, nl=nl, color=_colour())


def warn(text: str) -> None:
    """Prints one line of what is no part of the result."""
    say(text, err=True)


def say_lines(text: Lines, *, err: bool = False) -> None:
    """Prints lines that were made as such."""
    click.echo("\n".join(map(_harmless, text.split("\n"))), err=err, color=_colour())


def begins_with_mark(*, err: bool) -> str:
    """What a spreadsheet needs before the first cell to read UTF-8; nothing where the stream is not written in it."""
    encoding = (getattr(sys.stderr if err else sys.stdout, "encoding", None) or "").lower().replace("-", "")
    return UTF8_MARK if encoding == "utf8" else ""


def hand_over(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Prints what a program reads, or what draws on a terminal: as it is. Whoever made it has escaped what is in it."""
    click.echo(text, err=err, nl=nl, color=_colour())


def one_line(text: str) -> str:
    """A text in our own styles on one line, everything else in it made visible."""
    pieces = _OUR_STYLE.split(text)
    return "".join(piece if _OUR_STYLE.fullmatch(piece) else visible(piece) for piece in pieces)


def _harmless(text: str) -> str:
    return _COMMAND.sub(r"\1\\:", one_line(text))


def is_plain() -> bool:
    """Whether somebody wants no colours, or has a terminal that knows none. Source: no-color.org."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _colour() -> bool | None:
    """What click is told: no styles, or those of a terminal only."""
    return False if is_plain() else None


def can_redraw(*, shares_stdout: bool = False) -> bool:
    """Whether stderr is a terminal on which lines can be drawn anew, before the eyes of a person.

    `shares_stdout`: something is written to stdout meanwhile, which must not be the same terminal then.
    """
    is_shared = shares_stdout and sys.stdout is not None and sys.stdout.isatty()
    return sys.stderr.isatty() and not is_plain() and not is_shared and not os.environ.get("CI")


def can_encode(characters: str) -> bool:
    """Whether stderr can say these."""
    try:
        characters.encode(sys.stderr.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def size() -> os.terminal_size:
    """How many columns and lines the terminal of stderr has just now; 80 and 24 where it does not say."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError):
        found = os.terminal_size((0, 0))
    return os.terminal_size((found.columns or 80, found.lines or 24))


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
    for stream in filter(None, (sys.stdout, sys.stderr)):  # whoever starts a program may have closed them
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
