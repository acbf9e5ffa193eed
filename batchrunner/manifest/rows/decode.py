"""How a table's bytes become text: as a manifest's do, and besides as older spreadsheets write them."""

import codecs
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Severity
from batchrunner.manifest import text_file
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.rows.encodings import WINDOWS, Decoding, Encoding, decode, first_beyond_ascii, likelier
from batchrunner.manifest.text_file import Source

FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")

_LINE_BREAK = re.compile("\r\n|[\n\r]")  # what spreadsheets and editors count, unlike YAML
_OTHER_THAN_BROKEN = re.compile("[^\0-\x7f\ufffd]")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # UTF-32's begins with one of them, or with NUL
_MOST_CHARACTERS = 20  # forbidden characters shown: a binary file has thousands


def load(path: Path, file: str, encoding: Encoding | None = None) -> Source:
    """The text of `path`, which places call `file`. Its problem may be a warning: then the text is good.

    `encoding` is what its author says that it is in; without, UTF-8, or Windows-1252 with a warning where every word
    may be in it.
    """
    if encoding:
        data = text_file.read_bytes(path, file)
        return Source("", data) if isinstance(data, Problem) else _decoded(data, file, encoding)
    found = text_file.load(path, file, split_lines)
    if found.problem is None or found.problem.code is not Code.FILE_ENCODING:
        return Source(found.text.removeprefix("\ufeff"), found.problem)
    return _from_older(path, found.text, found.problem) or found


def split_lines(text: str) -> tuple[str, ...]:
    """The lines without their ends; a last line break starts one more, empty line."""
    return tuple(_LINE_BREAK.split(text))


def strange_characters(lines: tuple[str, ...], file: str) -> tuple[Problem, ...]:
    """The first characters that no spreadsheet shows, each a problem at its place."""
    found = (
        Problem(
            Code.ROWS_CHARACTER,
            Location(file, number, match.start() + 1),
            f"the invisible character U+{ord(match[0]):04X} is not allowed in rows",
            "is this a text file? if so, save it as UTF-8" if match[0] == "\0" else "delete it",
            "rows",
        )
        for number, line in enumerate(lines, 1)
        for match in FORBIDDEN.finditer(line)
    )
    return tuple(islice(found, _MOST_CHARACTERS))


def _decoded(data: bytes, file: str, encoding: Encoding) -> Source:
    try:
        return Source(data.decode(encoding.codec).removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        text = data.decode(encoding.codec, errors="replace")
        location = _place(file, data[: error.start].decode(encoding.codec, errors="replace"))
        message = f"the byte 0x{data[error.start]:02X} is not {encoding.name} text"
        return Source(text, Problem(Code.FILE_ENCODING, location, message, "name another `encoding`, or save as UTF-8"))


def _from_older(path: Path, as_utf8: str, problem: Problem) -> Source | None:
    """The text in an older encoding, if it may be in one: with any good UTF-8 in it, it is rather broken UTF-8."""
    if not as_utf8 or _OTHER_THAN_BROKEN.search(as_utf8):
        return None
    data = text_file.read_bytes(path, problem.location.file)
    if isinstance(data, Problem) or data.startswith(_MARKS):
        return None
    windows = decode(WINDOWS, data)
    others = likelier(windows, data)
    if others:
        return Source(windows.text, _which(windows, others, problem.location.file))
    if not windows.is_whole:
        return None
    word = windows.text[windows.span(first_beyond_ascii(windows.text))]
    message = f'this is not UTF-8 text; the file is read as Windows-1252, such as "{shortened(word)}"'
    hint = "save as UTF-8, or name its `encoding` beside `rows`"
    return Source(windows.text, replace(problem, message=message, hint=hint, given=Severity.WARNING))


def _which(windows: Decoding, others: tuple[Decoding, ...], file: str) -> Problem:
    """The problem of a text that is likelier in other encodings, with a word as it reads in each."""
    span = windows.span(windows.odd[0])
    readings: dict[str, str] = {}
    for each in (windows, *others):
        readings.setdefault(each.text[span], each.encoding.name)
    said = ", ".join(f'in {name} "{shortened(word)}"' for word, name in readings.items())
    written = " or ".join(f"`encoding: {each.encoding.written}`" for each in (*others, windows))
    hint = f"write {written} beside `rows`, whichever is right, or save as UTF-8"
    message = f"this is not UTF-8 text: a word reads {said}"
    return Problem(Code.FILE_ENCODING, _place(file, windows.text[: span.start]), message, hint)


def _place(file: str, before: str) -> Location:
    """The place behind a text."""
    lines = split_lines(before)
    return Location(file, len(lines), len(lines[-1]) + 1)
