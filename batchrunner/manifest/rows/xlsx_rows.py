"""Rows from a workbook, as they would look in its CSV. The only file that knows openpyxl, which is an optional extra.

A workbook is a ZIP of XML that anybody may have made: it is unpacked within bounds before the library sees it.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.rows.csv_cells import Cell, CsvRecord
from batchrunner.manifest.rows.csv_rows import read_records
from batchrunner.manifest.rows.decode import FORBIDDEN
from batchrunner.manifest.rows.table import MOST_COLUMNS, TableBuilder
from batchrunner.manifest.rows.xlsx_cells import cell_text

AS_CSV = "export the sheet as CSV (UTF-8)"

_MOST_UNPACKED_BYTES = 128 * 1024 * 1024
_MOST_PARTS = 5_000
_MOST_CELLS = 500_000  # openpyxl reads some 50,000 a second
_MOST_TAGS_OF_A_SHEET = 5 * _MOST_CELLS
_MOST_OTHER_TAGS = 500_000
_CHUNK_BYTES = 64 * 1024
_LOCKED = bytes.fromhex("D0CF11E0A1B11AE1")  # Source: Microsoft's compound file format, in which Excel encrypts
_FORMULA_TAGS = re.compile(rb"<(?:\w+:)?f[\s/>]")


@dataclass(slots=True, eq=False)
class WorkbookError(Exception):
    """Why nothing can be read from a workbook."""

    code: Code
    message: str
    hint: str


def read_workbook(data: bytes, sheet: str, reading: TableBuilder) -> tuple[str, ...]:
    """Reads the rows of a sheet, by default of the first that is shown, and gives the columns.

    Raises:
        WorkbookError: it is no workbook, too large, or has no such sheet; or openpyxl is not installed.
    """
    library = _library()
    parts = _unpacked(data)
    try:
        with warnings.catch_warnings():  # of styles and extensions that are not kept: nothing is written
            warnings.simplefilter("ignore")
            return _read(library, data, parts, sheet, reading)
    except _REFUSALS as error:
        said = f"this workbook cannot be read: {shortened(str(error)) or type(error).__name__}"
        raise WorkbookError(
            Code.ROWS_KIND, said, f"open it in Excel or LibreOffice and save it, or {AS_CSV}"
        ) from error


# What openpyxl, its parser and Python say of parts that contradict each other; read from openpyxl 3.1 and by fuzzing.
_REFUSALS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


def _library() -> Any:  # noqa: ANN401 - imported only where it is used, so it has no type here
    try:
        import_module("defusedxml.ElementTree")
        return import_module("openpyxl")
    except ImportError:
        hint = f"install it: `pip install 'batchrunner[xlsx]'`; or {AS_CSV}"
        raise WorkbookError(Code.ROWS_KIND, "workbooks are read by openpyxl, which is not installed", hint) from None


def _unpacked(data: bytes) -> dict[str, bytes]:
    """The XML parts by name, each unpacked once within the bounds: what a part says of its own length is not believed.

    Raises:
        WorkbookError: it is no ZIP, a locked one, or holds too much.
    """
    if data.startswith(_LOCKED):
        raise WorkbookError(Code.ROWS_KIND, "this workbook is locked with a password", "save it without one")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _unpack(archive)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError) as error:
        said = f"this is not a workbook: {shortened(str(error))}"
        raise WorkbookError(Code.ROWS_KIND, said, f"save it as .xlsx, or {AS_CSV}") from error


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = _MOST_UNPACKED_BYTES
    if len(archive.infolist()) > _MOST_PARTS:
        raise _too_large("parts", _MOST_PARTS)
    for name, info in archive.NameToInfo.items():
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise zipfile.BadZipFile("its compression is not one that spreadsheets use")
        is_xml = name.endswith((".xml", ".rels"))
        kept = BytesIO()
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise _too_large("MiB when unpacked", _MOST_UNPACKED_BYTES // 1024**2)
                kept.write(chunk if is_xml else b"")
        parts[name] = kept.getvalue()
    _check_tags(parts)
    return parts


def _check_tags(parts: dict[str, bytes]) -> None:
    tags = {name: part.count(b"<") for name, part in parts.items()}
    sheets = {name: count for name, count in tags.items() if "/worksheets/" in name}
    if max(sheets.values(), default=0) > _MOST_TAGS_OF_A_SHEET or sum(tags.values()) - sum(sheets.values()) > (
        _MOST_OTHER_TAGS
    ):
        raise _too_large("cells and texts", _MOST_CELLS)


def _too_large(things: str, most: int) -> WorkbookError:
    return WorkbookError(Code.FILE_TOO_LARGE, f"this workbook contains more than {most:,} {things}", AS_CSV)


def _read(library: Any, data: bytes, parts: dict[str, bytes], sheet: str, reading: TableBuilder) -> tuple[str, ...]:  # noqa: ANN401
    with closing(library.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)) as book:
        found = _sheet(book, sheet)
        found.reset_dimensions()  # what a sheet says of its size is often wrong
        missing = _without_results(parts[found._worksheet_path])  # noqa: SLF001 - openpyxl tells it in no other way
        return read_records(_records(found, missing, reading), reading)


def _sheet(book: Any, name: str) -> Any:  # noqa: ANN401
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name in sheets:
        return sheets[name]
    if name:
        near = nearest_name(name, sheets)
        hint = f"did you mean `{near}`?" if near else f"there are: {shortened(', '.join(sheets), 200)}"
        raise WorkbookError(Code.ROWS_UNREADABLE, f"there is no sheet `{shortened(name)}` in this workbook", hint)
    shown = next((sheet for sheet in sheets.values() if sheet.sheet_state == "visible"), None)
    if shown is None:
        raise WorkbookError(
            Code.ROWS_UNREADABLE, "this workbook has no visible sheet", "name one: `rows: book.xlsx#Sheet`"
        )
    return shown


def _without_results(part: bytes) -> frozenset[str]:
    """The cells that hold a formula, and no result of it: a program wrote them that does not compute."""
    if not _FORMULA_TAGS.search(part):
        return frozenset()
    found = set()
    for _, element in import_module("defusedxml.ElementTree").iterparse(BytesIO(part)):
        if element.tag.endswith("}c"):
            texts = {child.tag.rpartition("}")[2]: child.text for child in element}
            if "f" in texts and not texts.get("v") and element.get("t") != "str":  # a text may be empty
                found.add(str(element.get("r")))
            element.clear()
    return frozenset(found)


def _records(sheet: Any, missing: frozenset[str], reading: TableBuilder) -> Iterator[CsvRecord]:  # noqa: ANN401
    """The rows in which something stands; one with a cell that has no value is a problem, and left out."""
    place = partial(_location, reading.file, shortened(sheet.title))
    count = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        count += len(row) + 1
        if count > _MOST_CELLS * 2:  # half of them may be empty
            reading.refuse(place(number, 1), "cells", _MOST_CELLS)
        last = next((column for column in range(len(row), 0, -1) if _is_written(row[column - 1], missing)), 0)
        if last > MOST_COLUMNS:
            reading.refuse(place(number, last), "columns", MOST_COLUMNS)
        if last and (record := _record(row[:last], partial(place, number), missing, reading)):
            yield record


def _location(file: str, sheet: str, row: int, column: int) -> Location:
    return Location(file, row, column, sheet)


def _record(
    row: Sequence[Any], place: Callable[[int], Location], missing: frozenset[str], reading: TableBuilder
) -> CsvRecord | None:
    cells = [_cell(cell, place(column)) for column, cell in enumerate(row, 1)]
    faults = [_fault(cell.text, source, missing) for cell, source in zip(cells, row, strict=True)]
    for cell, fault in zip(cells, faults, strict=True):
        if fault:
            hint = "open the workbook in Excel or LibreOffice, correct it and save it"
            reading.tell(Code.ROWS_CELL, cell.location, fault, hint)
    if any(faults) or not any(cell.text for cell in cells):
        return None
    return CsvRecord(tuple(cells), cells[0].location, place(len(cells) + 1))


def _is_written(cell: Any, missing: frozenset[str]) -> bool:  # noqa: ANN401
    return cell.value is not None or (bool(missing) and getattr(cell, "coordinate", "") in missing)


def _cell(cell: Any, location: Location) -> Cell:  # noqa: ANN401
    return Cell(cell_text(cell.value, cell.number_format if cell.value is not None else ""), location)


def _fault(text: str, cell: Any, missing: frozenset[str]) -> str:  # noqa: ANN401
    """Why a cell has no value that can be used; empty if it has one, or is empty."""
    if cell.data_type == "e":
        return f"this cell holds the error {shortened(text)}"
    if cell.value is None:
        return "this cell holds a formula, and its result was not saved" if _is_written(cell, missing) else ""
    strange = FORBIDDEN.search(text)
    return f"the invisible character U+{ord(strange[0]):04X} is not allowed in rows" if strange else ""
