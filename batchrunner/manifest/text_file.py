"""How bytes on disk become text: what is no file, its size, its encoding, and where its lines end."""

import codecs
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    LinesOf = Callable[[str], tuple[str, ...]]

MOST_BYTES = 32 * 1024 * 1024

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML 1.1 counts, and so do its parsers' marks

_BYTE_ORDER_MARKS = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, None),
    (codecs.BOM_UTF32_BE, None),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SAVE_AS_UTF8 = "save the file as UTF-8"

_HINTS: dict[type[Exception], str] = {
    FileNotFoundError: "check the spelling, and in which folder you are",
    PermissionError: "let yourself read it: `chmod u+r`",
    NotADirectoryError: "a part of the path is a file, not a folder",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text, as far as it could be read, and what was wrong with it."""

    text: str
    problem: Problem | None = None


def load(path: "Path", file: str, lines_of: "LinesOf | None" = None) -> Source:
    """The text of `path`, which places call `file`; whatever it is, this neither raises nor waits.

    `lines_of` says how its lines are counted, by default as YAML counts them.
    """
    data = read_bytes(path, file)
    return Source("", data) if isinstance(data, Problem) else decode(data, file, lines_of)


def read_bytes(path: "Path", file: str) -> bytes | Problem:
    """The content of a file on disk; whatever it is, this neither raises nor waits."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
            return _not_a_file(mode, Location(file, 1, 1))
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return _unreadable(error, Location(file, 1, 1))
    return data if len(data) <= MOST_BYTES else _too_large(Location(file, 1, 1))


def decode(data: bytes, file: str, lines_of: "LinesOf | None" = None) -> Source:
    """UTF-8, or UTF-16 by its byte order mark; anything else is a problem at the first bad byte."""
    mark, encoding = next((row for row in _BYTE_ORDER_MARKS if data.startswith(row[0])), (b"", "utf-8"))
    if encoding is None:
        message = "the file is written in UTF-32, which YAML readers do not share"
        return Source("", Problem(Code.FILE_ENCODING, Location(file, 1, 1), message, _SAVE_AS_UTF8))
    body = data[len(mark) :]
    try:
        return Source(body.decode(encoding))
    except UnicodeDecodeError as error:
        before = (lines_of or split_lines)(body[: error.start].decode(encoding))
        location = Location(file, len(before), len(before[-1]) + 1)
        message = f"the byte 0x{body[error.start]:02X} is not {encoding[:6].upper()} text"
        text = body.decode(encoding, errors="replace")
        return Source(text, Problem(Code.FILE_ENCODING, location, message, _SAVE_AS_UTF8))


def split_lines(text: str) -> tuple[str, ...]:
    """The lines as YAML counts them, without their ends; a last line break starts one more, empty line."""
    return tuple(_LINE_BREAK.split(text))


def _not_a_file(mode: int, location: Location) -> Problem:
    if stat.S_ISDIR(mode):
        return Problem(Code.FILE_UNREADABLE, location, "this is a folder", "name a file in it")
    return Problem(Code.FILE_UNREADABLE, location, "this is a pipe or a device", "name a file on disk")


def _unreadable(error: OSError | ValueError, location: Location) -> Problem:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    message = f"the file cannot be read: {reason[:1].lower()}{reason[1:]}"
    return Problem(Code.FILE_UNREADABLE, location, message, _HINTS.get(type(error)))


def _too_large(location: Location) -> Problem:
    message = f"the file is larger than {MOST_BYTES // 1024**2} MiB"
    hint = "put the jobs into several files, or their values into a CSV file named in `rows`"
    return Problem(Code.FILE_TOO_LARGE, location, message, hint)
