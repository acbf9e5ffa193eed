"""`--set`: shown before anything is paid, part of what a plan is called, and no part of another command or profile."""

import json
import re
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode

TEXT = """\
version: 1
model: google/veo-3.1-i2v
defaults: {durationSeconds: 8, resolution: 1080p, image: https://example.com/a.jpg}
profiles: {draft: {tags: [draft]}}
jobs:
  - {id: a, prompt: She waves}
  - {id: b, prompt: She turns, resolution: 4k}
"""
SET = ("--set", "resolution=720p")


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    film = Path("film.yaml")
    film.write_text(TEXT, encoding="utf-8")
    return film


@pytest.fixture
def told(film: Path, capsys: pytest.CaptureFixture[str]) -> "Told":
    return Told(capsys)


class Told:
    """Types commands on the film, and gives what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def types(self, command: str, *more: str, code: int = ExitCode.DONE) -> tuple[str, str]:
        assert outcome([command, "film.yaml", *more]) == code
        shown = self._capsys.readouterr()
        return shown.out, shown.err

    def digest(self, *more: str) -> str:
        return str(json.loads(self.types("plan", "-o", "json", *more)[0])["digest"])


def test_a_plan_begins_with_what_was_set_and_in_how_many_jobs(told: Told) -> None:
    first, *_ = told.types("plan", *SET)[0].splitlines()
    assert first == "set on the command line: resolution=720p, in 1 job; pass it to `run`, too"
    assert json.loads(told.types("plan", "-o", "json", *SET)[0])["set"] == [{"value": "resolution=720p", "jobs": 1}]
    assert "set on the command line" not in told.types("plan")[0]
    assert json.loads(told.types("plan", "-o", "json")[0])["set"] == []


def test_what_no_job_takes_is_said_to_change_nothing(told: Told, film: Path) -> None:
    film.write_text(TEXT.replace("She waves", "She waves, resolution: 1080p"), encoding="utf-8")
    assert told.types("plan", *SET)[0].startswith(
        "set on the command line: resolution=720p, in no job (each says its own); "
    )
    assert told.digest(*SET) == told.digest()


def test_it_is_shown_with_the_question_and_is_part_of_the_plan_that_was_agreed_to(told: Told) -> None:
    digest = told.digest("--sandbox", *SET)
    assert digest != told.digest("--sandbox")
    _, asked = told.types("run", "--sandbox", *SET, code=ExitCode.USAGE)
    assert asked.startswith("set on the command line: resolution=720p, in 1 job\nfilm: 2 jobs\n  2 new: ")
    told.types("run", "--sandbox", "--yes", "--plan", digest, code=ExitCode.USAGE)  # without --set it is another plan

    told.types("run", "--sandbox", "--yes", "--plan", digest, *SET)

    assert "nothing to pay" in told.types("plan", "--sandbox", *SET)[0]
    plan = json.loads(told.types("plan", "--sandbox", "-o", "json")[0])
    assert [(job["id"], job["changed"]) for job in plan["jobs"] if job["action"] == "submit"] == [("a", ["resolution"])]
    _, asked = told.types("run", "--sandbox", "--set", "aspectRatio=9:16", *SET, code=ExitCode.USAGE)
    assert "`aspectRatio` in the command line, --set aspectRatio=9:16" in asked


def test_another_profile_and_the_manifest_itself_know_nothing_of_it(told: Told) -> None:
    draft, plain = told.digest("--profile", "draft"), told.digest()
    assert told.digest("--profile", "draft", *SET) not in {draft, plain, told.digest(*SET)}
    assert (told.digest("--profile", "draft"), told.digest()) == (draft, plain)
    assert "set" not in re.findall(r"\w+", told.types("plan", "-o", "yaml")[0])


def test_the_next_command_carries_it(told: Told) -> None:
    told.types("plan", *SET)
    out, _ = told.types("status", *SET)
    assert "to continue: `batchrunner run film.yaml --set resolution=720p`" in out


def test_a_mistake_in_it_is_told_with_the_option_as_its_place(told: Told) -> None:
    out, _ = told.types("validate", "--set", "resolution=72p", code=ExitCode.USAGE)
    assert out.startswith("--set resolution=72p: wrong-value  `resolution` cannot be")
    out, _ = told.types("validate", "-o", "json", "--set", "resolution=72p", code=ExitCode.USAGE)
    (problem,) = json.loads(out)["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("--set resolution=72p", 0, 0)


def test_a_key_that_was_typed_there_is_not_repeated(told: Told) -> None:
    out, _ = told.types("validate", "--set", "resolution=mdlx-0123456789abcdef", code=ExitCode.USAGE)
    assert "mdlx-0123456789" not in out


def test_what_is_no_value_is_a_mistake_of_the_command(told: Told) -> None:
    _, err = told.types("plan", "--set", "resolution", code=ExitCode.USAGE)
    assert "expected KEY=VALUE, for example `resolution=720p`" in err


def test_no_variable_sets_it(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told.digest()
    monkeypatch.setenv("BATCHRUNNER_SET", "resolution=720p")
    assert told.digest() == before
