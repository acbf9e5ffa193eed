"""Rows from JSON lines: one object a line, whose keys are the columns.

Only single values are given to Python's decoder: so each has its place, and nothing recurses into the input.
"""

import json
import re
from dataclasses import dataclass

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.rows.decode import FORBIDDEN
from batchrunner.manifest.rows.table import Cell, TableBuilder
from batchrunner.manifest.yaml import scalars
from batchrunner.manifest.yaml.nodes import Scalar, Sequence

_MOST_ITEMS = 1_000
_BLANKS = re.compile(r"[ \t]*")


def read_jsonl(_text: str, reading: TableBuilder) -> tuple[str, ...]:
    """Reads the rows; a line that is no row is a problem, and left out. The columns come from the rows alone."""
    for number, line in enumerate(reading.lines, 1):
        if line.strip():
            _read_line(line, number, reading)
    return ()


def _read_line(line: str, number: int, reading: TableBuilder) -> None:
    scanner = _JsonScanner(line, number, reading.file)
    begin = scanner.location()
    try:
        cells = scanner.row()
    except _WrongError as error:
        reading.tell(error.code, error.location, error.message, error.hint)
    else:
        reading.add(cells, begin)


@dataclass(slots=True, eq=False)
class _WrongError(Exception):
    """Why a line is no row."""

    code: Code
    location: Location
    message: str
    hint: str


# What Python's decoder says of values; the rest is told in its words. Source: CPython's json.decoder, 3.11.
_IN_OUR_WORDS = {
    "Unterminated string starting at": "the quote that opens here is never closed",
    "Expecting value": "a value is expected here",
    "Invalid control character at": "a control character is not allowed in text",
}


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_int=scalars.value_of, parse_float=scalars.value_of, parse_constant=_refuse_constant)


class _JsonScanner:
    """Walks along one line."""

    def __init__(self, line: str, number: int, file: str) -> None:
        self._line = line
        self._number = number
        self._file = file
        self._position = 0
        self._skip_blanks()

    def location(self) -> Location:
        """Where the walk has come to."""
        return Location(self._file, self._number, self._position + 1)

    def row(self) -> dict[str, Cell]:
        """The whole line: an object of values."""
        if not self._takes("{"):
            hint = 'write `{"shot": "sh010", …}` on each line, without a list around them'
            raise _WrongError(Code.ROWS_JSON, self.location(), "a line must hold one JSON object", hint)
        cells: dict[str, Cell] = {}
        if not self._takes("}"):
            self._pair(cells)
            while self._takes(","):
                self._pair(cells)
            self._expect("}", "a comma or `}` is missing here")
        if self._position < len(self._line):
            raise self._wrong("something follows the object", "put each object on a line of its own")
        return cells

    def _pair(self, cells: dict[str, Cell]) -> None:
        location = self.location()
        if self._next() != '"':
            raise self._wrong("a key in double quotes is expected here")
        name = str(self._scalar().value)
        if name in cells:
            message = f"the key `{shortened(name)}` is repeated"
            raise _WrongError(Code.DUPLICATE_KEY, location, message, "delete one of the two")
        self._expect(":", "a `:` is missing here")
        cells[name] = self._value()

    def _value(self) -> Cell:
        location = self.location()
        if not self._takes("["):
            return self._scalar()
        items: list[Scalar] = []
        if not self._takes("]"):
            items.append(self._scalar())
            while self._takes(","):
                items.append(self._scalar())
                if len(items) > _MOST_ITEMS:
                    message = f"this list has more than {_MOST_ITEMS:,} items"
                    raise _WrongError(Code.TOO_MANY, location, message, "make it shorter")
            self._expect("]", "a comma or `]` is missing here")
        return Sequence(tuple(items), location)

    def _scalar(self) -> Scalar:
        location = self.location()
        if self._next() in {"{", "["}:
            message = "an object or a list is not allowed here"
            raise _WrongError(Code.ROWS_SHAPE, location, message, "a value is text, a number, or a list of these")
        start = self._position
        try:
            value, self._position = _DECODER.raw_decode(self._line, start)
        except json.JSONDecodeError as error:
            self._position = error.pos
            said = _IN_OUR_WORDS.get(error.msg, f"this is not valid JSON: {error.msg.removesuffix(' at').lower()}")
            raise self._wrong(said) from None
        except ValueError as error:
            raise self._wrong(shortened(str(error)), "put it in double quotes if it is text") from None
        text = self._line[start : self._position]
        self._skip_blanks()
        return _scalar(value, text, location)

    def _expect(self, sign: str, said: str) -> None:
        if not self._takes(sign):
            raise self._wrong(said)

    def _takes(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self._position += 1
        self._skip_blanks()
        return True

    def _next(self) -> str:
        return self._line[self._position : self._position + 1]

    def _skip_blanks(self) -> None:
        match = _BLANKS.match(self._line, self._position)
        self._position = match.end() if match else self._position

    def _wrong(self, message: str, hint: str = "check the quotes, commas and brackets around it") -> _WrongError:
        return _WrongError(Code.ROWS_JSON, self.location(), message, hint)


def _scalar(value: str | float | bool | None, text: str, location: Location) -> Scalar:  # noqa: FBT001 - a value as decoded
    if value is None:
        return Scalar(None, "", plain=True, location=location)
    if not isinstance(value, str):
        return Scalar(value, text, plain=True, location=location)
    strange = FORBIDDEN.search(value)
    if strange:
        message = f"this text holds the invisible character U+{ord(strange[0]):04X}"
        raise _WrongError(Code.ROWS_CHARACTER, location, message, "delete it; write an emoji as itself")
    return Scalar(value, value, plain=False, location=location)
