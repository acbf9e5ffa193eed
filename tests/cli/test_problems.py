"""Problems as people, programs and GitHub read them: the caret must stand under what is wrong."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import click
import pytest

from batchrunner.cli.main import outcome
from batchrunner.cli.problems import as_github, as_json, as_text
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Severity

FILE = "film.yaml"


def a_problem(line: int = 1, column: int = 1, **parts: Any) -> Problem:
    usual: dict[str, Any] = {"message": "`resolution` cannot be `4K`", "hint": 'write "4k"', "field": "resolution"}
    return Problem(Code.WRONG_VALUE, Location(FILE, line, column), **{**usual, **parts})


def shown(problem: Problem, *lines: str) -> list[str]:
    return click.unstyle(as_text([problem], {FILE: lines})).splitlines()


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Cf")
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def test_a_problem_is_its_place_its_line_a_caret_and_its_help() -> None:
    assert shown(a_problem(2, 17), "jobs:", "    resolution: 4K") == [
        "film.yaml:2:17: wrong-value  `resolution` cannot be `4K`",
        "    2 |     resolution: 4K",
        "                        ^",
        '  help: write "4k"',
    ]


@pytest.mark.parametrize(
    "line",
    [
        "resolution: 4K",
        "    resolution: 4K",
        "\tresolution: 4K",
        "a: {b:\t\tc,\t d: 4K}",
        "négative: «été», resolution: 4K",
        "prompt: 日本の映画, resolution: 4K",
        "prompt: 🎬🎬, resolution: 4K",
        "prompt: ﾊﾝｶｸ, resolution: 4K",
        "prompt: e\u0301te\u0301, resolution: 4K",
        "prompt: \u200b\u200b, resolution: 4K",
        "x" * 119 + " 4K",
        "x" * 400 + " 4K " + "y" * 400,
        "x" * 58 + " 4K " + "y" * 100,
        "日" * 100 + " 4K",
    ],
    ids=lambda line: line.encode("unicode_escape").decode()[:40],
)
def test_the_caret_stands_under_the_column_whatever_stands_before_it(line: str) -> None:
    _, snippet, caret, _ = shown(a_problem(1, line.index("4K") + 1), line)
    before, found, _ = snippet.partition("4K")
    assert found, snippet
    assert caret.strip() == "^"
    assert width(caret[:-1]) == width(before)


def test_a_long_line_is_cut_and_its_beginning_is_not_if_the_caret_is_there() -> None:
    line = "resolution: 4K" + " x" * 500
    _, snippet, caret, _ = shown(a_problem(1, 13), line)
    assert len(snippet) <= 128
    assert snippet.startswith("    1 | resolution: 4K")
    assert caret.index("^") == snippet.index("4K")


@pytest.mark.parametrize("column", [1, 60, 61, 119, 120, 121, 500, 999, 1000, 1001])
def test_the_caret_of_a_long_line_is_never_outside_of_it(column: int) -> None:
    _, snippet, caret, _ = shown(a_problem(1, column), "x" * 1000)
    assert 8 <= caret.index("^") <= len(snippet)


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (a_problem(7, 1), ("one line",)),
        (a_problem(1, 1), ()),
        (a_problem(1, 1), ("   ",)),
        (a_problem(1, 1), ("\t",)),
    ],
)
def test_where_there_is_nothing_to_show_nothing_is_shown(problem: Problem, lines: tuple[str, ...]) -> None:
    assert len(shown(problem, *lines)) == 2


def test_a_problem_behind_the_end_of_its_line_has_its_caret_there() -> None:
    _, snippet, caret, _ = shown(a_problem(1, 8), "prompt:")
    assert (snippet, caret) == ("    1 | prompt:", " " * 15 + "^")


def test_a_warning_says_that_it_is_one_without_any_colour() -> None:
    assert ": warning: wrong-value  " in shown(a_problem(1, 1, given=Severity.WARNING), "x")[0]
    assert ": wrong-value  " in shown(a_problem(1, 1), "x")[0]
    assert "warning" not in shown(a_problem(1, 1), "x")[0]


def test_one_mistake_says_which_job_it_hits_unless_its_line_does_and_how_many() -> None:
    assert shown(a_problem(1, 1, jobs=("a",)), "x")[0].endswith("`4K` [in job a]")
    assert shown(a_problem(1, 1, jobs=("a",)), "- {id: a, resolution: 4K}")[0].endswith("`4K`")
    assert shown(a_problem(1, 1, jobs=("a", "b", "c")), "x")[0].endswith(" [affects 3 jobs: a, …]")


def test_a_problem_without_a_hint_shows_none() -> None:
    assert not [line for line in shown(a_problem(hint=None), "x") if "help:" in line]


def test_problems_stand_apart() -> None:
    text = click.unstyle(as_text([a_problem(), a_problem(2)], {}))
    assert text.count("\n\n") == 1


NASTY = "\x1b[2J\u202e\x9b31m\r\n::error::"


def test_nothing_from_a_file_gets_onto_the_terminal_as_a_command() -> None:
    text = "\n".join(shown(a_problem(1, 3, message=NASTY, hint=NASTY), f"ab{NASTY[:-10]}"))
    assert all(c.isprintable() for c in text.replace("\n", ""))


def test_programs_get_every_name_that_was_promised() -> None:
    warning = a_problem(9, given=Severity.WARNING, hint=None, field=None)
    told = json.loads(as_json([a_problem(2, 17, jobs=("a", "b")), warning], 7))
    assert (told["valid"], told["jobs"]) == (False, 7)
    assert told["problems"][0] == {
        "severity": "error",
        "code": "wrong-value",
        "file": FILE,
        "line": 2,
        "column": 17,
        "sheet": None,
        "job": "a",
        "jobs": ["a", "b"],
        "field": "resolution",
        "message": "`resolution` cannot be `4K`",
        "hint": 'write "4k"',
    }
    assert (told["problems"][1]["severity"], told["problems"][1]["job"]) == ("warning", None)


def test_warnings_alone_are_valid() -> None:
    assert json.loads(as_json([a_problem(given=Severity.WARNING)], 1))["valid"] is True


def test_github_gets_one_line_a_problem() -> None:
    problem = Problem(Code.WRONG_VALUE, Location("films/a,b:c.yaml", 2, 17), "100% wrong\nor worse", "change\rit")
    assert as_github([problem, a_problem(given=Severity.WARNING, hint=None)]).splitlines() == [
        "::error file=films/a%2Cb%3Ac.yaml,line=2,col=17,title=wrong-value::100%25 wrong%0Aor worse (change%0Dit)",
        "::warning file=film.yaml,line=1,col=1,title=wrong-value::`resolution` cannot be `4K`",
    ]


def annotated(file: str) -> str:
    """The file that an annotation names."""
    line = as_github([Problem(Code.WRONG_VALUE, Location(file, 2, 17), "wrong")])
    return line.partition("file=")[2].partition(",")[0]


def test_github_gets_files_from_the_top_of_their_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films = tmp_path / "work" / "clone" / "films"
    films.mkdir(parents=True)
    monkeypatch.chdir(films)
    assert annotated("a.yaml") == "a.yaml"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "work"))
    assert annotated("a.yaml") == annotated(str(films / "a.yaml")) == "clone/films/a.yaml"
    (films.parent / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
    assert annotated("a.yaml") == annotated("../films/a.yaml") == "films/a.yaml"
    assert annotated(str(tmp_path / "a.yaml")) == str(tmp_path / "a.yaml")


def test_an_option_is_no_file_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "films").mkdir()
    monkeypatch.chdir(tmp_path / "films")
    typed = Problem(Code.WRONG_VALUE, Location("--set a=b", 0, 0), "wrong")
    assert "file=--set a=b," in as_github([typed])


MANIFEST = """\
version: 1
model: google/veo-3.1-i2v
jobs:
  - {{id: hero, prompt: {prompt}, image: https://example.com/a.jpg, resolution: {resolution}}}
"""


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_validate_shows_problems_in_every_form_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    (tmp_path / FILE).write_text(MANIFEST.format(prompt="She waves", resolution="4K"), encoding="utf-8")
    assert outcome(["validate", str(tmp_path / FILE), "-o", form]) == 2
    out = capsys.readouterr().out
    assert "wrong-value" in out
    assert 'write "4k"' in out.replace("\\", "")


def test_validate_is_quiet_about_what_went_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / FILE).write_text(MANIFEST.format(prompt="She waves", resolution="720p"), encoding="utf-8")
    assert outcome(["validate", str(tmp_path / FILE)]) == 0
    out, err = capsys.readouterr()
    assert (out.splitlines()[-1], err) == (f"{tmp_path / FILE}: valid, 1 job", "")
    assert "error" not in out


@pytest.mark.parametrize("command", [["validate", "-o", "json"], ["status", "-o", "json"], ["plan", "-o", "json"]])
@pytest.mark.parametrize("resolution", ["720p", '"4k\\u202e\\u200b"'])
def test_json_on_a_terminal_is_no_command_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], resolution: str
) -> None:
    text = MANIFEST.format(prompt='"She waves \\u202e\\u200b"', resolution=resolution)
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    outcome([*command, str(tmp_path / FILE)])
    shown = capsys.readouterr()
    assert all(c.isprintable() for c in shown.out.replace("\n", ""))
