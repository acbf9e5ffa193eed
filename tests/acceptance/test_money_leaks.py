"""What a tired person types: retry without names, an edit of the defaults, a name too many. None of it overpays."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.sandbox import Fault

from .conftest import Open, new_user
from .service import Service, polls
from .terminal import Terminal
from .test_agreement import digest_of
from .test_commands import FAST, ONE_AT_A_TIME, prompts
from .user import Said, User

SHOTS = [f"SH{number:03}" for number in range(1, 13)]


def clips_to_pay(said: Said) -> int:
    """How many clips the question would be about; 0 where there is none."""
    found = re.search(r"(\d+) clips? to render", said.err)
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
    assert "none of these jobs is failed: nothing to retry" in said.err
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
    assert "matches XY*" in said.err


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
    assert said.out == "a1: keeps its clip, although prompt changed\n"
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


# a plan by its name


def test_retries_that_came_after_the_plan_are_not_in_it(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    digest = digest_of(user)
    user.writes("a", "b", head="settings: {rate: 6000/min, retries: 3}")

    said = user.types("run", "shots.yaml", "--yes", "--plan", digest)

    assert said.code == 2, said.text
    assert f"not {digest} (`retries` was 0 and is 3)" in said.err
    assert service.submits == 0
    assert "with up to 3 retries of failed tasks, at most $20.61" in user.types("plan", "shots.yaml").out


@pytest.mark.parametrize("change", ["address", "prices", "output"])
def test_a_plan_that_would_be_paid_elsewhere_or_otherwise_is_not_paid(
    user: User, service: Service, change: str
) -> None:
    user.writes("a", head=FAST)
    digest, more = digest_of(user), []
    if change == "address":
        user.url = user.url.replace("127.0.0.1", "localhost")
    elif change == "output":
        user.writes("a", head="settings: {rate: 6000/min, output: 'elsewhere/${job.id}.mp4'}")
    else:
        prices = json.loads(user.types("models", "-o", "prices").out)
        (user.folder / "prices.json").write_text(json.dumps(prices | {"priced_on": "2026-11-20"}), encoding="utf-8")
        more = ["--prices", "prices.json"]
    said = user.types("run", "shots.yaml", "--yes", "--plan", digest, *more)
    assert (said.code, service.submits) == (2, 0), said.text


# finished clips that would be rendered again

ALL_AGAIN = "(had cost $15.46; changed: `resolution` in defaults, shots.yaml:4)"


@pytest.fixture
def finished(user: User) -> User:
    """Somebody with six finished clips, who then writes `resolution: 4k` into the defaults."""
    user.writes(*SHOTS[:6], head=FAST)
    assert user.runs().code == 0
    text = user.manifest.read_text(encoding="utf-8")
    user.manifest.write_text(text.replace("720p", "4k"), encoding="utf-8")
    return user


def test_an_edit_that_renders_everything_again_is_shown_and_not_started(finished: User, service: Service) -> None:
    finished.also = {"BATCHRUNNER_MAX_REPLACE": "all"}
    for more in ([], ["--max-replace", "5"], ["--max-replace", "50%"]):
        said = finished.types("run", "shots.yaml", "--yes", *more)
        assert (said.code, service.submits) == (2, 6), said.text
        assert (
            "6 of 6 finished clips would be rendered again (already paid: $15.46): `resolution` in defaults" in said.err
        )
        assert "--max-replace 6" in said.err

    plan = finished.types("plan", "shots.yaml").out.splitlines()
    (at,) = (number for number, line in enumerate(plan) if line.endswith(ALL_AGAIN))
    assert plan[at].startswith("  6 replaced: $")
    assert plan[at + 1].strip() == "that is more than 5: to allow it, pass --max-replace 6 or --plan to `run`"
    assert plan[at + 2].startswith("6 clips to render: ")
    told = json.loads(finished.types("plan", "shots.yaml", "-o", "json").out)
    assert (told["replaced"]["clips"], told["replaced"]["causes"][0]["layer"]) == (6, "defaults")


def test_whoever_names_the_plan_has_agreed_to_what_it_replaces(finished: User, service: Service) -> None:
    said = finished.types("run", "shots.yaml", "--yes", "--plan", digest_of(finished))
    assert said.code == 0, said.text
    assert said.err.index(ALL_AGAIN) < said.err.index("6 clips to render")
    assert service.submits == 12


def test_whoever_allows_it_renders_everything_again(finished: User, service: Service) -> None:
    said = finished.types("run", "shots.yaml", "--yes", "--max-replace", "all")
    assert said.code == 0, said.text
    assert ALL_AGAIN in said.err
    assert service.submits == 12


def test_redo_is_an_order_and_needs_no_other_word(finished: User, service: Service) -> None:
    text = finished.manifest.read_text(encoding="utf-8")
    finished.manifest.write_text(text.replace("4k", "720p"), encoding="utf-8")
    said = finished.types("redo", "shots.yaml", "SH*", "--yes")
    assert said.code == 0, said.text
    assert "6 redone: $15.46 (had cost $15.46; as requested)" in said.err
    assert service.submits == 12


# a balance that is short, a report of no known form


def test_yes_with_a_balance_that_is_short_asks_nobody_and_names_the_option(open_service: Open, tmp_path: Path) -> None:
    service = open_service(balance_usd=Decimal(3))
    user = new_user(tmp_path, service)
    user.writes("a", "b")
    with Terminal(user, "run", "shots.yaml", "--yes") as terminal:
        assert "--allow-partial" in terminal.read_until("Nothing was submitted")
        assert terminal.end() == 3
    assert service.submits == 0


def test_a_report_of_no_known_form_is_a_usage_error_that_lists_the_forms(user: User) -> None:
    user.writes("a")
    said = user.types("report", "shots.yaml", "--to", "r.xlsx")
    assert said.code == 2, said.text
    assert ".json, .jsonl, .csv, .md, .html" in said.err
    assert not (user.folder / "r.xlsx").exists()
    assert user.types("report", "shots.yaml", "-o", "xlsx").code == 2
    assert user.types("report", "shots.yaml", "--to", "r.txt").code == 0
    assert user.types("report", "shots.yaml", "-o", "csv", "--to", "r.data").code == 0
