"""Rows from a workbook: what a person sees in its cells, each with its row and column; and none that can hurt."""

import datetime as dt
import io
import random
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.errors import ExitCode
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.load import load
from batchrunner.manifest.permissions import Permissions, Reach
from batchrunner.manifest.rows.reader import Table, read_rows
from batchrunner.manifest.rows.xlsx_cells import cell_text
from batchrunner.manifest.yaml.nodes import Scalar
from tests.manifest.desk import Desk

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def workbook(**sheets: Sequence[Any]) -> bytes:
    """A workbook with these sheets; a value may come with its format."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                cell = sheet.cell(number, column)
                cell.value, cell.number_format = value if isinstance(value, tuple) else (value, cell.number_format)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def repacked(data: bytes, parts: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook with other parts in it."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", kind) as new:
        for name in dict.fromkeys((*old.namelist(), *parts)):
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return written.getvalue()


def with_strings(data: bytes, strings: bytes) -> bytes:
    """A workbook that shares its texts, as Excel writes it."""
    types = zipfile.ZipFile(io.BytesIO(data)).read("[Content_Types].xml")
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    sheet = MAIN % b'<c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c>'
    parts = {"[Content_Types].xml": types.replace(b"</Types>", override), SHEET: sheet, STRINGS: strings}
    return repacked(data, parts)


def table(desk: Desk, name: str = "shots.xlsx") -> tuple[Table | None, tuple[Problem, ...]]:
    problems = Problems()
    node = Scalar(name, name, plain=True, location=Location("m.yaml", 7, 5))
    return read_rows(node, desk.folder, "", problems, Reach(Permissions((desk.folder,)))), problems.in_order()


def read(desk: Desk, name: str = "shots.xlsx") -> list[dict[str, str]]:
    found, problems = table(desk, name)
    assert found
    assert problems == ()
    return [
        {column: text_of(cell) for column, cell in row.cells.items() if isinstance(cell, Scalar)} for row in found.rows
    ]


def told(desk: Desk, name: str = "shots.xlsx") -> Problem:
    _, problems = table(desk, name)
    [problem] = problems
    return problem


NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MAIN = b"<worksheet " + NAMESPACE + b'><sheetData><row r="1">%s</row></sheetData></worksheet>'
SST = b"<sst " + NAMESPACE + b">%s</sst>"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
SHOTS: list[list[Any]] = [["shot", "prompt", "secs"], ["sh010", "The fox", 8], [], ["sh020", "waves,\nthen runs", 4.0]]


def test_the_rows_of_the_first_sheet_are_read(desk: Desk) -> None:
    desk.write("shots.xlsx", workbook(Shots=SHOTS, Other=[["a"], ["b"]]))
    assert read(desk) == [
        {"shot": "sh010", "prompt": "The fox", "secs": "8"},
        {"shot": "sh020", "prompt": "waves,\nthen runs", "secs": "4"},
    ]


def test_a_sheet_is_named_behind_a_sign(desk: Desk) -> None:
    desk.write("shots.xlsx", workbook(Shots=SHOTS, Other=[["a"], ["b"]]))
    assert read(desk, "shots.xlsx#Other") == [{"a": "b"}]
    problem = told(desk, "shots.xlsx#Othr")
    assert (problem.code, problem.hint) == (Code.ROWS_UNREADABLE, "did you mean `Other`?")


def test_a_hidden_sheet_is_not_the_first(desk: Desk) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(Lists=[["x"], ["y"]], Shots=SHOTS)))
    book["Lists"].sheet_state = "hidden"
    written = io.BytesIO()
    book.save(written)
    desk.write("shots.xlsx", written.getvalue())
    assert read(desk)[0]["shot"] == "sh010"


VALUES = {
    "a whole number": (8, "General", "8"),
    "a whole float": (8.0, "General", "8"),
    "a fraction": (0.1 + 0.2, "General", "0.3"),
    "a padded number": (7, "000", "007"),
    "a prefix": (7, '"SH"000', "SH007"),
    "a switch": (True, "General", "true"),
    "eight seconds, typed as 0:08": (dt.time(0, 8), "h:mm", "0:08"),
    "eight seconds, truly": (dt.time(0, 0, 8), "h:mm:ss", "0:00:08"),
    "minutes and seconds": (dt.time(0, 0, 8), "mm:ss", "00:08"),
    "a shape that became a time": (dt.time(16, 9), "h:mm", "16:09"),
    "a long time": (dt.timedelta(hours=25, minutes=3), "[h]:mm", "25:03"),
    "a date": (dt.datetime(2026, 11, 24), "dd.mm.yyyy", "2026-11-24"),  # noqa: DTZ001 - a workbook knows no zones
    "a date with a time": (dt.datetime(2026, 11, 24, 7, 30), "dd.mm.yyyy hh:mm", "2026-11-24 07:30"),  # noqa: DTZ001
    "blanks": ("  x ", "General", "x"),
    "a text that looks like a number": ("007", "General", "007"),
}


@pytest.mark.parametrize(("value", "number_format", "text"), VALUES.values(), ids=VALUES)
def test_a_value_is_what_a_person_sees(desk: Desk, value: object, number_format: str, text: str) -> None:
    desk.write("shots.xlsx", workbook(Shots=[["a"], [(value, number_format)]]))
    assert read(desk) == [{"a": text}]
    assert cell_text(value, number_format) == text


def test_a_number_that_is_too_long_to_be_exact_is_still_a_text() -> None:
    assert cell_text(1e300, "000") == "1e+300"
    assert cell_text(None, "") == ""


def test_a_problem_has_its_row_and_its_column(desk: Desk) -> None:
    desk.write("shots.xlsx", workbook(Shots=[["shot", "prompt"], ["sh010", "x"], [], ["sh020", None]]))
    job = "{rows: shots.xlsx, id: '${row.shot}', prompt: '${row.prompt}', image: https://example.com/a.jpg}"
    head = "version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8}\n"
    [problem] = desk.read(f"{head}jobs:\n  - {job}\n", name="m.yaml").errors
    assert (Path(problem.location.file).name, problem.location.line, problem.location.column) == ("shots.xlsx", 4, 2)
    assert problem.message == "`prompt` is empty here"


def test_an_error_in_a_cell_is_a_problem_there(desk: Desk) -> None:
    desk.write("shots.xlsx", workbook(Shots=[["shot", "prompt"], ["a", "#REF!"], ["b", "x"]]))
    problem = told(desk)
    assert (problem.code, problem.location) == (Code.ROWS_CELL, Location("shots.xlsx", 2, 2, "Shots"))
    assert "#REF!" in problem.message


def test_shared_texts_are_read_as_excel_writes_them(desk: Desk) -> None:
    strings = SST % b"<si><t>shot</t></si><si><r><t>sh</t></r><r><t>010</t></r></si>"
    desk.write("shots.xlsx", with_strings(WHOLE, strings))
    assert read(desk) == [{"shot": "sh010"}]


def test_a_formula_is_its_result(desk: Desk) -> None:
    head = '<c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c><c r="C1" t="str"><v>c</v></c></row><row r="2">'
    cells = '<c r="A2"><f>4*2</f><v>8</v></c><c r="B2" t="str"><f>A2</f><v>x</v></c><c r="C2" t="str"><f>A3</f><v/></c>'
    desk.write("shots.xlsx", repacked(WHOLE, {SHEET: MAIN % (head + cells).encode()}))
    assert read(desk) == [{"a": "8", "b": "x", "c": ""}]


def test_a_formula_without_its_result_is_a_problem_at_its_cell(desk: Desk) -> None:
    desk.write("shots.xlsx", workbook(Shots=[["shot", "secs"], ["a", "=4*2"]]))
    problem = told(desk)
    assert (problem.code, problem.location) == (Code.ROWS_CELL, Location("shots.xlsx", 2, 2, "Shots"))
    assert problem.message == "this cell holds a formula, and its result was not saved"


# What is no workbook, and what would hurt

WHOLE = workbook(Shots=SHOTS)
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + SST % b"<si><t>shot</t></si><si><t>&b;</t></si>"
LOCKED = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 512


def lying() -> bytes:
    """A workbook with a part that says that it is shorter than it is."""
    data = bytearray(with_strings(WHOLE, b" " * 5_000_000))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature)
        while at >= 0:
            if int.from_bytes(data[at + offset : at + offset + 4], "little") == 5_000_000:
                data[at + offset : at + offset + 4] = (100).to_bytes(4, "little")
            at = data.find(signature, at + 4)
    return bytes(data)


HURTFUL: dict[str, tuple[Callable[[], bytes], Code]] = {
    "text": (lambda: b"shot,prompt\na,b\n", Code.ROWS_KIND),
    "nothing": (lambda: b"", Code.ROWS_KIND),
    "a locked one": (lambda: LOCKED, Code.ROWS_KIND),
    "cut short": (lambda: WHOLE[: len(WHOLE) // 2], Code.ROWS_KIND),
    "another archive": (lambda: repacked(WHOLE, {"[Content_Types].xml": b"<x/>"}), Code.ROWS_KIND),
    "no XML": (lambda: repacked(WHOLE, {SHEET: b"<worksheet><sheetData>"}), Code.ROWS_KIND),
    "entities within entities": (lambda: with_strings(WHOLE, LAUGHS), Code.ROWS_KIND),
    "another way of packing": (lambda: repacked(WHOLE, {}, zipfile.ZIP_LZMA), Code.ROWS_KIND),
    "what grows without end": (lambda: with_strings(WHOLE, b" " * 140_000_000), Code.FILE_TOO_LARGE),
    "a picture that grows without end": (
        lambda: repacked(WHOLE, {"xl/media/a.png": b" " * 140_000_000}),
        Code.FILE_TOO_LARGE,
    ),
    "a length that is a lie": (lying, Code.ROWS_KIND),
    "a million texts": (lambda: with_strings(WHOLE, SST % (b"<si/>" * 1_000_000)), Code.FILE_TOO_LARGE),
    "millions of cells": (
        lambda: repacked(WHOLE, {SHEET: b"<c/>" * 3_000_000}),
        Code.FILE_TOO_LARGE,
    ),
}


@pytest.mark.parametrize(("make", "code"), HURTFUL.values(), ids=HURTFUL)
def test_what_is_no_workbook_or_would_hurt_is_refused_where_it_is_named(
    desk: Desk, make: Callable[[], bytes], code: Code
) -> None:
    desk.write("shots.xlsx", make())
    problem = told(desk)
    assert (problem.code, problem.location) == (code, Location("m.yaml", 7, 5))


SPLINTERS = (
    b"", b"<", b">", b"&a;", b"9" * 20, b"-1", b"1e999", b"nan", b"XFD1048577", b"A0", b't="d"', b't="s"', b't="e"',
    b"\xff", b"\0", b"<f>1</f>", b"</c>", b'<row r="x">', b's="999"', b'xmlns="y"',
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_workbook_is_read_or_refused_and_never_our_bug(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    strings = SST % b"<si><t>shot</t></si><si><r><t>sh</t></r><r><t>010</t></r></si>"
    for whole in (WHOLE, with_strings(WHOLE, strings)):
        name = chance.choice(zipfile.ZipFile(io.BytesIO(whole)).namelist())
        part = bytearray(zipfile.ZipFile(io.BytesIO(whole)).read(name))
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(part) + 1)
            part[start : start + chance.choice((0, 1, 3, 10, 40))] = chance.choice(SPLINTERS)
        data = bytearray(repacked(whole, {name: bytes(part)}))
        data[chance.randrange(len(data))] ^= chance.choice((0, 0, 0, 1, 64))
        desk.write("shots.xlsx", bytes(data))
        table(desk)


def test_a_broken_stream_within_the_archive_is_refused(desk: Desk) -> None:
    data = bytearray(with_strings(WHOLE, b"x" * 5_000 + bytes(range(256)) * 20))
    start = data.find(b"xl/sharedStrings.xml") + len("xl/sharedStrings.xml")
    data[start + 4 : start + 12] = b"\xff" * 8
    desk.write("shots.xlsx", bytes(data))
    assert told(desk).code is Code.ROWS_KIND


def test_a_row_far_down_and_a_column_far_out_are_bounded(desk: Desk) -> None:
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    row = b'<row r="%d"><c r="XFD%d" t="inlineStr"><is><t>x</t></is></c></row>'
    far = head + b"".join(row % (number, number) for number in range(1, 200)) + b"</sheetData></worksheet>"
    desk.write("shots.xlsx", repacked(WHOLE, {SHEET: far}))
    assert told(desk).code is Code.TOO_MANY
    down = head + row % (999_999_999, 999_999_999) + b"</sheetData></worksheet>"
    desk.write("shots.xlsx", repacked(WHOLE, {SHEET: down}))
    assert told(desk).code is Code.TOO_MANY


@pytest.mark.parametrize("module", ["openpyxl", "defusedxml.ElementTree"])
def test_a_missing_library_is_said_with_the_command_that_installs_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    desk.write("shots.xlsx", WHOLE)
    monkeypatch.setitem(sys.modules, module, None)
    problem = told(desk)
    assert problem.code is Code.ROWS_KIND
    assert "pip install 'batchrunner[xlsx]'" in str(problem.hint)


def test_a_missing_workbook_proposes_the_nearest(desk: Desk) -> None:
    desk.write("shots-v2.xlsx", WHOLE)
    problem = told(desk)
    assert (problem.code, problem.hint) == (Code.ROWS_UNREADABLE, "did you mean `shots-v2.xlsx`?")


def test_a_workbook_outside_the_project_is_not_read(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "shots.xlsx"
    elsewhere.write_bytes(WHOLE)
    assert told(desk, str(elsewhere)).code is Code.OUTSIDE_PROJECT
    (desk.folder / "link.xlsx").symlink_to(elsewhere)
    assert told(desk, "link.xlsx").code is Code.OUTSIDE_PROJECT


# init


def test_init_reads_a_workbook(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    link = "https://example.com/a.jpg"
    rows = [
        ["Szene", "Beschreibung", "Dauer", "Format", "Startbild"],
        [1, "Dampf steigt auf", (dt.time(0, 8), "h:mm"), (dt.time(9, 16), "h:mm"), link],
        [2, "Regen", (4, "General"), "Querformat", link],
    ]
    desk.write("shots.xlsx", workbook(Liste=rows))
    assert outcome(["init", "shots.yaml", "--from", "shots.xlsx"]) == ExitCode.DONE, capsys.readouterr().err
    manifest = load(Path("shots.yaml"))
    assert manifest.problems == ()
    told = [(job.name, job.body["durationSeconds"], job.body["aspectRatio"]) for job in manifest.jobs]
    assert told == [("1", "8", "9:16"), ("2", "4", "16:9")]


def test_init_leaves_a_workbook_alone_that_needs_no_copy(desk: Desk) -> None:
    desk.write("shots.xlsx", workbook(Liste=[["id", "prompt", "image"], ["a", "x", "https://example.com/a.jpg"]]))
    assert outcome(["init", "shots.yaml", "--from", "shots.xlsx"]) == ExitCode.DONE
    assert "rows: shots.xlsx" in Path("shots.yaml").read_text()
    assert load(Path("shots.yaml")).problems == ()
