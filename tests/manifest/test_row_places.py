"""A mistake in a row is told at its cell: of whatever field, of whatever kind, in whatever kind of sheet."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import pytest

from batchrunner.cli.problems import as_github, as_json, as_text
from batchrunner.cli.sarif import as_sarif
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from tests.io.test_images import png
from tests.manifest.desk import LINK, Desk
from tests.manifest.test_workbooks import repacked

openpyxl = pytest.importorskip("openpyxl")

KEY = "mdlx-0123456789abcdef"
SHEET = "Shot list"
Rows = Sequence[Mapping[str, object]]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    found = Desk(tmp_path)
    found.write("frames/good.png", png(1280, 720))
    found.write("frames/text.png", "no picture")
    return found


@dataclass(frozen=True)
class Case:
    """A `value` in the column `column` of the second row is a mistake; `job` says how the columns are used."""

    code: Code
    column: str
    value: str
    job: Mapping[str, object] = field(default_factory=dict)
    rows: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code.value}-{self.column}-{len(self.job)}"


def whole(column: str, **more: object) -> Mapping[str, object]:
    return {column: f"${{row.{column}}}", **more}


def part(column: str, before: str, behind: str = "") -> Mapping[str, object]:
    return {column: f"{before}${{row.{column}}}{behind}"}


LONG = "word " * 1_200
GOOD = {"image": "good.png"}
REFS = {"referenceImages": "${row.refs}", "image": None}
CASES = [
    Case(Code.BAD_ID, "id", ""),
    Case(Code.BAD_ID, "id", "no/name"),
    Case(Code.BAD_ID, "id", "n" * 200),
    Case(Code.BAD_ID, "id", "no/name", part("id", "shot-")),
    Case(Code.DUPLICATE_ID, "id", "first"),
    Case(Code.DUPLICATE_ID, "id", "first", part("id", "shot-")),
    Case(Code.MISSING_KEY, "prompt", ""),
    Case(Code.BAD_VARIABLE, "prompt", "", part("prompt", "A fox ")),
    Case(Code.PROMPT_LENGTH, "prompt", LONG),
    Case(Code.PROMPT_LENGTH, "prompt", LONG, part("prompt", "A fox ")),
    Case(Code.PLACEHOLDER, "prompt", "REPLACE-ME"),
    Case(Code.PLACEHOLDER, "prompt", "REPLACE-ME", part("prompt", "A fox ")),
    Case(Code.IMAGE_MISSING, "image", ""),
    Case(Code.BAD_VARIABLE, "image", "", part("image", "frames/"), GOOD),
    Case(Code.IMAGE_MISSING_FILE, "image", "gone.png"),
    Case(Code.IMAGE_MISSING_FILE, "image", "gone", part("image", "frames/", ".png"), {"image": "good"}),
    Case(Code.IMAGE_KIND, "image", "frames/text.png"),
    Case(Code.IMAGE_KIND, "image", "text.png", part("image", "frames/"), GOOD),
    Case(Code.BAD_LINK, "image", "https://"),
    Case(Code.BAD_LINK, "image", "a b.png", part("image", "https://example.com/")),
    Case(Code.LINK_LOGIN, "image", "https://user:secret@example.com/a.png"),
    Case(Code.PLAIN_LINK, "image", "http://example.com/a.png"),
    Case(Code.SIGNED_LINK, "image", "https://example.com/a.png?X-Amz-Signature=abc"),
    Case(Code.OUTSIDE_PROJECT, "image", "../secret.png"),
    Case(Code.IMAGE_SHAPE, "image", "frames/good.png", {"aspectRatio": "9:16"}),
    Case(Code.IMAGE_MISSING_FILE, "lastFrame", "gone.png", whole("lastFrame"), {"lastFrame": LINK}),
    Case(Code.LAST_FRAME_WITHOUT_IMAGE, "image", "", whole("lastFrame"), {"lastFrame": LINK}),
    Case(Code.IMAGE_MISSING, "refs", "", REFS, {"refs": LINK}),
    Case(Code.IMAGE_MISSING_FILE, "refs", "gone.png", REFS, {"refs": LINK}),
    Case(Code.IMAGE_MISSING_FILE, "refs", f"{LINK} gone.png", REFS, {"refs": LINK}),
    Case(
        Code.IMAGE_MISSING_FILE,
        "refs",
        "gone.png",
        {"image": None, "referenceImages": [LINK, "frames/${row.refs}"]},
        {"refs": "good.png"},
    ),
    Case(Code.TOO_MANY, "refs", " ".join([LINK] * 4), REFS, {"refs": LINK}),
    Case(Code.IMAGE_WITH_REFERENCES, "refs", LINK, {"referenceImages": "${row.refs}"}, {"refs": ""}),
    Case(Code.WRONG_VALUE, "resolution", "4x", whole("resolution"), {"resolution": "720p"}),
    Case(Code.WRONG_VALUE, "resolution", "10", part("resolution", "", "p"), {"resolution": "720"}),
    Case(Code.WRONG_VALUE, "durationSeconds", "7", whole("durationSeconds"), {"durationSeconds": "8"}),
    Case(Code.NO_DURATION, "durationSeconds", "", whole("durationSeconds"), {"durationSeconds": "8"}),
    Case(Code.RESOLUTION_DURATION, "resolution", "4k", whole("resolution", durationSeconds=6), {"resolution": "720p"}),
    Case(
        Code.RESOLUTION_DURATION,
        "durationSeconds",
        "6",
        whole("durationSeconds", resolution="4k"),
        {"durationSeconds": "8"},
    ),
    Case(Code.WRONG_VALUE, "aspectRatio", "4:3", whole("aspectRatio"), {"aspectRatio": "16:9"}),
    Case(Code.UNKNOWN_MODEL, "model", "google/veo-9-i2v", whole("model"), {"model": "google/veo-3.1-i2v"}),
    Case(Code.MISSING_KEY, "model", "", whole("model"), {"model": "google/veo-3.1-i2v"}),
    Case(Code.WRONG_TYPE, "takes", "many", whole("takes"), {"takes": 1}),
    Case(Code.WRONG_TYPE, "enabled", "maybe", whole("enabled"), {"enabled": True}),
    Case(Code.BAD_OUTPUT, "output", "../a.mp4", whole("output"), {"output": "clips/${row.id}.mp4"}),
    Case(Code.BAD_OUTPUT, "output", "a.mov", part("output", "clips/"), {"output": "${row.id}.mp4"}),
    Case(Code.OUTPUT_COLLISION, "output", "first", part("output", "clips/", ".mp4"), {"output": "${row.id}"}),
    Case(Code.HOLDS_KEY, "prompt", f"say {KEY}"),
    Case(Code.HOLDS_KEY, "notes", f"my key is {KEY}", rows={"notes": "-"}),
    Case(Code.EQUAL_REQUESTS, "prompt", "first waves"),
]


def rows_of(case: Case) -> Rows:
    """Three rows, of which the second has the mistake."""
    usual: dict[str, object] = {"id": "", "prompt": "", "image": LINK, **case.rows}
    named = [usual | {"id": name, "prompt": f"{name} waves"} for name in ("first", "second", "third")]
    filled = [{key: _own(value, str(row["id"])) for key, value in row.items()} for row in named]
    filled[1][case.column] = case.value
    return filled


def _own(value: object, name: str) -> object:
    return value.replace("${row.id}", name) if isinstance(value, str) else value


def as_csv(rows: Rows) -> tuple[bytes, Callable[[str], Location]]:
    lines = [list(rows[0]), *([f'"{value}"' for value in row.values()] for row in rows)]

    def place(column: str) -> Location:
        before = lines[2][: list(rows[0]).index(column)]
        return Location("shots.csv", 3, sum(len(cell) + 1 for cell in before) + 2)

    return "\n".join(map(",".join, lines)).encode(), place


def as_json_lines(rows: Rows) -> tuple[bytes, Callable[[str], Location]]:
    lines = [json.dumps(row) for row in rows]

    def place(column: str) -> Location:
        return Location("shots.jsonl", 2, lines[1].index(f'"{column}": ') + len(f'"{column}": ') + 1)

    return "\n".join(lines).encode(), place


def as_workbook(rows: Rows) -> tuple[bytes, Callable[[str], Location]]:
    book = openpyxl.Workbook()
    book.active.title = SHEET
    for values in (list(rows[0]), *(list(row.values()) for row in rows)):
        book.active.append(values)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue(), lambda column: Location("shots.xlsx", 3, list(rows[0]).index(column) + 1, SHEET)


KINDS = {"csv": as_csv, "jsonl": as_json_lines, "xlsx": as_workbook}


def read(desk: Desk, kind: str, rows: Rows, job: Mapping[str, object]) -> tuple[Manifest, Callable[[str], Location]]:
    data, place = KINDS[kind](rows)
    desk.write(f"shots.{kind}", data)
    said = {"rows": f"shots.{kind}", **whole("id"), **whole("prompt"), **whole("image"), **job}
    head = {"version": 1, "defaults": {} if "durationSeconds" in job else {"durationSeconds": 8}}
    model = {} if "model" in job else {"model": "google/veo-3.1-i2v"}
    path = desk.write("m.yaml", json.dumps({**head, **model, "jobs": [said]}))
    return load(Path(path.name), permissions=Permissions((desk.folder,), secrets=(KEY,))), place


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_mistake_in_a_row_is_told_at_its_cell(desk: Desk, case: Case, kind: str) -> None:
    manifest, place = read(desk, kind, rows_of(case), case.job)
    wanted = place(case.column)
    if case.code is Code.EQUAL_REQUESTS:  # no field of it is wrong: it is told of the row
        wanted = replace(wanted, column=1)
    assert [(problem.code, problem.location) for problem in manifest.problems] == [(case.code, wanted)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_manifest_says_wrongly_for_all_rows_is_one_mistake_in_the_manifest(desk: Desk, kind: str) -> None:
    job = {"prompt": "REPLACE-ME ${row.prompt}", "resolution": "4x", "negativePrompt": "${row.gone}"}
    manifest, _ = read(desk, kind, rows_of(Case(Code.WRONG_VALUE, "prompt", "waves")), job)
    codes = [problem.code for problem in manifest.problems]
    assert sorted(codes) == [Code.PLACEHOLDER, Code.UNKNOWN_VARIABLE, Code.WRONG_VALUE]
    assert {problem.location.file for problem in manifest.problems} == {"m.yaml"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_of_a_row_says_that_row(desk: Desk, kind: str) -> None:
    manifest, place = read(desk, kind, rows_of(Case(Code.WRONG_VALUE, "prompt", "fine")), {})
    assert [job.location.line for job in manifest.jobs] == [place("prompt").line + more for more in (-1, 0, 1)]
    assert {job.location.file for job in manifest.jobs} == {f"shots.{kind}"}


def test_a_frame_has_no_row_and_says_its_pattern(desk: Desk) -> None:
    frames = {"glob": "frames/good.png"}
    job = {"rows": frames, "id": "${row.stem}", "prompt": "x", "image": "frames/${row.stem}.gif"}
    head = {"version": 1, "model": "google/veo-3.1-i2v", "defaults": {"durationSeconds": 8}}
    [problem] = desk.read(json.dumps({**head, "jobs": [job]})).problems
    assert (problem.code, Path(problem.location.file).name) == (Code.IMAGE_MISSING_FILE, "m.yaml")


@pytest.mark.parametrize(
    ("column", "letters"), [(1, "A"), (2, "B"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")]
)
def test_a_column_has_the_letters_that_spreadsheets_give_it(column: int, letters: str) -> None:
    place = Location("shots.xlsx", 4, column, SHEET)
    assert str(place) == f"shots.xlsx, sheet Shot list, row 4, column {letters}"
    assert place.at == "shots.xlsx, sheet Shot list, row 4"


def test_a_cell_of_a_workbook_is_told_in_words_in_every_form() -> None:
    problem = Problem(Code.WRONG_VALUE, Location("shots.xlsx", 4, 2, SHEET), "`takes` is odd", "write `1`")
    assert click.unstyle(as_text([problem], {})).startswith(
        "shots.xlsx, sheet Shot list, row 4, column B: wrong-value  `takes` is odd"
    )
    [told] = json.loads(as_json([problem], 1))["problems"]
    assert (told["file"], told["line"], told["column"], told["sheet"]) == ("shots.xlsx", 4, 2, SHEET)
    words = "sheet Shot list, row 4, column B: `takes` is odd (write `1`)"
    assert as_github([problem]).endswith(f"::{words}")
    assert json.loads(as_sarif([problem]))["runs"][0]["results"][0]["message"]["text"] == words


def test_the_name_of_a_sheet_cannot_hurt(desk: Desk) -> None:
    book = openpyxl.Workbook()
    book.active.title = "a" * 31
    for values in (["id", "prompt"], ["a", ""]):
        book.active.append(values)
    written = io.BytesIO()
    book.save(written)
    part = zipfile.ZipFile(written).read("xl/workbook.xml").replace(b"a" * 31, b"&#x9b;]0;" * 400)
    desk.write("shots.xlsx", repacked(written.getvalue(), {"xl/workbook.xml": part}))
    desk.write(
        "m.yaml",
        "version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8}\njobs:\n"
        f"  - {{rows: shots.xlsx, id: '${{row.id}}', prompt: '${{row.prompt}}', image: '{LINK}'}}\n",
    )
    [problem] = load(Path("m.yaml")).problems
    assert len(problem.location.sheet) <= 60
    assert "\x9b" not in as_text([problem], {})
