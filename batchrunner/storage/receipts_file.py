"""The file of receipts: read as something that anybody may have written, each line with its place."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from batchrunner.errors import BadReceipts, UsageError
from batchrunner.io.dir_fd import Refused
from batchrunner.io.files import Root

_MOST_BYTES = 256 << 20
_MOST_LINES = 500_000
_LONGEST_LINE = 1 << 20
_MOST_TOLD = 10
_HELP = (
    "resolve a conflict by keeping the lines of both sides; restore a damaged line with git, or remove it: "
    "what no other line and no ledger records is then paid again"
)
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as JSON, and its place: `shots.receipts.jsonl:3`."""

    location: str
    data: object


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is not taken in, and why."""

    location: str
    said: str

    def __str__(self) -> str:
        return f"{self.location}: this line is not a receipt: {self.said}"


def read_lines(root: Root, path: Path) -> Iterator[Line | RefusedLine]:
    """The lines of a file, none where it is not there.

    A power cut in the midst of an append leaves a line without its end, which tells of nothing that happened since: it
    is left out.

    Raises:
        UsageError: it cannot be read, is no plain file, or has no end.
    """
    *whole, last = _bytes(root, path).split(b"\n")
    lines = whole if is_cut_off(last) else [*whole, last]
    if len(lines) > _MOST_LINES:
        raise UsageError(f"the receipts {path} have more than {_MOST_LINES:,} lines: none is imported")
    for number, raw in enumerate(lines, 1):
        if raw.strip():
            yield _line(f"{path}:{number}", raw)


def is_cut_off(last: bytes) -> bool:
    """Whether what follows the last line's end is the beginning of another one."""
    if not last.startswith(b"{"):
        return False
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return True
    return False


def append_line(root: Root, path: Path, line: bytes) -> None:
    """Adds a line to the end of a file, which is made where there is none; it is on the disk when this returns.

    Raises:
        OSError: the disk does not take it, and nothing of it stays; or the file is a link, or no file.
    """
    try:
        size_bytes, last = _end(root, path)
    except FileNotFoundError:
        root.write_new(path, line)
        return
    if is_cut_off(last):
        size_bytes -= len(last)
        root.cut(path, size_bytes)
    elif last:
        line = b"\n" + line
    try:
        root.append(path, line)
    except OSError:
        with suppress(OSError):
            root.cut(path, size_bytes)
        raise


def _end(root: Root, path: Path) -> tuple[int, bytes]:
    """The size of a file, and what follows its last line's end."""
    with root.open(path) as file:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(size_bytes - _LONGEST_LINE, 0))
        return size_bytes, file.read(_LONGEST_LINE).rpartition(b"\n")[2]


def refuse(faults: list[RefusedLine]) -> None:
    """Tells of the lines that cannot be taken in; all is well once they are mended.

    Raises:
        BadReceipts: there are some. What they tell of may be paid, so nothing is planned without them.
    """
    if not faults:
        return
    more = [f"and {len(faults) - _MOST_TOLD} more"] if len(faults) > _MOST_TOLD else []
    raise BadReceipts([*map(str, faults[:_MOST_TOLD]), *more, _HELP])


def _bytes(root: Root, path: Path) -> bytes:
    try:
        with root.open(path) as file:
            found = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return b""
    except Refused as error:
        raise UsageError(f"the receipts cannot be read: {error}") from error
    except OSError as error:
        raise UsageError(f"the receipts {path} cannot be read: {error.strerror}") from error
    if len(found) > _MOST_BYTES:
        raise UsageError(f"the receipts {path} cannot be read: they have more than {_MOST_BYTES >> 20} MiB")
    return found.removeprefix(b"\xef\xbb\xbf")


def _line(location: str, raw: bytes) -> Line | RefusedLine:
    try:
        return Line(location, _json(raw))
    except UnicodeDecodeError:
        said = "it is not UTF-8"
    except json.JSONDecodeError as error:
        said = f"it is not JSON: {error.msg} at character {error.colno}"
    except ValueError as error:
        said = str(error)
    except RecursionError:
        said = "it is nested too deep"
    return RefusedLine(location, said)


def _json(raw: bytes) -> object:
    if len(raw) > _LONGEST_LINE:
        raise ValueError(f"it has more than {_LONGEST_LINE >> 10} KiB")
    text = raw.decode("utf-8")
    if text.startswith(_CONFLICT):
        raise ValueError("it is a conflict marker that git left here")
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it contains a name twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")
