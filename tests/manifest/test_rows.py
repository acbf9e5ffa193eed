"""What stands in a spreadsheet, in JSON lines or in a folder of frames, and what is said about mistakes there."""

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems, Severity
from batchrunner.manifest.permissions import Permissions, Reach
from batchrunner.manifest.rows import frame_rows, table
from batchrunner.manifest.rows.csv_cells import likely_delimiter, records
from batchrunner.manifest.rows.reader import Table, read_rows
from batchrunner.manifest.rows.table import TableBuilder
from batchrunner.manifest.yaml.builder import LimitReached
from batchrunner.manifest.yaml.nodes import Entry, Mapping, Scalar, Sequence

HERE = Location("m.yaml", 7, 11)
PAIR = Location("m.yaml", 8, 11)


class Folder:
    """A manifest's folder, from which rows are read."""

    def __init__(self, path: Path, may_read: Path | None = None) -> None:
        self.path = path
        self.may_read = may_read
        self.problems: tuple[Problem, ...] = ()

    def write(self, name: str, content: str | bytes = "") -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def table(self, node: str | Scalar | Sequence | Mapping) -> Table | None:
        """The table that a value of `rows:` means, and what was said about it in `problems`."""
        problems = Problems()
        written = Scalar(node, node, plain=True, location=HERE) if isinstance(node, str) else node
        found = read_rows(written, self.path, "", problems, Reach(Permissions((self.may_read or self.path,))))
        self.problems = problems.in_order()
        return found

    def rows(self, node: str | Scalar | Sequence | Mapping) -> list[dict[str, Any]]:
        """The rows as data."""
        found = self.table(node)
        return [values(row.cells) for row in found.rows] if found else []

    def read(self, content: str | bytes, name: str = "shots.csv") -> list[dict[str, Any]]:
        """The rows of a file with this content, as data."""
        self.write(name, content)
        return self.rows(name)

    def told(self) -> list[tuple[Code, int, int]]:
        """Each problem as (code, line, column)."""
        return [(p.code, p.location.line, p.location.column) for p in self.problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def values(cells: Any) -> dict[str, Any]:
    return {name: value(cell) for name, cell in cells.items()}


def value(cell: Any) -> Any:
    return [value(item) for item in cell.items] if isinstance(cell, Sequence) else cell.value


def frames(pattern: str, pair: str | None = None) -> Mapping:
    """`{glob: …, pair: …}` as it stands in a manifest."""
    entries = {"glob": Entry(HERE, Scalar(pattern, pattern, plain=True, location=HERE))}
    if pair is not None:
        entries["pair"] = Entry(PAIR, Scalar(pair, pair, plain=True, location=PAIR))
    return Mapping(entries, HERE)


# the file


def test_a_row_knows_its_table_and_its_place(folder: Folder) -> None:
    folder.write("lists/shots.csv", "shot,prompt\nsh010,a wave\n")
    found = folder.table("lists/../lists/shots.csv")
    assert found is not None
    assert found.columns == ("shot", "prompt")
    assert found.lines == ("shot,prompt", "sh010,a wave", "")
    assert found.file == "lists/shots.csv"
    (row,) = found.rows
    assert row.source == "lists/../lists/shots.csv"
    assert row.location == Location("lists/shots.csv", 2, 1)
    assert row.cells["prompt"] == Scalar("a wave", "a wave", plain=True, location=Location("lists/shots.csv", 2, 7))


def test_a_place_is_called_as_its_folder_is(tmp_path: Path) -> None:
    (tmp_path / "shots.csv").write_text("shot\na\n")
    node = Scalar("shots.csv", "shots.csv", plain=True, location=HERE)
    found = read_rows(node, tmp_path, "work/day 1", Problems(), Reach(Permissions((tmp_path,))))
    assert found is not None
    assert found.rows[0].location.file == "work/day 1/shots.csv"


def test_a_path_may_leave_the_folder_where_that_is_allowed(folder: Folder) -> None:
    folder.write("shots.csv", "shot\na\n")
    inner = Folder(folder.path / "inner", may_read=folder.path)
    inner.path.mkdir()
    assert inner.rows("../shots.csv") == [{"shot": "a"}]
    assert inner.rows(str(folder.path / "shots.csv")) == [{"shot": "a"}]


@pytest.mark.parametrize(
    ("name", "content", "code", "hint"),
    [
        ("shot.csv", None, Code.ROWS_UNREADABLE, "did you mean `shots_v2.csv`?"),
        ("lists/shots.csv", None, Code.ROWS_UNREADABLE, "is not a readable folder"),
        ("a\0.csv", None, Code.ROWS_UNREADABLE, None),
        ("shots_v2.csv/shots.csv", None, Code.ROWS_UNREADABLE, None),
        ("folder.csv", None, Code.ROWS_UNREADABLE, "name a file in it"),
        ("empty.csv", "", Code.ROWS_EMPTY, None),
        ("blank.csv", "\ufeff\n ;; \n", Code.ROWS_EMPTY, None),
        ("header.csv", "shot,prompt\n", Code.ROWS_EMPTY, "add a row below the header"),
        ("empty.jsonl", "\n\n", Code.ROWS_EMPTY, None),
        ("shots", "shot\na", Code.ROWS_KIND, "name a file that ends in .csv, .txt, .tsv, .jsonl, .ndjson"),
        ("shots.ods", None, Code.ROWS_KIND, "save it as .xlsx, or export the sheet as CSV (UTF-8)"),
        ("frames/*.png", None, Code.ROWS_KIND, "write `rows: {glob: frames/*.png}`"),
        ("workbook.csv", b"PK\x03\x04\x14\0\x06\0\xff", Code.ROWS_KIND, "let a workbook's name end in .xlsx"),
        ("page.csv", "<!DOCTYPE html><html>", Code.ROWS_KIND, "download the sheet as CSV, not its page"),
    ],
)
def test_a_file_without_rows_is_a_problem_where_it_is_named(
    folder: Folder, name: str, content: str | bytes | None, code: Code, hint: str | None
) -> None:
    folder.write("shots_v2.csv", "shot\na\n")
    folder.write("folder.csv/x")
    if content is not None:
        folder.write(name, content)
    assert folder.rows(name) == []
    assert [(p.code, p.location) for p in folder.problems] == [(code, HERE)]
    assert hint is None or hint in str(folder.problems[0].hint)


def test_a_file_that_is_too_large_is_a_problem_where_it_is_named(folder: Folder) -> None:
    folder.write("shots.csv")
    os.truncate(folder.path / "shots.csv", 64 * 1024 * 1024)
    assert folder.table("shots.csv") is None
    assert [(p.code, p.location, p.hint) for p in folder.problems] == [
        (Code.FILE_TOO_LARGE, HERE, "split it into several files")
    ]


@pytest.mark.parametrize(
    "node",
    [
        Scalar(None, "", plain=True, location=HERE),
        Scalar(value=True, text="true", plain=True, location=HERE),
        Sequence((), HERE),
    ],
)
def test_rows_that_name_nothing_are_a_problem(folder: Folder, node: Scalar | Sequence) -> None:
    assert folder.table(node) is None
    assert folder.told() == [(Code.WRONG_TYPE, 7, 11)]


# encodings

UMLAUTS = [{"größe": "weiß, “so”"}]
UMLAUT_TEXT = 'größe\n"weiß, “so”"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_spreadsheets_write_unicode_with_or_without_a_mark(folder: Folder, encoding: str) -> None:
    assert folder.read(UMLAUT_TEXT.encode(encoding)) == UMLAUTS
    assert folder.problems == ()


def test_windows_text_is_read_with_a_warning_at_its_first_letter(folder: Folder) -> None:
    assert folder.read(UMLAUT_TEXT.encode("cp1252")) == UMLAUTS
    (problem,) = folder.problems
    assert problem.severity is Severity.WARNING
    assert (problem.code, problem.location, problem.hint) == (
        Code.FILE_ENCODING,
        Location("shots.csv", 1, 3),
        "save as UTF-8, or name its `encoding` beside `rows`",
    )


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        pytest.param("größe\nweiß".encode() + b"\xe4", 2, 5, id="broken UTF-8"),
        pytest.param(b"size\n\x81\n", 2, 1, id="no Windows text either"),
        pytest.param("size\nwide".encode("utf-16") + b"x", 2, 5, id="broken UTF-16"),
        pytest.param("size\nwide".encode("utf-8-sig") + b"\xe4", 2, 5, id="broken behind a mark"),
        pytest.param("size\n".encode("utf-32"), 1, 1, id="UTF-32"),
    ],
)
def test_text_that_may_be_garbled_is_not_guessed(folder: Folder, content: bytes, line: int, column: int) -> None:
    assert folder.read(content) == []
    assert folder.told() == [(Code.FILE_ENCODING, line, column)]
    assert folder.problems[0].severity is Severity.ERROR


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1b", "\x7f", "\x85", "\ufeff"])
@pytest.mark.parametrize("name", ["shots.csv", "shots.jsonl"])
def test_an_invisible_character_is_a_problem_at_its_place(folder: Folder, character: str, name: str) -> None:
    assert folder.read(f"shot\nab{character}\n", name) == []
    assert folder.told() == [(Code.ROWS_CHARACTER, 2, 3)]


# the values of a CSV


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("8", 8),
        ("8.5", 8.5),
        ("007", 7),
        ("true", True),
        ("no", "no"),
        ("16:9", "16:9"),
        ("null", None),
        ("=SUM(A1:A2)", "=SUM(A1:A2)"),
        ("1e999", "1e999"),
        ("9" * 700, "9" * 700),
    ],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_means_what_its_text_would_mean_without_quotes_in_yaml(
    folder: Folder, cell: str, value: Any, quote: str
) -> None:
    folder.write("shots.csv", f"a,b\n{quote}{cell}{quote},x\n")
    found = folder.table("shots.csv")
    assert found is not None
    assert found.rows[0].cells["a"] == Scalar(
        value, cell, plain=True, location=Location("shots.csv", 2, 1 + len(quote))
    )
    assert folder.problems == ()


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("x,,,", [1, 3, 4, 5]),
        ("x, ,  ,", [1, 4, 7, 8]),
        ('x,"","",', [1, 4, 7, 9]),
        ("x", [1, 2, 2, 2]),
        (" ,x", [2, 3, 4, 4]),
    ],
)
def test_an_empty_or_missing_cell_has_a_place_too(folder: Folder, line: str, columns: list[int]) -> None:
    folder.write("shots.csv", f"a,b,c,d\n{line}\n")
    found = folder.table("shots.csv")
    assert found is not None
    cells = list(found.rows[0].cells.values())
    assert [cell.location for cell in cells] == [Location("shots.csv", 2, column) for column in columns]
    empty = [cell for cell in cells if value(cell) != "x"]
    assert empty == [Scalar(None, "", plain=True, location=cell.location) for cell in empty]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param("a,b\n1,2", [{"a": 1, "b": 2}], id="no last line break"),
        pytest.param("a,b\r\n1,2\r\n", [{"a": 1, "b": 2}], id="Windows lines"),
        pytest.param("a,b\r1,2\r", [{"a": 1, "b": 2}], id="old Macintosh lines"),
        pytest.param("\n\na;b\n1;2\n", [{"a": 1, "b": 2}], id="empty lines first"),
        pytest.param('a,b\n\n,,\n , \n"",\n1,2\n,\n', [{"a": 1, "b": 2}], id="empty rows"),
        pytest.param("a,b,,\n1,2,,\n", [{"a": 1, "b": 2}], id="empty columns"),
        pytest.param("a,b\n1,2,,,\n", [{"a": 1, "b": 2}], id="empty cells beyond the header"),
        pytest.param(",a,b\n,1,2\n", [{"a": 1, "b": 2}], id="an empty column first"),
        pytest.param("a , b\n1 , 2\n", [{"a": 1, "b": 2}], id="blanks"),
        pytest.param('a,b\n"x, y",2\n', [{"a": "x, y", "b": 2}], id="a quoted delimiter"),
        pytest.param('a,b\n "x, y" ,2\n', [{"a": "x, y", "b": 2}], id="blanks around quotes"),
        pytest.param('a,b\n"so ""it"" is",2\n', [{"a": 'so "it" is', "b": 2}], id="doubled quotes"),
        pytest.param('a,b\n"""it"""\n', [{"a": '"it"', "b": None}], id="quotes at the edges"),
        pytest.param('a\n""\n""""\n', [{"a": '"'}], id="only a quote"),
        pytest.param('a,b\n"x\r\n\ny",2\n', [{"a": "x\n\ny", "b": 2}], id="quoted line breaks"),
        pytest.param('a,b\n5" pipe,2\n', [{"a": '5" pipe', "b": 2}], id="a quote within"),
        pytest.param('"a","Shot, Prompt"\n1,2\n', [{"a": 1, "Shot, Prompt": 2}], id="a quoted header"),
        pytest.param("a\n1\n2\n", [{"a": 1}, {"a": 2}], id="one column"),
        pytest.param("a,b\nx\u2028y\u3000,2\n", [{"a": "x\u2028y", "b": 2}], id="other blanks"),
    ],
)
def test_a_csv_is_read_as_spreadsheets_write_it(folder: Folder, content: str, rows: list[dict[str, Any]]) -> None:
    assert folder.read(content) == rows
    assert folder.problems == ()


# the delimiters of a CSV


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("a,b", ","),
        ("a;b", ";"),
        ("a\tb", "\t"),
        ("\n;;\na,b", ","),
        ("a;b,c;d", ";"),
        ("shot;look, feel", ";"),
        ('"a,b,c";d', ";"),
        ('"a\n,,,";d\n,,,', ";"),
        ("\ta\n", "\t"),
        ("a\n1;2;3\n", ","),
        ('a,b,"c', ","),
    ],
)
def test_the_most_frequent_delimiter_of_the_header_counts(content: str, delimiter: str) -> None:
    assert likely_delimiter(content) == delimiter


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "sep=;\nx,y;z\n1;2\n"),
        ("a.csv", '"sep=;"\r\nx,y;z\r\n1;2\r\n'),
        ("a.csv", "\ufeffSEP=;\nx,y;z\n1;2\n"),
        ("a.csv", "sep=|\nx,y|z\n1|2\n"),
        ("a.tsv", "x,y\tz\n1\t2\n"),
        ("a.TXT", "x,y\tz\tt\n1\t2\n"),
    ],
)
def test_a_delimiter_can_be_told(folder: Folder, name: str, content: str) -> None:
    (row,) = folder.read(content, name)
    assert (row["x,y"], row["z"]) == (1, 2)
    assert folder.problems == ()


def test_excels_first_line_is_counted(folder: Folder) -> None:
    folder.write("shots.csv", "sep=;\nshot\na\n")
    found = folder.table("shots.csv")
    assert found is not None
    assert found.rows[0].location.line == 3


# the places of a CSV


def test_a_cells_place_is_the_first_character_of_its_content(folder: Folder) -> None:
    lines = ["a,b,c", '1, "x\r', ' y" ,  z', "", '"\n3",é"😀 ,  "', '  q"']
    folder.write("shots.csv", "\r\n".join(lines).replace("\r\r", "\r"))
    found = folder.table("shots.csv")
    assert found is not None
    assert [[(c.location.line, c.location.column) for c in row.cells.values()] for row in found.rows] == [
        [(2, 1), (2, 5), (3, 8)],
        [(5, 2), (6, 4), (6, 12)],
    ]
    assert [row.location for row in found.rows] == [Location("shots.csv", 2, 1), Location("shots.csv", 5, 1)]


CELLS = st.text(st.sampled_from("ab \t,;\"'\n\r8é😀"), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5), st.sampled_from(",;\t"))
def test_what_a_spreadsheet_writes_is_read_where_it_stands(rows: list[list[str]], delimiter: str) -> None:
    written = ["".join(f'"{cell.replace(chr(34), chr(34) * 2)}"{delimiter}' for cell in row)[:-1] for row in rows]
    text = "\r\n".join(written)
    problems = Problems()
    found = list(records(text, delimiter, TableBuilder("a.csv", problems, "a.csv")))
    normal = [[" ".join(cell.split()) for cell in row] for row in rows]
    assert problems.in_order() == ()
    assert [[" ".join(cell.text.split()) for cell in r.cells] for r in found] == [r for r in normal if any(r)]
    lines = table_lines(text)
    for cell in (cell for record in found for cell in record.cells if cell.text):
        here = lines[cell.location.line - 1][cell.location.column - 1 :]
        assert not here or here.startswith(cell.text[0].replace('"', '""'))


def table_lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(st.text(st.sampled_from('a ,;\t"\n\r=sep'), max_size=40), st.sampled_from([None, "\t"]))
def test_any_text_is_read_or_told_with_places_inside_it(text: str, delimiter: str | None) -> None:
    problems = Problems()
    reading = TableBuilder("a.csv", problems, "a.csv")
    cells = []
    try:
        cells = [cell for record in records(text, delimiter, reading) for cell in record.cells]
    except LimitReached:
        assert problems.errors()
    lines = table_lines(text)
    for location in (*(p.location for p in problems.in_order()), *(cell.location for cell in cells)):
        assert 1 <= location.column <= len(lines[location.line - 1]) + 1


# the problems of a CSV


@pytest.mark.parametrize(
    ("content", "told", "kept"),
    [
        pytest.param("a,b\n1,2,3\n4,5\n", [(Code.ROWS_SHAPE, 2, 5)], 1, id="more cells than the header"),
        pytest.param("a,b,\n1,2,3\n4,5,6\n", [(Code.ROWS_HEADER, 1, 5)], 2, id="a column without a name"),
        pytest.param("a,b, a\n1,2,3\n", [(Code.ROWS_HEADER, 1, 6)], 1, id="a name twice"),
        pytest.param('a,b\n1,2\n3,"x\n4,5\n', [(Code.ROWS_QUOTE, 3, 3)], 1, id="an open quote"),
        pytest.param('a,b\n"x" y,2\n3,4\n', [(Code.ROWS_QUOTE, 2, 5)], 1, id="text behind a quote"),
        pytest.param('a,b\n1,"say "hi" so"\n3,4\n', [(Code.ROWS_QUOTE, 2, 9)], 1, id="single quotes within"),
        pytest.param('a,b\n1,"x\n2,"y"\n3,4\n', [(Code.ROWS_QUOTE, 3, 4)], 1, id="a quote left open a line above"),
    ],
)
def test_a_mistake_in_a_csv_is_a_problem_at_its_place(
    folder: Folder, content: str, told: list[tuple[Code, int, int]], kept: int
) -> None:
    assert len(folder.read(content)) == kept
    assert folder.told() == told


def test_a_title_above_the_header_is_told_as_what_it_may_be(folder: Folder) -> None:
    folder.read("Our film\n\nshot,prompt\n")
    assert folder.told() == [(Code.ROWS_SHAPE, 3, 6)]
    assert (
        folder.problems[0].hint == "if line 1 is a title, remove it: the first line with something on it is the header"
    )


@pytest.mark.parametrize(
    ("content", "things"),
    [
        ("a\n" + "1\n" * 100_001, "rows"),
        (",".join(f"c{n}" for n in range(1_001)) + "\n1\n", "columns"),
        ("a,b,c\n" + "1\n" * 34, "cells"),
        ("a\n" + "," * 20_000, "columns"),
    ],
    ids=["rows", "columns", "cells", "delimiters"],
)
def test_a_table_that_is_too_large_is_refused(
    folder: Folder, content: str, things: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if things == "cells":
        monkeypatch.setattr(table, "MOST_NODES", 100)
    assert folder.read(content) == []
    (problem,) = folder.problems
    assert problem.code is Code.TOO_MANY
    assert problem.message.endswith(things)


def test_after_a_thousand_problems_no_more_is_read(folder: Folder) -> None:
    folder.read("a\n" + "1,2\n" * 5_000)
    assert len(folder.problems) == 1_000


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("a;b\n" + ";\n" * 1_000_000, id="a million empty rows"),
        pytest.param("a;b\n" + '"";""\n' * 500_000, id="as many in quotes"),
        pytest.param("a\tb\n" + "\t" * 10_000 + "x", id="a run of delimiters"),
        pytest.param('a,b\n"' + '""' * 1_000_000 + '",1\n', id="a million quotes"),
        pytest.param("\n" * 1_000_000, id="empty lines"),
        pytest.param("\r\n" * 500_000 + "a", id="Windows' empty lines"),
        pytest.param('"' * 999_999, id="only quotes"),
        pytest.param(" " * 1_000_000 + "a", id="only blanks"),
    ],
)
def test_no_text_takes_long(folder: Folder, content: str) -> None:
    begun = time.process_time()
    folder.read(content)
    assert time.process_time() - begun < 5


# JSON lines


def test_a_line_of_json_is_a_row(folder: Folder) -> None:
    folder.write("shots.jsonl", '{"a": "x", "n": 8, "f": 1e3, "t": true}\r\n\n  {"a":null,"tags":["p", 2]}\n')
    found = folder.table("shots.jsonl")
    assert found is not None
    assert found.columns == ("a", "n", "f", "t", "tags")
    first, second = found.rows
    file = "shots.jsonl"
    assert first.cells == {
        "a": Scalar("x", "x", plain=False, location=Location(file, 1, 7)),
        "n": Scalar(8, "8", plain=True, location=Location(file, 1, 17)),
        "f": Scalar(1000.0, "1e3", plain=True, location=Location(file, 1, 25)),
        "t": Scalar(value=True, text="true", plain=True, location=Location(file, 1, 35)),
        "tags": Scalar(None, "", plain=True, location=Location(file, 1, 1)),
    }
    assert second.location == Location(file, 3, 3)
    assert second.cells["a"] == Scalar(None, "", plain=True, location=Location(file, 3, 8))
    assert second.cells["tags"] == Sequence(
        (
            Scalar("p", "p", plain=False, location=Location(file, 3, 21)),
            Scalar(2, "2", plain=True, location=Location(file, 3, 26)),
        ),
        Location(file, 3, 20),
    )
    assert folder.problems == ()


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ('{"a": "\\u00e9\\n\\ud83d\\ude00"}', {"a": "é\n😀"}),
        ('{"a": "x\u2028y"}', {"a": "x\u2028y"}),
        ('{"a": [], "b": "", "c": -0.5}', {"a": [], "b": "", "c": -0.5}),
        ('\t{ "a" : [ 1 , null ] }\t', {"a": [1, None]}),
    ],
)
def test_json_is_read_as_json_is(folder: Folder, line: str, row: dict[str, Any]) -> None:
    assert folder.read(line, "shots.ndjson") == [row]
    assert folder.problems == ()


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('["a"]', Code.ROWS_JSON, 1),
        (" 8", Code.ROWS_JSON, 2),
        ('{"a": 1', Code.ROWS_JSON, 8),
        ('{"a" 1}', Code.ROWS_JSON, 6),
        ('{"a": 1,}', Code.ROWS_JSON, 9),
        ("{'a': 1}", Code.ROWS_JSON, 2),
        ("{8: 1}", Code.ROWS_JSON, 2),
        ('{"a": 01}', Code.ROWS_JSON, 8),
        ('{"a": }', Code.ROWS_JSON, 7),
        ('{"a": nope}', Code.ROWS_JSON, 7),
        ('{"a": NaN}', Code.ROWS_JSON, 7),
        ('{"a": 1e999}', Code.ROWS_JSON, 7),
        ('{"a": ' + "9" * 5000 + "}", Code.ROWS_JSON, 7),
        ('{"a": "x}', Code.ROWS_JSON, 7),
        ('{"a": "\\q"}', Code.ROWS_JSON, 8),
        ('{"a": 1} {"a": 2}', Code.ROWS_JSON, 10),
        ('{"a": 1, "a": 2}', Code.DUPLICATE_KEY, 10),
        ('{"a": {"b": 1}}', Code.ROWS_SHAPE, 7),
        ('{"a": [1, [2]]}', Code.ROWS_SHAPE, 11),
        ('{"a": "x\\u0000"}', Code.ROWS_CHARACTER, 7),
        ('{"a": "\\ud800"}', Code.ROWS_CHARACTER, 7),
        ('{"\\ud800": 1}', Code.ROWS_CHARACTER, 2),
        ('{"a": ' + "[" * 100_000, Code.ROWS_SHAPE, 8),
        ('{"a":' * 100_000, Code.ROWS_SHAPE, 6),
        ('{"a": [' + "1," * 2_000 + "1]}", Code.TOO_MANY, 7),
    ],
)
def test_a_line_that_is_no_row_is_a_problem_and_left_out(folder: Folder, line: str, code: Code, column: int) -> None:
    assert folder.read(f'{{"a": 1}}\n{line}\n{{"a": 2}}', "shots.jsonl") == [{"a": 1}, {"a": 2}]
    assert folder.told() == [(code, 2, column)]


def test_columns_of_json_have_a_limit_too(folder: Folder) -> None:
    assert folder.read("\n".join(f'{{"c{n}": 1}}' for n in range(1_001)), "shots.jsonl") == []
    assert folder.told() == [(Code.TOO_MANY, 1_001, 1)]


# frames


def test_each_frame_is_a_row(folder: Folder) -> None:
    for name in ("b.png", "a.png", ".hidden.png", "c.jpg", "d.png/x"):
        folder.write(f"frames/{name}")
    folder.write("frames/a.txt", "  She waves.\n")
    assert folder.rows(frames("frames/*.png")) == [
        {"path": "frames/a.png", "stem": "a", "name": "a.png", "key": "a", "caption": "She waves."},
        {"path": "frames/b.png", "stem": "b", "name": "b.png", "key": "b", "caption": None},
    ]
    found = folder.table(frames("frames/*.png"))
    assert found is not None
    assert (found.lines, found.file) == ((), "")
    assert {row.source for row in found.rows} == {"frames/*.png"}
    assert {cell.location for row in found.rows for cell in row.cells.values()} == {HERE}


@pytest.mark.parametrize("stem", ["007", "null", "true", "8"])
def test_a_frames_name_is_a_text_whatever_it_looks_like(folder: Folder, stem: str) -> None:
    folder.write(f"{stem}.png")
    (row,) = folder.rows(frames("*.png"))
    assert (row["stem"], row["key"]) == (stem, stem)


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("frames/sh*_start.png", "010"),
        ("frames//sh*_start.png", "010"),
        ("./frames/sh*_start.png", "010"),
        ("*/sh010_start.png", "frames"),
        ("frames/sh*_st?rt.png", "010"),
        ("frames/[a-s]h*[!x]start.png", "010"),
        ("frames/*", "sh010_start.png"),
        ("frames/sh010_start.png", None),
        ("**/*.png", None),
        ("frames/*_*.png", None),
    ],
)
def test_the_key_is_what_the_one_star_stands_for(folder: Folder, pattern: str, key: str | None) -> None:
    folder.write("frames/sh010_start.png")
    (row,) = folder.rows(frames(pattern))
    assert row.get("key") == key


def test_a_pattern_may_mean_frames_outside_the_folder_where_that_is_allowed(folder: Folder) -> None:
    folder.write("frames/a.png")
    inner = Folder(folder.path / "inner", may_read=folder.path)
    inner.path.mkdir()
    assert [row["path"] for row in inner.rows(frames("../frames/*.png"))] == ["../frames/a.png"]
    whole = str(folder.path / "frames" / "a.png")
    assert [(row["path"], row["key"]) for row in inner.rows(frames(f"{folder.path}/frames/*.png"))] == [(whole, "a")]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("frames/*.png", "in frames there is a.jpg, b.jpg, c.jpg and 2 more"),
        ("empty/*.png", "empty is empty"),
        ("lost/*.png", "lost is not a readable folder; paths are relative to this file"),
        ("a\0*.png", None),
        ("a\0/*.png", None),
        ("/a\0/**/*.png", None),
        ("frames/*.txt", None),
    ],
)
def test_a_pattern_without_frames_is_a_problem(folder: Folder, pattern: str, hint: str | None) -> None:
    for name in "abcde":
        folder.write(f"frames/{name}.jpg")
    folder.write("frames/note.txt")
    (folder.path / "frames/note.txt").rename(folder.path / "frames/.note.txt")
    (folder.path / "empty").mkdir()
    assert folder.rows(frames(pattern)) == []
    assert [(p.code, p.location) for p in folder.problems] == [(Code.ROWS_EMPTY, HERE)]
    assert hint is None or folder.problems[0].hint == hint


def test_a_caption_is_read_like_any_text(folder: Folder) -> None:
    folder.write("a.png")
    folder.write("a.txt", "weiß".encode("cp1252"))
    folder.write("b.png")
    folder.write("b.txt", "x\0")
    assert [row["caption"] for row in folder.rows(frames("*.png"))] == ["weiß"]
    assert [(str(p.location), p.severity) for p in folder.problems] == [
        ("a.txt:1:4", Severity.WARNING),
        ("b.txt:1:2", Severity.ERROR),
    ]


def test_a_name_that_is_no_text_is_a_problem(folder: Folder) -> None:
    try:
        folder.write(os.fsdecode(b"\xff.png"))
    except OSError:
        pytest.skip("this disk takes no such name")
    folder.write("a.png")
    assert [row["name"] for row in folder.rows(frames("*.png"))] == ["a.png"]
    assert folder.told() == [(Code.ROWS_CHARACTER, 7, 11)]
    assert folder.problems[0].message.isascii()


def test_too_many_frames_are_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_rows, "MOST_ROWS", 2)
    for name in "abc":
        folder.write(f"{name}.png")
    assert folder.rows(frames("*.png")) == []
    assert folder.told() == [(Code.TOO_MANY, 7, 11)]


# pairs


@pytest.mark.parametrize(
    ("names", "pattern", "pair", "pairs"),
    [
        pytest.param(
            ["f/a.png", "f/a_end.png", "f/b.png", "f/b_end.png"],
            "f/*.png",
            "f/*_end.png",
            [("f/a.png", "f/a_end.png"), ("f/b.png", "f/b_end.png")],
            id="a broad pattern for the frames",
        ),
        pytest.param(
            ["a_start.png", "a.png"], "*_start.png", "*.png", [("a_start.png", "a.png")], id="for the partners"
        ),
        pytest.param(
            ["one/a.png", "two/a.jpg"], "one/*.png", "two/*.jpg", [("one/a.png", "two/a.jpg")], id="two folders"
        ),
        pytest.param(["a.png", "a_end.png"], "*.png", "./*_end.png", [("a.png", "./a_end.png")], id="spelt apart"),
        pytest.param(["a.png"], "*.png", "*.png", [("a.png", "a.png")], id="a frame that is its own partner"),
    ],
)
def test_a_frame_goes_with_the_partner_of_the_same_key(
    folder: Folder, names: list[str], pattern: str, pair: str, pairs: list[tuple[str, str]]
) -> None:
    for name in names:
        folder.write(name)
    assert [(row["path"], row["pair"]) for row in folder.rows(frames(pattern, pair))] == pairs
    assert folder.problems == ()


def test_a_frame_without_partner_is_a_problem_that_names_it(folder: Folder) -> None:
    for name in ("sh010.png", "sh010_end.png", "sh020.png", "sh020_emd.jpg"):
        folder.write(name)
    assert [row["path"] for row in folder.rows(frames("*.png", "*_end.png"))] == ["sh010.png"]
    (problem,) = folder.problems
    assert (problem.code, problem.location) == (Code.ROWS_PAIR, PAIR)
    assert problem.message == "sh020.png has no partner: sh020_end.png does not exist"


def test_a_partner_without_frame_is_a_warning(folder: Folder) -> None:
    for name in ("a.png", "a_end.png", "b_end.png"):
        folder.write(name)
    assert [row["path"] for row in folder.rows(frames("*.png", "*_end.png"))] == ["a.png"]
    (problem,) = folder.problems
    assert (problem.severity, problem.location) == (Severity.WARNING, PAIR)
    assert problem.message == "no frame matches b_end.png"


@pytest.mark.parametrize(
    ("pattern", "pair", "location"),
    [("**/*.png", "*_end.png", HERE), ("*.png", "*_*.png", PAIR), ("*.png", "end.png", PAIR)],
)
def test_patterns_with_partners_have_one_star_each(folder: Folder, pattern: str, pair: str, location: Location) -> None:
    folder.write("a.png")
    assert folder.rows(frames(pattern, pair)) == []
    assert [(p.code, p.location) for p in folder.problems] == [(Code.ROWS_PAIR, location)]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({}, Code.MISSING_KEY),
        ({"pair": "*.png"}, Code.MISSING_KEY),
        ({"glob": None}, Code.WRONG_TYPE),
        ({"glob": "*.png", "pair": None}, Code.WRONG_TYPE),
        ({"glob": "*.png", "pairs": "*"}, Code.UNKNOWN_KEY),
    ],
)
def test_a_pattern_is_named_by_its_keys(folder: Folder, entries: dict[str, str | None], code: Code) -> None:
    folder.write("a.png")
    written = {name: Entry(HERE, Scalar(text, text or "", plain=True, location=HERE)) for name, text in entries.items()}
    folder.table(Mapping(written, HERE))
    assert [p.code for p in folder.problems] == [code]


# whatever the bytes


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_any_bytes_are_read_or_told(folder: Folder, name: str) -> None:
    chance = random.Random(8)
    pieces = [b"a", b",", b";", b'"', b"\n", b"\r\n", b"{", b"}", b"[", b":", b"\xff", b"\xe4", b"\0", b"\xef\xbb\xbf"]
    for _ in range(300):
        folder.read(b"".join(chance.choices(pieces, k=chance.randrange(30))), name)
        lines = {problem.location.line for problem in folder.problems}
        assert min(lines, default=1) >= 1
