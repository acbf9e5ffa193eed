"""What `status` shows where: whole in a pipe, fitting on a terminal."""

import io
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.event import Progress
from batchrunner.errors import ExitCode
from batchrunner.io.clock import Clock
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from batchrunner.storage.run_beat import write_beat
from batchrunner.storage.run_lock import run_lock
from tests.studio import Studio, manifest_text


class Terminal(io.StringIO):
    """Where a person reads."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Job `a` failed, with the service's own reason."""
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, faults={Fault.TASK_FAILED: 1.0}))
    studio.write(manifest_text("a"))
    studio.run()
    return studio


def reason(studio: Studio) -> str:
    (seen,) = studio.seen()
    assert seen.step.attempt is not None
    assert seen.step.attempt.failure is not None
    return seen.step.attempt.failure.message


def test_a_reason_is_cut_to_what_a_terminal_has_room_for_and_whole_in_a_pipe(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(["status", str(studio.manifest)]) == ExitCode.DONE
    whole = capsys.readouterr().out.splitlines()[2]
    assert whole.endswith(f"  {reason(studio)}")

    monkeypatch.setenv("COLUMNS", str(len(whole) - 1))
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    assert outcome(["status", str(studio.manifest)]) == ExitCode.DONE
    assert terminal.getvalue().splitlines()[2] == f"{whole[:-2]}…"


@pytest.mark.parametrize(
    ("here", "shown"),
    [(".", "outputs/batch/a.mp4"), ("..", "film/outputs/batch/a.mp4"), ("sub", "../outputs/batch/a.mp4")],
)
def test_a_clip_can_be_opened_by_its_path_from_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: str, shown: str
) -> None:
    folder = tmp_path / "film"
    (folder / "sub").mkdir(parents=True)
    studio = Studio(folder)
    studio.write(manifest_text("a"))
    studio.run()
    monkeypatch.chdir(folder / here)
    for command in ("status", "report"):
        assert outcome([command, str(studio.manifest)]) == ExitCode.DONE
        assert capsys.readouterr().out.splitlines()[2].split()[-1] == shown


def last_line(studio: Studio, capsys: pytest.CaptureFixture[str]) -> str:
    assert outcome(["status", str(studio.manifest)]) == ExitCode.DONE
    return capsys.readouterr().out.splitlines()[-1]


@pytest.fixture
def half_done(tmp_path: Path) -> Studio:
    """Of two jobs, the first is done."""
    studio = Studio(tmp_path)
    studio.write(manifest_text("a", "b"))
    studio.run(only=frozenset({"a"}))
    return studio


def test_after_a_stop_with_work_left_it_ends_with_the_command_that_goes_on(
    half_done: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    assert last_line(half_done, capsys) == f"to continue: `batchrunner run {half_done.manifest}`"
    half_done.run()
    assert "account balance: " in last_line(half_done, capsys)


def test_beside_a_run_it_names_no_command_that_would_be_refused(
    half_done: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_lock(half_done.project.folder, "batch", ""):
        assert last_line(half_done, capsys).startswith("run active: ")


@pytest.mark.parametrize("options", [["--sandbox"], ["--profile", "draft"], ["--ledger", "my ledger.db"]])
def test_the_command_that_goes_on_is_about_the_same_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Studio(tmp_path).write(manifest_text("a", head="profiles: {draft: {resolution: 720p}}\n"))
    assert outcome(["status", "batch.yaml", *options]) == ExitCode.DONE
    assert (
        capsys.readouterr().out.splitlines()[-1] == f"to continue: `batchrunner run batch.yaml {shlex.join(options)}`"
    )


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert outcome(list(words)) == ExitCode.DONE
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["status", "report"])
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--select", "status:done"], ["a", "left"]),
        (["--exclude", "a"], ["b", "left"]),
        (["--select", "left"], ["left"]),
        (["--select", "model:google/*", "--exclude", "b"], ["a", "left"]),
    ],
)
def test_what_is_told_are_the_chosen_jobs_their_counts_and_their_cost(
    half_done: Studio, capsys: pytest.CaptureFixture[str], command: str, words: list[str], names: list[str]
) -> None:
    half_done.write(manifest_text("a", "b", "left"))
    half_done.run(only=frozenset({"left"}))
    half_done.write(manifest_text("a", "b"))

    told = json.loads(printed(capsys, command, str(half_done.manifest), *words, "-o", "json"))

    rows = [*told["jobs"], *told["departed"]]
    assert [row["id"] for row in rows] == names
    assert sum(told["counts"].values()) == len(told["jobs"])
    assert told["cost"]["actual_usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
    assert told["cost"]["estimated_usd"] == pytest.approx(2.576 * len(told["jobs"]))


def test_each_job_that_is_named_is_told_with_its_history(half_done: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    whole = printed(capsys, "status", str(half_done.manifest), "status:done", "b")
    one, other = whole.split("\n\n")
    assert one.startswith("a: done\n")
    assert other.startswith("b: pending\nnothing submitted yet\n")
    assert printed(capsys, "status", str(half_done.manifest), "b") == other


def test_for_programs_a_named_job_is_the_report_of_this_one(
    half_done: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(printed(capsys, "status", str(half_done.manifest), "b", "-o", "json"))
    assert [row["id"] for row in told["jobs"]] == ["b"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["B"], "there is no job B: did you mean b?"),
        (["status:failed"], "no job matches status:failed"),
        (["--select", "x"], "there is no job x"),
        (["--select", "status:failed"], "no job is selected"),
    ],
)
def test_a_selection_that_means_nothing_is_refused(
    half_done: Studio, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert outcome(["status", str(half_done.manifest), *words]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


# the run that is active


@pytest.fixture
def at_work(half_done: Studio) -> Iterator[Studio]:
    """A run is alive, and waits."""
    project = half_done.project
    with run_lock(project.folder, "batch", "2026-11-23T18:00:00Z"):
        write_beat(project.folder, "batch", Progress({}, Decimal(0), 1.0, "waiting for a free slot"), time.time())
        yield half_done


def test_it_says_whose_run_is_active_and_what_that_waits_for(
    at_work: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    said = last_line(at_work, capsys)
    assert said.startswith(f"run active: process {os.getpid()} of ")
    assert said.endswith(", since 2026-11-23T18:00:00Z; waiting for a free slot (0 s so far)")
    assert outcome(["status", str(at_work.manifest), "-o", "json"]) == ExitCode.DONE
    told = capsys.readouterr()
    assert json.loads(told.out)["manifest"] == "batch"
    assert told.err.startswith("run active: ")


def test_a_summary_has_the_totals_alone(at_work: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["status", str(at_work.manifest), "--summary"]) == ExitCode.DONE
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "2 jobs: 1 pending, 1 done"
    assert last.startswith("run active: ")


@pytest.mark.parametrize("more", [["--summary", "a"], ["--watch", "a"], ["--watch", "-o", "json"]])
def test_a_summary_and_a_watch_are_of_all_jobs_and_for_people(
    at_work: Studio, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert outcome(["status", str(at_work.manifest), *more]) == ExitCode.USAGE
    assert "leave out JOB and -o" in capsys.readouterr().err


def test_a_watch_ends_with_the_run_and_tells_how_all_jobs_stand(
    half_done: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = 0
    with ExitStack() as run:
        run.enter_context(run_lock(half_done.project.folder, "batch", ""))

        def sleep(_clock: Clock, _seconds: float) -> None:
            nonlocal looks
            looks += 1
            if looks == 3:
                run.close()

        monkeypatch.setattr(Clock, "sleep", sleep)
        assert outcome(["status", str(half_done.manifest), "--watch"]) == ExitCode.DONE
    said = capsys.readouterr()
    assert looks == 3
    assert said.out.splitlines()[-1].startswith("to continue: ")
    assert said.err == ""


def test_ctrl_c_ends_a_watch_and_nothing_else(
    at_work: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_clock: Clock, _seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Clock, "sleep", interrupted)
    assert outcome(["status", str(at_work.manifest), "--watch"]) == ExitCode.DONE
    assert capsys.readouterr() == ("", "")


def test_where_no_run_is_active_a_watch_says_so(half_done: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["status", str(half_done.manifest), "--watch"]) == ExitCode.DONE
    said = capsys.readouterr()
    assert said.err == "no run of batch is active\n"
    assert said.out.splitlines()[-1].startswith("to continue: ")
