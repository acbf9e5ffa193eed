"""Where in which file an author wrote something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """One position in a text file; line and column count from 1, in characters.

    Line 0 is an option of the command that was typed: `file` is that option with its value, and it has no lines.
    In a workbook, the line is a row of the `sheet`, and the column one of its columns.
    """

    file: str
    line: int
    column: int
    sheet: str = ""

    def __str__(self) -> str:
        if self.sheet:
            return f"{self.file}, {self.cell}"
        return f"{self.at}:{self.column}" if self.line else self.file

    @property
    def at(self) -> str:
        """The file with the line: `shots.yaml:4`; of a workbook, the sheet and the row in words."""
        if self.sheet:
            return f"{self.file}, {self._row}"
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def cell(self) -> str:
        """The cell of a workbook in words: `sheet Shots, row 4, column B`; empty in any other file."""
        return f"{self._row}, column {_letters(self.column)}" if self.sheet else ""

    @property
    def line_in_words(self) -> str:
        """`line 4`; of a workbook `row 4`."""
        return f"row {self.line}" if self.sheet else f"line {self.line}"

    @property
    def _row(self) -> str:
        return f"sheet {self.sheet}, {self.line_in_words}"


def _letters(column: int) -> str:
    """What spreadsheets call a column: A to Z, then AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
