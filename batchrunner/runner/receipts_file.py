"""The file of receipts: read as something that anybody may have written, each line with its place."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchrunner.errors import UsageError

_MOST_BYTES = 256 << 20
_MOST_LINES = 500_000
_LONGEST_LINE = 1 << 20
_MOST_TOLD = 10
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as JSON, and its place: `shots.receipts.jsonl:3`."""

    place: str
    data: object


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is not taken in, and why."""

    place: str
    said: str

    def __str__(self) -> str:
        return f"{self.place}: this line is no receipt: {self.said}"


def read_lines(path: Path) -> Iterator[Line | Fault]:
    """The lines of a file, none where it is not there.

    Raises:
        UsageError: it cannot be read, is no plain file, or has no end.
    """
    for number, raw in enumerate(_bytes(path).split(b"\n"), 1):
        if number > _MOST_LINES:
            raise UsageError(f"the receipts {path} have more than {_MOST_LINES:,} lines: none is taken in")
        if raw.strip():
            yield _line(f"{path}:{number}", raw)


def refuse(faults: list[Fault]) -> None:
    """Tells of the lines that cannot be taken in; all is well once they are mended.

    Raises:
        UsageError: there are some. What they tell of may be paid, so nothing is planned without them.
    """
    if not faults:
        return
    more = f"\nand {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
    raise UsageError(
        "\n".join(map(str, faults[:_MOST_TOLD])) + f"{more}\n"
        "resolve a conflict by keeping the lines of both sides; bring a damaged line back with git, or remove it: "
        "what no other line and no ledger tells of is then paid again. Nothing was submitted"
    )


def _bytes(path: Path) -> bytes:
    try:
        # neither a link nor a pipe is waited for or followed: the folder may be somebody else's
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    except OSError as error:
        why = "it is a link, which is not followed" if path.is_symlink() else error.strerror
        raise UsageError(f"the receipts {path} cannot be read: {why}") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            why = f"they have more than {_MOST_BYTES >> 20} MiB" if stat.S_ISREG(found.st_mode) else "it is no file"
            raise UsageError(f"the receipts {path} cannot be read: {why}")
        with open(fd, "rb", closefd=False) as file:  # a path would be opened a second time
            return file.read(_MOST_BYTES).removeprefix(b"\xef\xbb\xbf")
    finally:
        os.close(fd)


def _line(place: str, raw: bytes) -> Line | Fault:
    try:
        return Line(place, _json(raw))
    except UnicodeDecodeError:
        said = "it is not UTF-8"
    except json.JSONDecodeError as error:
        said = f"it is not JSON: {error.msg} at character {error.colno}"
    except ValueError as error:
        said = str(error)
    except RecursionError:
        said = "it is nested too deep"
    return Fault(place, said)


def _json(raw: bytes) -> object:
    if len(raw) > _LONGEST_LINE:
        raise ValueError(f"it has more than {_LONGEST_LINE >> 10} KiB")
    text = raw.decode("utf-8")
    if text.startswith(_CONFLICT):
        raise ValueError("git left it there, where two sides are to be merged")
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it holds a name twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")
