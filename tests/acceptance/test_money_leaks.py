"""What a tired person types: retry without names, an edit of the defaults, a name too many. None of it overpays."""

import re

import pytest

from batchrunner.sandbox import Fault

from .service import Service, polls
from .test_commands import FAST, ONE_AT_A_TIME, prompts
from .user import Said, User

SHOTS = [f"SH{number:03}" for number in range(1, 13)]


def clips_to_pay(said: Said) -> int:
    """How many clips the question would be about; 0 where there is none."""
    found = re.search(r"(\d+) clips? to pay", said.err)
    return int(found[1]) if found else 0


@pytest.fixture
def begun(user: User, service: Service) -> User:
    """Somebody with twelve jobs: SH001 and SH002 failed, SH003 is done, nine were never run."""
    user.writes(*SHOTS, head=FAST)
    service.faults[Fault.TASK_FAILED] = 1
    assert user.runs("--limit", "2").code == 1
    service.faults.clear()
    said = user.runs("--limit", "1")
    assert said.report.counts == {"failed": 2, "done": 1, "pending": 9}, said.text
    return user


# retry, redo and accept: these jobs and no others


def test_retry_without_names_means_what_has_failed_and_nothing_that_is_pending(begun: User, service: Service) -> None:
    asked = begun.types("retry", "shots.yaml")
    assert (asked.code, clips_to_pay(asked)) == (2, 2), asked.text

    said = begun.types("retry", "shots.yaml", "--yes")

    assert said.code == 0, said.text
    assert service.charged_prompts == prompts("SH001", "SH001", "SH002", "SH002", "SH003")
    assert begun.sees().counts == {"done": 3, "pending": 9}


def test_retry_without_names_does_not_mention_what_is_done(begun: User) -> None:
    assert "SH003 is done" not in begun.types("retry", "shots.yaml").err


def test_retry_where_nothing_has_failed_pays_nothing_and_says_so(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    user.runs("--limit", "1")
    said = user.types("retry", "shots.yaml", "--yes")
    assert said.code == 0, said.text
    assert "none of these jobs is failed: retry submits nothing" in said.err
    assert service.submits == 1


@pytest.mark.parametrize("command", ["retry", "redo"])
def test_a_pending_job_that_is_named_is_said_once_and_not_paid(begun: User, service: Service, command: str) -> None:
    said = begun.types(command, "shots.yaml", "SH007", "--yes")
    assert said.code == 1, said.text
    assert said.err.count("SH007 is pending") == 1
    assert "`batchrunner run` submits it" in said.err
    assert service.submits == 3


def test_a_name_that_is_not_failed_is_said_once_and_left_alone(begun: User, service: Service) -> None:
    said = begun.types("retry", "shots.yaml", "SH001", "SH003", "SH009", "--yes")
    assert said.code == 1, said.text
    assert [said.err.count(f"{name} is") for name in ("SH003", "SH009")] == [1, 1], said.text
    assert service.charged_prompts == prompts("SH001", "SH001", "SH002", "SH003")


def test_a_glob_names_jobs(begun: User, service: Service) -> None:
    said = begun.types("redo", "shots.yaml", "SH00*", "--yes")
    assert said.code == 1, said.text
    assert service.charged_prompts == prompts("SH001", "SH002", "SH003", "SH003")


def test_a_glob_that_names_no_job_is_a_usage_error(begun: User, service: Service) -> None:
    said = begun.types("redo", "shots.yaml", "XY*", "--yes")
    assert (said.code, service.submits) == (2, 3)
    assert "no job is called like XY*" in said.err


def test_a_selection_is_judged_before_anything_is_marked(begun: User, service: Service) -> None:
    said = begun.types("retry", "shots.yaml", "--select", "status:failed", "--exclude", "SH002", "--yes")
    assert said.code == 1, said.text
    assert service.charged_prompts == prompts("SH001", "SH001", "SH002", "SH003")
    assert begun.sees().statuses["SH002"] == "failed", "it was not selected, so it is not marked"
    assert clips_to_pay(begun.types("run", "shots.yaml")) == 9


def test_redo_takes_a_selection_in_place_of_names(begun: User, service: Service) -> None:
    said = begun.types("redo", "shots.yaml", "--select", "status:done", "--yes")
    assert said.code == 1, said.text
    assert service.charged_prompts == prompts("SH001", "SH002", "SH003", "SH003")


def test_a_limit_counts_what_is_submitted_again(begun: User, service: Service) -> None:
    said = begun.types("retry", "shots.yaml", "--limit", "1", "--yes")
    assert said.code == 1, said.text
    assert service.charged_prompts == prompts("SH001", "SH001", "SH002", "SH003")


@pytest.mark.parametrize("command", ["redo", "accept"])
def test_what_decides_is_named_by_the_person_and_not_by_the_environment(
    begun: User, service: Service, command: str
) -> None:
    begun.also = {"BATCHRUNNER_SELECT": "status:done"}
    consent = ["--yes"] if command == "redo" else []
    said = begun.types(command, "shots.yaml", *consent)
    assert (said.code, service.submits) == (2, 3), said.text
    assert "--select" in said.err


def test_accept_takes_globs_and_a_selection(user: User, service: Service) -> None:
    user.writes("a1", "a2", "b1", head=FAST)
    user.runs()
    user.writes("a1", "a2", "b1", "c1", head=FAST, prompts=dict.fromkeys(("a1", "a2", "b1"), "Something else"))
    said = user.types("accept", "shots.yaml", "a*", "c*", "--exclude", "a2")
    assert said.code == 0, said.text
    assert said.out == "a1: its clip is kept, although prompt changed\n"
    assert user.sees().statuses == {"a1": "done", "a2": "pending", "b1": "pending", "c1": "pending"}


@pytest.mark.parametrize("command", ["retry", "redo", "run"])
def test_a_decision_that_was_interrupted_goes_on_and_pays_nothing_twice(
    begun: User, service: Service, command: str
) -> None:
    begun.writes(*SHOTS, head=ONE_AT_A_TIME)
    first = "redo" if command == "redo" else "retry"
    if first == "redo":
        assert begun.types("retry", "shots.yaml", "--yes").code == 0
    named = ["SH00[12]"] if first == "redo" else []
    paid = service.submits
    with service.holding(polls) as gate, begun.starts(first, "shots.yaml", *named, "--yes") as running:
        assert service.wait_until(lambda: gate.held > 0)
        running.kill()
    assert service.submits == paid + 1

    more = ["--exclude", "SH0[01][3-9],SH01*"] if command == "run" else named
    said = begun.types(command, "shots.yaml", *more, "--yes")

    assert said.code == 0, said.text
    assert service.submits == paid + 2, said.text
