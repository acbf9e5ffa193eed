"""Problems as SARIF: it is valid by the schema of OASIS, and names files as their repository does.

`sarif-2.1.0.schema.json` is the official schema, as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) carries
it.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from batchrunner.cli.main import outcome
from batchrunner.cli.sarif import DOCUMENTATION, as_sarif
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Severity

ROOT = Path(__file__).parents[2]
OFFICIAL = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
BROKEN = """\
version: 1
model: google/veo-3.1-i2v
defaults: {durationSeconds: 8}
jobs:
  - {id: hero, prompt: She waves, image: https://example.com/a.jpg, resolution: 4K}
  - {id: été, prompt: She waves, image: https://example.com/a.jpg, colour: red}
"""


def valid(text: str) -> Any:
    """A log that the schema takes, read again."""
    log = json.loads(text)
    Draft4Validator.check_schema(OFFICIAL)
    Draft4Validator(OFFICIAL, format_checker=Draft4Validator.FORMAT_CHECKER).validate(log)
    return log


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    outcome(["validate", *words, "-o", "sarif"])
    return valid(capsys.readouterr().out)["runs"][0]


def test_the_schema_can_refuse() -> None:
    log = json.loads(as_sarif([]))
    assert not list(Draft4Validator(OFFICIAL).iter_errors(log))
    del log["runs"][0]["tool"]
    assert [error.message for error in Draft4Validator(OFFICIAL).iter_errors(log)]


def test_each_problem_is_a_result_at_its_place_with_the_rule_that_explains_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("film.yaml").write_text(BROKEN, encoding="utf-8")
    run = printed(capsys, "film.yaml")
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert len(results) >= 2
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [result["ruleId"] for result in results]
    wrong = next(result for result in results if result["ruleId"] == "wrong-value")
    assert wrong["level"] == "error"
    assert 'write "4k"' in wrong["message"]["text"]
    region = wrong["locations"][0]["physicalLocation"]["region"]
    assert BROKEN.splitlines()[region["startLine"] - 1][region["startColumn"] - 1 :].startswith("4K")


def test_every_code_has_its_page(tmp_path: Path) -> None:
    problems = [Problem(code, Location(str(tmp_path / "a.yaml"), 1, 1), "it is wrong") for code in Code]
    rules = valid(as_sarif(problems))["runs"][0]["tool"]["driver"]["rules"]
    documented = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert len(rules) == len(Code)
    for rule in rules:
        assert rule["helpUri"] == f"{DOCUMENTATION}problems/{rule['id']}.html"
        assert f"\n### `{rule['id']}`\n" in documented
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Documentation"] == DOCUMENTATION


def test_what_is_valid_is_a_log_without_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    film = tmp_path / "film.yaml"
    film.write_text(BROKEN.replace("4K", "4k").partition("  - {id: été")[0], encoding="utf-8")
    assert outcome(["validate", str(film), "-o", "sarif"]) == 0
    assert valid(capsys.readouterr().out)["runs"][0]["results"] == []


def test_a_file_is_named_from_the_top_of_its_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = tmp_path / "clone" / "shots of may"
    shots.mkdir(parents=True)
    (tmp_path / "clone" / ".git").mkdir()
    (shots / "film.yaml").write_text(BROKEN, encoding="utf-8")
    for folder, name in (
        (shots, "film.yaml"),
        (tmp_path, "clone/shots of may/film.yaml"),
        (tmp_path, str(shots / "film.yaml")),
    ):
        monkeypatch.chdir(folder)
        for result in printed(capsys, name)["results"]:
            file = result["locations"][0]["physicalLocation"]["artifactLocation"]
            assert file == {"uri": "shots%20of%20may/film.yaml", "uriBaseId": "%SRCROOT%"}


def test_a_file_outside_of_any_repository_has_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / "film.yaml"
    film.write_text(BROKEN, encoding="utf-8")
    result, *_ = printed(capsys, str(film))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": film.as_uri()}


def test_what_is_wrong_with_an_option_has_no_file_and_a_warning_is_one() -> None:
    problem = Problem(Code.WRONG_VALUE, Location("--set resolution=4K", 0, 0), "it is wrong", given=Severity.WARNING)
    result, *_ = valid(as_sarif([problem]))["runs"][0]["results"]
    assert result["locations"] == [{"logicalLocations": [{"name": "--set resolution=4K"}]}]
    assert result["level"] == "warning"
