"""What `init` wrote to be replaced is a problem until it is: an example must not be rendered and paid for."""

from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.problem import Code
from batchrunner.errors import ExitCode
from batchrunner.manifest.load import load
from tests.manifest.desk import HEAD, Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_what_plain_init_wrote_cannot_be_submitted_before_it_is_replaced(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(["init", "shots.yaml"]) == ExitCode.DONE
    text = Path("shots.yaml").read_text()
    [problem] = load(Path("shots.yaml")).errors
    assert problem.code is Code.PLACEHOLDER
    assert "REPLACE-ME" in text.splitlines()[problem.location.line - 1]
    assert outcome(["run", "shots.yaml", "--sandbox", "--yes"]) == ExitCode.USAGE
    Path("shots.yaml").write_text(text.replace("REPLACE-ME", "https://example.com/hero.jpg"))
    assert load(Path("shots.yaml")).problems == ()


PLACEHOLDERS = {
    "the word of today": "image: REPLACE-ME",
    "in another case": "image: replace-me",
    "in a prompt": "image: https://example.com/hero.jpg, negativePrompt: REPLACE-ME",
    "in a list": "referenceImages: [https://example.com/hero.jpg, REPLACE-ME]",
    "in a path": "image: frames/REPLACE-ME.png",
}


@pytest.mark.parametrize("fields", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_a_placeholder_is_a_problem_in_every_field(desk: Desk, fields: str) -> None:
    [problem] = desk.read(f"{HEAD}jobs:\n  - {{id: a, prompt: x, {fields}}}\n").errors
    assert problem.code is Code.PLACEHOLDER


def test_a_placeholder_in_a_cell_is_told_at_the_cell(desk: Desk) -> None:
    desk.write("shots.csv", "shot,image\na,https://example.com/a.jpg\nb,REPLACE-ME\n")
    [problem] = desk.read(
        HEAD + "jobs:\n  - {rows: shots.csv, id: '${row.shot}', prompt: x, image: '${row.image}'}\n"
    ).errors
    assert (problem.code, problem.location.line, problem.location.column) == (Code.PLACEHOLDER, 3, 3)


@pytest.mark.parametrize("link", ["https://example.com/frame.jpg", "https://example.com/a.jpg"])
def test_other_links_of_examples_are_links(desk: Desk, link: str) -> None:
    assert desk.read(f"{HEAD}jobs:\n  - {{id: a, prompt: x, image: '{link}'}}\n").errors == ()


def test_a_person_may_speak_of_a_sign_that_says_replace_me(desk: Desk) -> None:
    text = f"{HEAD}jobs:\n  - {{id: a, prompt: A sign says replace me, image: https://example.com/a.jpg}}\n"
    assert desk.read(text).errors == ()
