"""`--events`: to a file or to stdout, whoever reads there, and however."""

import errno
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batchrunner.cli.event_output import StdoutLines
from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode
from tests.app.told_events import SCHEMA, events_in, report_from
from tests.studio import manifest_text

PROGRAM = [sys.executable, "-m", "batchrunner"]


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    film = Path("film.yaml")
    film.write_text(manifest_text("a", "b").replace("name: batch\n", ""), encoding="utf-8")
    return film


def typed(command: str, *more: str) -> int:
    return outcome([command, "film.yaml", *more, "--sandbox", "--yes"])


def test_run_redo_retry_and_fetch_add_to_one_file_from_which_the_report_can_be_rebuilt(
    film: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    night = film.with_name("night.jsonl")
    assert typed("run", "--events", "night.jsonl", "--limit", "1") == ExitCode.DONE
    assert typed("redo", "a", "--events", "night.jsonl") == ExitCode.DONE
    assert typed("retry", "--events", "night.jsonl") == ExitCode.DONE
    monkeypatch.setenv("BATCHRUNNER_EVENTS", "night.jsonl")
    assert outcome(["fetch", "film.yaml", "--sandbox"]) == ExitCode.DONE
    started = [event["data"]["command"] for event in events_in(night) if event["type"].endswith("run.started")]
    assert started == ["run", "redo", "retry", "fetch"]
    capsys.readouterr()
    outcome(["report", "film.yaml", "--sandbox", "-o", "json"])
    report = json.loads(capsys.readouterr().out)
    rebuilt = report_from(night.read_text(encoding="ascii").splitlines())
    for part in ("jobs", "counts", "cost", "run_id", "exit_code"):
        assert rebuilt[part] == report[part]


def test_what_is_not_agreed_to_is_no_run_and_has_no_events(film: Path) -> None:
    assert outcome(["run", "film.yaml", "--sandbox", "--events", "night.jsonl"]) == ExitCode.USAGE
    assert not Path("night.jsonl").exists()


def test_stdout_has_the_events_alone_and_the_table_is_on_stderr(film: Path) -> None:
    words = [*PROGRAM, "run", "film.yaml", "--sandbox", "--yes", "--events", "-", "-v"]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    for line in lines:
        SCHEMA.validate(json.loads(line))
    assert report_from(lines)["counts"] == {"done": 2}
    assert "2 jobs: 2 done" in ran.stderr
    assert "requests: " in ran.stderr


def test_a_reader_that_dies_ends_no_run(film: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "run", "film.yaml", "--sandbox", "--yes", "--events", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert "run.started" in run.stdout.readline()
        run.stdout.close()
        said = run.stderr.read()
    assert run.returncode == ExitCode.DONE, said
    assert said.count("no more events are written: Broken pipe; the run goes on") == 1
    assert "2 jobs: 2 done" in said


def test_a_full_disk_behind_stdout_ends_no_run(film: Path) -> None:
    words = [*PROGRAM, "run", "film.yaml", "--sandbox", "--yes", "--events", "-"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device
        ran = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == ExitCode.DONE, ran.stderr
    assert ran.stderr.count("no more events are written: No space left on device; the run goes on") == 1
    assert "2 jobs: 2 done" in ran.stderr


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ((), ExitCode.DONE, "to render"),
        (("--events", "-"), ExitCode.USAGE, "--events -: stdout is closed; name a file"),
    ],
)
def test_where_stdout_is_closed_nobody_is_told_there(
    film: Path, more: tuple[str, ...], code: ExitCode, said: str
) -> None:
    words = shlex.join([*PROGRAM, "run", "film.yaml", "--sandbox", "--yes", *more])
    ran = subprocess.run(["sh", "-c", f"exec {words} >&-"], stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_stdout_is_for_one_result(film: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert typed("run", "--events", "-", "-o", form) == ExitCode.USAGE
    assert f"--events - and -o {form} both write to stdout" in capsys.readouterr().err
    assert not Path("sandbox-run").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("film.yaml", "that is not a file of batchrunner's events"),
        (".", "that is not a file of batchrunner's events"),
        ("nowhere/night.jsonl", "there is no folder nowhere"),
        ("link.jsonl", "is a link"),
        ("pipe.jsonl", "is not a file"),
    ],
)
def test_events_go_onto_nothing_that_is_none(
    film: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    film.with_name("link.jsonl").symlink_to("film.yaml")
    os.mkfifo(film.with_name("pipe.jsonl"))
    before = film.read_bytes()
    assert typed("run", "--events", name) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert film.read_bytes() == before
    assert not Path("sandbox-run").exists()


# a pipe


def write_on(lines: StdoutLines, line: str) -> None:
    """Until an error ends it."""
    while True:
        lines(line)
        time.sleep(0)


def test_lines_arrive_whole_and_in_their_order() -> None:
    reads, writes = os.pipe()
    lines = StdoutLines(writes)
    sent = [f"{number} {'x' * number}" for number in range(300)]
    for line in sent:
        lines(line)
    lines.close(60.0)
    os.close(writes)
    with open(reads, encoding="ascii") as pipe:  # noqa: PTH123  # a descriptor
        assert pipe.read().splitlines() == sent


def test_a_reader_that_takes_nothing_holds_nobody_up_and_gets_no_more_at_last() -> None:
    reads, writes = os.pipe()
    lines = StdoutLines(writes, most_bytes=1 << 20)
    with pytest.raises(OSError, match="takes nothing"):
        write_on(lines, "x" * 1000)
    with pytest.raises(OSError, match="takes nothing"):
        lines("more")
    lines.close(60.0)
    os.close(reads)
    os.close(writes)


def test_a_reader_that_takes_nothing_is_not_waited_for_at_the_end() -> None:
    reads, writes = os.pipe()
    lines = StdoutLines(writes)
    for _ in range(200):
        lines("x" * 1000)
    lines.close(0.01)
    os.close(reads)
    os.close(writes)


def test_a_reader_that_is_gone_is_told_to_whoever_writes() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    lines = StdoutLines(writes)
    with pytest.raises(BrokenPipeError) as raised:
        write_on(lines, "x")
    assert raised.value.errno == errno.EPIPE
    lines.close()
    os.close(writes)
