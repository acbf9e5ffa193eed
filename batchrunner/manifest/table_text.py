"""How a table's bytes become text: as a manifest's do, and besides as older spreadsheets write them."""

import codecs
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

from batchrunner.manifest import source
from batchrunner.manifest.source import Source
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Severity

FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")

_LINE_BREAK = re.compile("\r\n|[\n\r]")  # what spreadsheets and editors count, unlike YAML
_OTHER_THAN_BROKEN = re.compile("[^\0-\x7f\ufffd]")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # UTF-32's begins with one of them, or with NUL
_MOST_CHARACTERS = 20  # forbidden characters shown: a binary file has thousands


def load(path: Path, file: str) -> Source:
    """The text of `path`, which places call `file`. Its problem may be a warning: then the text is good."""
    found = source.load(path, file, split_lines)
    if found.problem is None or found.problem.code is not Code.FILE_ENCODING:
        return Source(found.text.removeprefix("\ufeff"), found.problem)
    return _from_windows(path, found.text, found.problem) or found


def split_lines(text: str) -> tuple[str, ...]:
    """The lines without their ends; a last line break starts one more, empty line."""
    return tuple(_LINE_BREAK.split(text))


def strange_characters(lines: tuple[str, ...], file: str) -> tuple[Problem, ...]:
    """The first characters that no spreadsheet shows, each a problem at its place."""
    found = (
        Problem(
            Code.ROWS_CHARACTER,
            Place(file, number, match.start() + 1),
            f"the invisible character U+{ord(match[0]):04X} cannot stand in rows",
            "is this a text file? if so, save it as UTF-8" if match[0] == "\0" else "delete it",
            "rows",
        )
        for number, line in enumerate(lines, 1)
        for match in FORBIDDEN.finditer(line)
    )
    return tuple(islice(found, _MOST_CHARACTERS))


def _from_windows(path: Path, as_utf8: str, problem: Problem) -> Source | None:
    """The text as Windows-1252, if it may be that: with any good UTF-8 in it, it is rather broken UTF-8."""
    if not as_utf8 or _OTHER_THAN_BROKEN.search(as_utf8):
        return None
    try:
        data = path.read_bytes()
        text = data.decode("cp1252")
    except (OSError, UnicodeDecodeError):
        return None
    if data.startswith(_MARKS):
        return None
    message = "this is not UTF-8 text; the file is read as Windows-1252"
    return Source(text, replace(problem, message=message, hint="save as UTF-8", severity=Severity.WARNING))
