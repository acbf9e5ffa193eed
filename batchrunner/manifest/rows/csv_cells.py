"""Cuts a CSV text into records of cells that know exactly where they stand.

Not Python's csv module: it tells neither the column of a cell nor where an open quote began.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code
from batchrunner.manifest.rows.table import TableBuilder
from batchrunner.manifest.yaml.builder import LimitReached

# Source: Excel's specifications and limits: columns on a worksheet.
_MOST_CELLS_OF_A_RECORD = 16_384

_LINE_BREAK = re.compile("\r\n|[\n\r]")
_QUOTED = re.compile('[^"]*+(?:""[^"]*+)*+')
_DELIMITERS = "\t;,"  # for a draw: the later ones also stand in the words of a header
_EXCELS_HINT = re.compile('"?[sS][eE][pP]=([^"\r\n])"?[ ,;\t]*(?:\r\n|[\n\r]|$)')
_HELP = 'write a quote (") inside a quoted cell twice, and close the cell with one'
_HEADER = re.compile('[ ,;\t\r\n]*[\r\n]|((?:[^"\r\n]+|"[^"]*")*)')


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands between two delimiters, without quotes and surrounding blanks; `place` is its first character's."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """A row as it was written. `end` is the place behind its last cell."""

    cells: tuple[Cell, ...]
    location: Location
    end: Location


def records(text: str, delimiter: str | None, reading: TableBuilder) -> Iterator[CsvRecord]:
    """The records that are not empty throughout; one whose quotes are wrong is a problem, and left out.

    The delimiter that is named in the text itself, as Excel does in a first line `sep=;`, counts first, then the
    given one, then the one that is most frequent in the header.
    """
    told = _EXCELS_HINT.match(text)
    start = told.end() if told else 0
    named = told[1] if told else delimiter
    scanner = _Scanner(text, named or likely_delimiter(text[start:]), reading)
    scanner.skip(start)
    return scanner.records()


def likely_delimiter(text: str) -> str:
    """The delimiter that is most frequent in the first line that is not empty, outside of quotes; else a comma."""
    position = 0
    while (match := _HEADER.match(text, position)) and match[1] is None:
        position = match.end()
    header = re.sub('"[^"]*"', "", match[1] if match else "")
    return max(_DELIMITERS, key=header.count) if any(map(header.count, _DELIMITERS)) else ","


class _Scanner:
    """Walks through a text once, from cell to cell."""

    def __init__(self, text: str, delimiter: str, reading: TableBuilder) -> None:
        self._text = text
        self._reading = reading
        self._position = 0
        self._line = 1
        self._line_start = 0
        self._is_right = True
        self._delimiter = delimiter
        sign = re.escape(delimiter)
        self._unquoted = re.compile(rf"[^{sign}\r\n]*")
        self._empty_lines = re.compile(rf'(?:(?:[{sign} \t]++|""(?=[{sign}\r\n]))*+(?:\r\n|[\n\r]))*+')

    def skip(self, position: int) -> None:
        """Goes on to a position, counting lines."""
        if position > self._position:
            for match in _LINE_BREAK.finditer(self._text, self._position, position):
                self._line += 1
                self._line_start = match.end()
        self._position = position

    def records(self) -> Iterator[CsvRecord]:
        while self._position < len(self._text):
            # Spreadsheets write a million such lines where somebody formatted a whole column.
            self.skip(self._matched(self._empty_lines, self._position))
            record = self._record()
            if self._is_right and any(cell.text for cell in record.cells):
                yield record

    def _record(self) -> CsvRecord:
        self._is_right = True
        begin = Location(self._reading.file, self._line, 1)
        cells = [self._cell()]
        while self._text.startswith(self._delimiter, self._position):
            if len(cells) == _MOST_CELLS_OF_A_RECORD:
                self._reading.refuse(begin, "columns", _MOST_CELLS_OF_A_RECORD)
            self._position += 1
            cells.append(self._cell())
        end = self._place(self._position)
        line_break = _LINE_BREAK.match(self._text, self._position)
        if line_break:
            self.skip(line_break.end())
        return CsvRecord(tuple(cells), begin, end)

    def _cell(self) -> Cell:
        start, end = self._unquoted_text()
        if self._text.startswith('"', start, end):
            return self._quoted_cell(start)
        location = self._place(start)
        self._position = end
        return Cell(self._text[start:end].rstrip(), location)

    def _quoted_cell(self, quote: int) -> Cell:
        opened = self._place(quote)
        end = self._matched(_QUOTED, quote + 1)
        if end == len(self._text):
            self._reading.tell(Code.ROWS_QUOTE, opened, "the quote that opens here is never closed", _HELP)
            raise LimitReached
        content = self._text[quote + 1 : end]
        blanks = len(content) - len(content.lstrip(" \t"))
        location = Location(opened.file, opened.line, opened.column + 1 + blanks)
        self.skip(end + 1)
        self._check_closed(opened)
        return Cell(_LINE_BREAK.sub("\n", content).replace('""', '"').strip(), location)

    def _check_closed(self, opened: Location) -> None:
        """Behind a closing quote only blanks may stand."""
        start, end = self._unquoted_text()
        if start < end:
            message = f"text follows the closing quote of the cell that opens on line {opened.line}"
            self._reading.tell(Code.ROWS_QUOTE, self._place(start), message, _HELP)
            self._is_right = False
        self._position = end

    def _unquoted_text(self) -> tuple[int, int]:
        """Where the text up to the next delimiter begins, without blanks, and where it ends, with them."""
        end = self._matched(self._unquoted, self._position)
        text = self._text[self._position : end]
        return end - len(text.lstrip()), end

    def _matched(self, pattern: re.Pattern[str], position: int) -> int:
        """Where a pattern that may match nothing ends."""
        match = pattern.match(self._text, position)
        return match.end() if match else position

    def _place(self, position: int) -> Location:
        return Location(self._reading.file, self._line, position - self._line_start + 1)
