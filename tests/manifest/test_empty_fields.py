"""What was left empty is told where it is empty: on its own line or cell, not on its job's."""

from pathlib import Path

import pytest

from batchrunner.domain.problem import Code
from tests.manifest.desk import HEAD, LINK, Desk

JOB = "jobs:\n  - id: a\n    prompt: {prompt}\n    image: " + LINK + "\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


@pytest.mark.parametrize("written", ["", "~", "null", "''"])
def test_an_empty_prompt_is_a_problem_on_its_own_line(desk: Desk, written: str) -> None:
    [problem] = desk.read(HEAD + JOB.replace("{prompt}", written)).errors
    assert (problem.location.line, problem.field) == (6, "prompt")
    assert problem.message.startswith("`prompt` is empty")
    assert problem.jobs == ("a",)


def test_a_block_of_blanks_is_an_empty_prompt(desk: Desk) -> None:
    [problem] = desk.read(HEAD + JOB.replace("{prompt}", "|\n      \n      ")).errors
    assert (problem.location.line, problem.message) == (6, "`prompt` is empty")


def test_a_prompt_that_a_profile_empties_is_told_in_the_profile(desk: Desk) -> None:
    text = HEAD + "profiles:\n  draft:\n    prompt: ~\n" + JOB.replace("{prompt}", "x")
    [problem] = desk.read(text, profile="draft").errors
    assert (problem.location.line, problem.message) == (6, "`prompt` is empty here")


def test_a_prompt_that_is_given_again_above_an_empty_one_is_none(desk: Desk) -> None:
    assert desk.read(HEAD + "templates:\n  t: {prompt: ~}\n" + JOB.replace("{prompt}", "x")).errors == ()


def test_a_missing_prompt_is_still_told_at_its_job(desk: Desk) -> None:
    [problem] = desk.read(HEAD + f"jobs:\n  - id: a\n    image: {LINK}\n").errors
    assert (problem.code, problem.location.line, problem.message) == (Code.MISSING_KEY, 5, "`prompt` is missing")


@pytest.mark.parametrize("prompt", ["${row.prompt}", "The fox ${row.prompt}"])
def test_an_empty_cell_of_a_prompt_is_told_at_the_cell(desk: Desk, prompt: str) -> None:
    desk.write("shots.csv", "shot,prompt\na,runs\nb,\n")
    rows = f"jobs:\n  - {{rows: shots.csv, id: '${{row.shot}}', prompt: '{prompt}', image: '{LINK}'}}\n"
    [problem] = desk.read(HEAD + rows).errors
    assert Path(problem.location.file).name == "shots.csv"
    assert (problem.location.line, problem.location.column) == (3, 3)


def test_an_empty_picture_is_told_where_it_is_empty(desk: Desk) -> None:
    [problem] = desk.read(HEAD + "jobs:\n  - id: a\n    prompt: x\n    image:\n").errors
    assert (problem.code, problem.location.line) == (Code.IMAGE_MISSING, 7)
