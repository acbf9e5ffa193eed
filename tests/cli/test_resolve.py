"""What became of unknown submits: what to look for, which ids nobody knows, and a word that is written down."""

import re
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.domain.status import Status
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Fault
from tests.studio import Studio, manifest_text


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Jobs `a` and `b` were accepted and charged, and the answer was lost."""
    studio = Studio(tmp_path, SandboxOptions(latency_s=60, faults={Fault.SUBMIT_503_AFTER: 1.0}))
    studio.write(manifest_text("a", "b"))
    studio.run()
    assert studio.statuses() == {"a": Status.UNKNOWN, "b": Status.UNKNOWN}
    studio.options = SandboxOptions(latency_s=60)
    return studio


def resolve(studio: Studio, *arguments: str) -> int:
    return outcome(["resolve", str(studio.manifest), *arguments])


def candidates(studio: Studio, *lines: str) -> list[str]:
    path = studio.folder / "console.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return ["--candidates", str(path)]


def test_it_lists_what_to_look_for_in_the_web_console(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert resolve(studio) == ExitCode.DONE
    first, sent, prompt, second, *_ = capsys.readouterr().out.splitlines()
    assert (first, second) == ("a", "b")
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+"
    assert re.fullmatch(rf"  sent {when}, ± 2 min, to google/veo-3\.1-i2v, with the key …0001", sent)
    assert prompt == '  prompt: "The character waves, variant a"'


def test_a_long_prompt_is_cut_to_what_a_console_shows(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    long = " and on" * 20
    studio.write(manifest_text("c").replace("variant c\n", f"variant c{long}\n"))
    studio.options = SandboxOptions(latency_s=60, faults={Fault.SUBMIT_503_AFTER: 1.0})
    studio.run()
    resolve(studio, "c")
    prompt = capsys.readouterr().out.splitlines()[2]
    assert len(prompt.split('"')[1]) == 60


def test_a_submit_without_a_prompt_is_shown_without_one(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    studio.write(
        "version: 1\nmodel: minimax/hailuo-2.3-i2v\n"
        "jobs:\n  - {id: c, image: 'https://example.com/c.jpg', duration: 6, resolution: 768P}\n"
    )
    studio.options = SandboxOptions(latency_s=60, faults={Fault.SUBMIT_503_AFTER: 1.0})
    studio.run()
    resolve(studio, "c")
    assert capsys.readouterr().out.splitlines()[2] == "  without a prompt"


def test_what_to_look_for_is_followed_by_what_to_type(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    resolve(studio)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        f"then: `batchrunner resolve {studio.manifest} a --task ID` with the id that the console shows"
    )
    assert re.findall(r"--(?:not|pay)-\w+", last) == ["--not-submitted", "--pay-again"]


def test_status_of_an_unknown_job_says_the_same(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    outcome(["status", str(studio.manifest), "a"])
    assert "with the key …0001" in capsys.readouterr().out


def test_ids_that_are_known_are_subtracted(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    lost_a, lost_b = (charge.task_id for charge in studio.record().charges)
    resolve(studio, "a", "--task", lost_a)
    capsys.readouterr()

    lines = ["task id, created", f'"{lost_a}", 18:00', f"| {lost_b} | 18:01 |"]
    assert resolve(studio, *candidates(studio, *lines)) == ExitCode.DONE

    shown = capsys.readouterr().out
    assert "1 of 2 ids not known yet:" in shown
    assert lost_a not in shown
    assert f"if it is that one: `batchrunner resolve {studio.manifest} b --task {lost_b}`" in shown


def test_several_unrecorded_ids_are_listed_and_nothing_is_guessed(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    resolve(studio, *candidates(studio, *(charge.task_id for charge in studio.record().charges)))
    assert "2 of 2 ids not known yet:" in capsys.readouterr().out
    assert studio.statuses() == {"a": Status.UNKNOWN, "b": Status.UNKNOWN}


def test_a_list_of_known_ids_says_what_that_means(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    lost_a, lost_b = (charge.task_id for charge in studio.record().charges)
    resolve(studio, "a", "--task", lost_a)
    resolve(studio, *candidates(studio, lost_a))
    shown = capsys.readouterr().out
    assert "nothing was submitted: `batchrunner resolve" in shown
    assert "b --not-submitted`" in shown
    assert lost_b not in shown


def test_a_file_without_ids_is_refused(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert resolve(studio, *candidates(studio, "nothing here")) == ExitCode.USAGE
    assert "contains no task ids" in capsys.readouterr().err
    assert resolve(studio, "--candidates", str(studio.folder / "missing")) == ExitCode.USAGE
    assert "cannot read ids from" in capsys.readouterr().err


def test_an_id_that_another_job_holds_is_refused_and_says_whose_it_is(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    lost_a, _ = (charge.task_id for charge in studio.record().charges)
    resolve(studio, "a", "--task", lost_a)
    assert resolve(studio, "b", "--task", lost_a) == ExitCode.USAGE
    assert f"{lost_a} is already the task of a (of batch)" in capsys.readouterr().err
    assert studio.statuses()["b"] is Status.UNKNOWN


def test_paying_again_says_that_nobody_knows(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert resolve(studio, "a", "--pay-again") == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "a: it may have been paid; the next run pays about $2.58, perhaps for the second time" in shown


def test_with_nothing_unknown_it_says_so(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    resolve(studio, "a", "b", "--pay-again")
    studio.run()
    capsys.readouterr()
    assert resolve(studio) == ExitCode.DONE
    assert capsys.readouterr().out == "no job is unknown: nothing to resolve\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "--not-submitted", "--pay-again"], "pass one of"),
        (["--pay-again"], "name the jobs"),
        (["a", "b", "--task", "task-1"], "name one"),
        (["hero", "--pay-again"], "there is no job hero\n"),
        (["A", "--not-submitted"], "there is no job A: did you mean a?"),
        (["a", "c"], "there is no job c\n"),
        (["a", "--task", "my task!"], "does not look like a task id"),
        (["*", "--task", "task-1"], "name one"),
        (["--select", "status:done", "--pay-again"], "no job is selected"),
        (["a", "--pay-again", "--candidates", "console.txt"], "--candidates decides nothing"),
    ],
)
def test_what_is_no_decision_is_refused(
    studio: Studio, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert resolve(studio, *arguments) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert studio.statuses() == {"a": Status.UNKNOWN, "b": Status.UNKNOWN}


def test_an_id_that_the_service_does_not_know_is_taken_back_and_can_be_named_right(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    lost_a, _ = (charge.task_id for charge in studio.record().charges)
    assert resolve(studio, "a", "--task", "task-mistyped") == ExitCode.DONE

    assert studio.run().exit_code is ExitCode.PERSON_NEEDED

    assert studio.statuses()["a"] is Status.UNKNOWN
    [reason] = [seen.step.reason for seen in studio.seen() if seen.identity.name == "a"]
    assert "the service does not know task-mistyped, which was named by hand" in reason
    assert resolve(studio, "a", "--task", "task-mistyped") == ExitCode.USAGE
    assert "task-mistyped was named before, but the service does not know it" in capsys.readouterr().err
    assert resolve(studio, "a", "--task", lost_a) == ExitCode.DONE
    studio.run()
    assert studio.statuses()["a"] is Status.DONE
    assert len(studio.record().charges) == 2


@pytest.mark.parametrize("words", [["a", "b"], ["*"], ["status:unknown"], ["--select", "status:unknown"]])
def test_a_decision_is_about_the_unknown_jobs_that_are_meant(studio: Studio, words: list[str]) -> None:
    studio.write(manifest_text("a", "b", "c"))
    assert resolve(studio, *words, "--not-submitted") == ExitCode.DONE
    assert studio.statuses() == dict.fromkeys("abc", Status.PENDING)


def test_the_environment_chooses_for_no_decision(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BATCHRUNNER_SELECT", "b")
    assert resolve(studio, "--pay-again") == ExitCode.USAGE
    assert "name the jobs" in capsys.readouterr().err
    assert resolve(studio) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("b\n")


def test_a_job_that_is_not_unknown_has_nothing_to_resolve(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    resolve(studio, "a", "--not-submitted")
    assert resolve(studio, "a", "--not-submitted") == ExitCode.USAGE
    assert "a is not unknown: there is nothing to resolve" in capsys.readouterr().err


def test_an_unknown_submit_of_a_job_that_left_can_be_resolved(studio: Studio) -> None:
    lost_a, _ = (charge.task_id for charge in studio.record().charges)
    studio.write(manifest_text("b"))
    assert resolve(studio, "a", "--task", lost_a) == ExitCode.DONE
    studio.run()
    assert studio.clip("a").exists()
