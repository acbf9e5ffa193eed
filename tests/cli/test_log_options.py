"""`-v` and `--log-file`: what else a run says of itself, and where."""

import os
import re
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.studio import manifest_text

LOGGED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [a-z]+ .*")


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    film = Path("film.yaml")
    film.write_text(manifest_text("a"), encoding="utf-8")
    return film


def run(*more: str) -> int:
    return outcome(["run", "film.yaml", "--sandbox", "--yes", *more])


def test_a_run_says_what_it_sent_only_where_it_is_asked_and_logs_where_it_is_told(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = film.with_name("night.log")
    log.write_text("2026-11-24T00:00:00Z note: of an earlier run\n", encoding="utf-8")

    assert run("-v", "--log-file", "night.log") == ExitCode.DONE
    assert re.search(r"^requests: 1 submit, \d+ polls?, 0 rate-limited$", capsys.readouterr().out, re.MULTILINE)

    first, *others = log.read_text(encoding="utf-8").splitlines()
    assert first.endswith("of an earlier run")
    assert [line for line in others if not LOGGED.fullmatch(line)] == []
    assert any(" a: " in line for line in others)
    assert not list(film.parent.rglob("batch.log"))

    assert run() == ExitCode.DONE
    assert "requests:" not in capsys.readouterr().out


def test_results_for_programs_stay_alone_on_stdout(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-v", "-o", "json", "--limit", "1") == ExitCode.DONE
    shown = capsys.readouterr()
    assert "requests: 1 submit" in shown.err
    assert "requests: " not in shown.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("film.yaml", "that is not a log of batchrunner"),
        (".", "is a directory"),
        ("nowhere/night.log", "there is no folder nowhere"),
        ("link.log", "is a link"),
        ("pipe.log", "is not a file"),
    ],
)
def test_a_log_goes_onto_nothing_that_is_none(
    film: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    film.with_name("link.log").symlink_to("film.yaml")
    os.mkfifo(film.with_name("pipe.log"))
    before = film.read_bytes()

    assert run("--log-file", name) == ExitCode.USAGE

    assert words in capsys.readouterr().err
    assert film.read_bytes() == before
    assert not film.with_name("nowhere").exists()
    assert not film.with_name("sandbox-run").exists()
