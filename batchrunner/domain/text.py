"""Numbers, times and foreign texts as people read them."""

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType

from batchrunner.domain.money import NOTHING, Cost, dollars

# Longer batches show only what is not done: nobody reads 500 lines that say "done".
LONGEST_TABLE = 60

# Below this many, seconds and minutes are told as they are; above, in the next unit.
_MOST_OF_A_UNIT = 90
_MOST_NAMES = 5
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# What pipelines take for a command wherever it stands in their logs: `##[add-mask]` (GitHub's first form), `##vso[…]`
# (Azure), `##teamcity[…]`. Source: actions/runner's ActionCommand.cs and the others' documentation, 2026-11.
_COMMAND = re.compile(r"#(?=#\w*\[)")
_JOINERS = "\u200c\u200d"  # parts of words and of emoji

# Text of several lines, each of which went through `in_lines` or `table`: nothing from outside breaks out of its line.
Lines = NewType("Lines", str)


def visible(text: str) -> str:
    r"""A text on one line: what nobody sees, or what moves other signs, is shown as its escape: `\x1b`, `\u202e`."""
    if not text.isprintable():
        text = "".join(c if _is_visible(c) else _escape(c) for c in text)
    return _COMMAND.sub(r"\\x23", text) if "##" in text else text


def without_unseen(text: str) -> str:
    """A text on one line without what nobody sees, which may stand within a word to keep it from being found."""
    return "".join(" " if c in "\n\t" else c for c in text if c in "\n\t" or _is_visible(c))


def _is_visible(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _HIDDEN


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def printable(text: str, most: int | None = None) -> str:
    """A foreign text on one line, its control characters shown as escapes, and cut where it is too long."""
    line = visible(re.sub(" +", " ", text.strip()))
    return line if most is None or len(line) <= most else f"{line[: most - 1]}…"


def json_text(data: object, indent: int | None = None) -> str:
    """Plain data as JSON in ASCII, in which no pipeline finds a command either."""
    return _COMMAND.sub(r"\\u0023", json.dumps(data, indent=indent))


def in_lines(*texts: str) -> Lines:
    """Texts that become one line each, whatever is in them."""
    return Lines("\n".join(map(visible, texts)))


def stacked(*blocks: Lines) -> Lines:
    """Blocks of lines, one below the other."""
    return Lines("\n".join(blocks))


def display_path(path: str, project: str) -> str:
    """A path of the ledger from where the project is seen as `project`: `sandbox-run/outputs/a.mp4`."""
    return path if path.startswith("/") or project in {"", "."} else f"{project}/{path}"


def utc(at_s: float | None) -> str | None:
    """RFC 3339 in UTC, to the second: `2026-11-23T02:00:00Z`."""
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(at_s: float) -> str:
    """A moment on this machine's wall: `2026-11-23 18:04 CET`."""
    return datetime.fromtimestamp(at_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def local_time(at_s: float, *, with_day: bool = False) -> str:
    """The same moment, short: `18:04`, or `Tue 18:04` where that is another day."""
    return datetime.fromtimestamp(at_s, UTC).astimezone().strftime("%a %H:%M" if with_day else "%H:%M")


def local_clock(at_s: float) -> str:
    """The same to the second: `18:04:05`."""
    return datetime.fromtimestamp(at_s, UTC).astimezone().strftime("%H:%M:%S")


def aged(since: date, today: date) -> str:
    """How old something of that day is: `97 days old`."""
    return f"{plural(max((today - since).days, 0), 'day')} old"


def day_of(at_s: float) -> date:
    """The day of a moment, in UTC."""
    return datetime.fromtimestamp(at_s, UTC).date()


def most_usd(cost: Cost, retries: int, *limits_usd: Decimal | None) -> Decimal:
    """What may be paid at most where every task fails until its last retry, and each try is paid."""
    return min([cost.high_usd * (1 + retries), *(max(usd, NOTHING) for usd in limits_usd if usd is not None)])


def with_retries(retries: int, usd: Decimal) -> str:
    """The same in words."""
    times = "1 retry" if retries == 1 else f"{retries} retries"
    return f"with up to {times} of failed tasks, at most {dollars(usd)}"


def duration(seconds: float) -> str:
    """A length of time: `45 s`, `12 min`, `7 h 05 min`."""
    if seconds < _MOST_OF_A_UNIT:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < _MOST_OF_A_UNIT else f"{minutes // 60} h {minutes % 60:02d} min"


def hours(seconds: float) -> str:
    """A length of time that somebody has set, without what is none: `48 h`, `90 min`."""
    return duration(seconds).removesuffix(" 00 min")


def ago(at_s: float, now_s: float) -> str:
    """How long ago: `12 min ago`."""
    return f"{duration(max(now_s - at_s, 0.0))} ago"


def listed(names: Iterable[str], most: int = _MOST_NAMES) -> str:
    """Names with commas; of many the first five, or `most`: `a, b, c, d, e and 7 more`."""
    first = list(names)
    more = len(first) - most
    return ", ".join(first[:most]) + (f" and {more} more" if more > 0 else "")


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or character in _JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def plural(number: int, noun: str) -> str:
    """`1 clip`, `2 clips`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
