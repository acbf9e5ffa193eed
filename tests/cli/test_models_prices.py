"""`models prices`: what is told of a list, and what it ends with."""

import json
from pathlib import Path

import pytest

from batchrunner.catalog import shipped, shipped_prices
from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode

SLUG = "google/veo-3.1-i2v"


@pytest.fixture
def listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What `models prices` prints."""
    assert outcome(["models", "prices"]) == ExitCode.DONE
    file = tmp_path / "prices.json"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    return file


def lines(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[str]]:
    code = outcome(["models", "prices", "--check", *more])
    return code, capsys.readouterr().out.splitlines()


def test_a_list_that_says_the_same_differs_in_no_model(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown = lines(capsys, "--offline-file", str(listed))
    told = dict(line.split(": ", 1) for line in shown)
    assert {slug for slug, said in told.items() if said == "as listed"} == set(shipped_prices().prices)


def test_a_price_that_differs_is_shown_in_its_row(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = json.loads(listed.read_text(encoding="utf-8"))
    text["usd_per_second"][SLUG] = {"720p": "0.5", "1080p": "0.322", "8k": "1"}
    listed.write_text(json.dumps(text), encoding="utf-8")
    code, shown = lines(capsys, "--offline-file", str(listed))
    assert code == ExitCode.FAILED
    assert f"{SLUG}: differs in 3 rows" in shown
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in shown]
    assert ["resolution 720p", "$0.322 a second", "$0.5 a second"] in rows
    assert ["resolution 4k", "$0.483 a second", "-"] in rows
    assert ["resolution 8k", "-", "$1 a second"] in rows


def test_without_a_list_it_is_said_where_a_person_has_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = lines(capsys)
    assert code == ExitCode.PERSON_NEEDED
    assert len(shown) == len(shipped().slugs)
    said = f"the service publishes no price that a program can read for {SLUG}; look at "
    assert shown[0].startswith(f"{SLUG}: not compared: {said}")


def test_a_list_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prices.json").write_text("{", encoding="utf-8")
    assert outcome(["models", "prices", "--check", "--offline-file", str(tmp_path / "prices.json")]) == ExitCode.USAGE
    assert "cannot use the prices in" in capsys.readouterr().err
