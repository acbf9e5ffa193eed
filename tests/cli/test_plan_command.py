"""`plan`: what it says of each job, and how much of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.studio import manifest_text

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Types a command on a film of the sandbox, and gives what it prints."""
    monkeypatch.chdir(tmp_path)
    Path("film.yaml").write_text(manifest_text("a", "b", "c", "d"), encoding="utf-8")

    def types(command: str, *more: str, code: int = ExitCode.DONE) -> str:
        assert outcome([command, "film.yaml", "--sandbox", *more]) == code
        return capsys.readouterr().out

    return types


def reasons(told: Told, *more: str) -> dict[str, str]:
    return {job["id"]: job["reason"] for job in json.loads(told("plan", "-o", "json", *more))["jobs"]}


def test_what_holds_a_job_back_is_its_reason(told: Told) -> None:
    assert reasons(told, "--limit", "1") == {"a": "new", **dict.fromkeys("bcd", "over --limit 1")}
    assert reasons(told, "--select", "b,c", "--limit", "1") == {
        "a": "not selected",
        "b": "new",
        "c": "over --limit 1",
        "d": "not selected",
    }


def test_what_is_done_takes_no_place_of_a_limit(told: Told) -> None:
    told("run", "--yes", "--select", "a")
    assert reasons(told, "--limit", "2") == {"a": "done", "b": "new", "c": "new", "d": "over --limit 2"}


def test_a_plan_of_done_jobs_shows_them_where_all_is_wanted(told: Told) -> None:
    told("run", "--yes", "--limit", "3")
    rows = [line.split() for line in told("plan", "--all").splitlines()]
    assert ["a", "none", "-", "done"] in rows
    short = told("plan").splitlines()
    assert [short[0], short[2]] == ["batch: 4 jobs", "  3 done: already paid $7.73"]
    assert not [line for line in short if line.startswith("a ")]
