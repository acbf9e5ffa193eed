"""Rows from a CSV as spreadsheets write it: the header names the columns, each further record is a row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from batchrunner.domain.problem import Code
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.rows.csv_cells import Cell, CsvRecord, records
from batchrunner.manifest.rows.table import MOST_COLUMNS, TableBuilder, empty_cell
from batchrunner.manifest.yaml import scalars
from batchrunner.manifest.yaml.nodes import Scalar


@dataclass(frozen=True, slots=True)
class _CsvHeader:
    """Which column stands where. `unnamed` are the empty cells of the header that nobody complained about yet."""

    line: str
    width: int
    names: dict[int, str] = field(default_factory=dict)
    unnamed: dict[int, Cell] = field(default_factory=dict)


def read_csv(text: str, reading: TableBuilder, delimiter: str | None = None) -> tuple[str, ...]:
    """Reads the rows and gives the columns; a row that does not fit its header is a problem, and left out."""
    return read_records(records(text, delimiter, reading), reading)


def read_records(found: Iterator[CsvRecord], reading: TableBuilder) -> tuple[str, ...]:
    """The same for rows that were cut into cells already."""
    first = next(found, None)
    if first is None:
        return ()
    header = _header(first, reading)
    _read_rows(found, header, reading)
    return tuple(header.names.values())


def _header(record: CsvRecord, reading: TableBuilder) -> _CsvHeader:
    header = _CsvHeader(record.location.line_in_words, len(record.cells))
    first: dict[str, int] = {}
    for number, cell in enumerate(record.cells):
        if not cell.text:
            header.unnamed[number] = cell
        elif first.setdefault(cell.text, number) != number:
            message = f"the column `{shortened(cell.text)}` is repeated: it is already column {first[cell.text] + 1}"
            reading.tell(Code.ROWS_HEADER, cell.location, message, "rename one of the two")
        else:
            header.names[number] = cell.text
    if len(header.names) > MOST_COLUMNS:
        reading.refuse(record.location, "columns", MOST_COLUMNS)
    return header


def _read_rows(found: Iterable[CsvRecord], header: _CsvHeader, reading: TableBuilder) -> None:
    for record in found:
        stray = next((cell for cell in record.cells[header.width :] if cell.text), None)
        if stray is not None:
            message = f"this row has more cells than the header, which has {header.width}"
            reading.tell(Code.ROWS_SHAPE, stray.location, message, _hint(header))
            continue
        _check_named(record, header, reading)
        cells = {name: _scalar(record, number) for number, name in header.names.items()}
        reading.add(cells, record.location)


def _hint(header: _CsvHeader) -> str:
    if header.width == 1:
        return f"if {header.line} is a title, remove it: the first line with something on it is the header"
    return "name the column; put text that contains the delimiter in quotes"


def _check_named(record: CsvRecord, header: _CsvHeader, reading: TableBuilder) -> None:
    """Every column in which something stands needs a name; one complaint for a column is enough."""
    for number in [number for number in header.unnamed if _has_text(record, number)]:
        message = f"this column has no name, but has a value on {record.cells[number].location.line_in_words}"
        reading.tell(Code.ROWS_HEADER, header.unnamed.pop(number).location, message, "name it, or empty it")


def _has_text(record: CsvRecord, number: int) -> bool:
    return number < len(record.cells) and bool(record.cells[number].text)


def _scalar(record: CsvRecord, number: int) -> Scalar:
    """A cell as a value: what an unquoted text in YAML would be, for a spreadsheet's quotes say nothing of kinds."""
    if number >= len(record.cells):
        return empty_cell(record.end)
    cell = record.cells[number]
    try:
        value = scalars.value_of(cell.text)
    except ValueError:  # a number too long or too large: where a text is wanted it is one
        value = cell.text
    return Scalar(value, cell.text, plain=True, location=cell.location)
