"""Text for spreadsheets: columns and rows as CSV, each value a cell that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from batchrunner.domain.text import Lines, printable

# A cell that begins so is a formula to a spreadsheet; an apostrophe before it makes it a text.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def sheet_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Lines:
    """CSV as RFC 4180 has it, but for its line ends; what a row lacks is an empty cell."""
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\n")
    written.writerow([_safe(column) for column in columns])
    written.writerows([_safe(row.get(column)) for column in columns] for row in rows)
    return Lines(text.getvalue().rstrip("\n"))


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
