"""The installed command as its user meets it, against the imitated service on a port."""

import json
import signal
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.errors import ExitCode
from batchrunner.sandbox import Behaviour, Fault

from .conftest import Open, new_user
from .service import Moment, Service, polls, submits
from .terminal import Terminal
from .user import CLIP_USD, KEY, User, prompt_of

ONE_AT_A_TIME = "settings: {concurrency: 1, rate: 6000/min}"
FAST = "settings: {concurrency: 4, rate: 6000/min}"


def prompts(*jobs: str) -> list[str]:
    return sorted(map(prompt_of, jobs))


def holding_usd(usd: int) -> Behaviour:
    return Behaviour(latency_s=0.1, rate_per_min=6000, balance_usd=Decimal(usd))


# Consent


def test_off_a_terminal_nothing_is_submitted_without_yes(user: User, service: Service) -> None:
    user.writes("a", "b")
    said = user.types("run", "shots.yaml")
    assert said.code == 2, said.text
    assert "--yes" in said.err
    assert service.submits == 0


def test_consent_has_no_environment_form(user: User, service: Service) -> None:
    user.writes("a")
    user.also = {"BATCHRUNNER_YES": "1", "BATCHRUNNER_RUN_YES": "1"}
    assert user.types("run", "shots.yaml").code == 2
    assert service.submits == 0


def test_a_yes_on_the_terminal_is_consent(user: User, service: Service) -> None:
    user.writes("a")
    with Terminal(user, "run", "shots.yaml") as terminal:
        shown = terminal.read_until("[y/N]")
        assert "1 clip" in shown
        assert "$2.58" in shown
        assert service.submits == 0
        terminal.type("y\n")
        assert terminal.end() == 0
    assert service.charged_prompts == prompts("a")


@pytest.mark.parametrize("answer", ["n\n", "\n", "what?\n"])
def test_anything_else_on_the_terminal_is_none(user: User, service: Service, answer: str) -> None:
    user.writes("a")
    with Terminal(user, "run", "shots.yaml") as terminal:
        terminal.read_until("[y/N]")
        terminal.type(answer)
        assert terminal.end() == 2
    assert service.submits == 0


def test_ctrl_c_at_the_question_submits_nothing(user: User, service: Service) -> None:
    user.writes("a")
    with Terminal(user, "run", "shots.yaml") as terminal:
        terminal.read_until("[y/N]")
        assert terminal.insist("\x03") == 130
    assert service.submits == 0
    assert user.sees().counts == {"pending": 1}


# Paid once


def test_a_second_run_has_nothing_to_do(user: User, service: Service) -> None:
    user.writes("a", "b", "c", head=FAST)

    first = user.runs()
    assert first.code == 0, first.text
    assert first.report.counts == {"done": 3}
    assert first.report.whole["cost"]["actual_usd"] == pytest.approx(3 * CLIP_USD)
    user.check_clips(first.report)
    assert user.sees().jobs == first.report.jobs

    second = user.runs()
    assert second.code == 0, second.text
    assert service.submits == 3
    assert second.report.jobs == first.report.jobs


def test_status_before_any_run_needs_neither_key_nor_service(user: User, service: Service) -> None:
    user.writes("a", "b")
    user.key = ""
    assert user.sees().counts == {"pending": 2}
    assert service.asked == ()
    assert not (user.folder / ".batchrunner").exists()


def test_a_manifest_in_another_order_pays_nothing(user: User, service: Service) -> None:
    user.writes("a", "b", "c", head=FAST)
    user.runs()
    user.writes("c", "a", "b", head=FAST)
    said = user.runs()
    assert said.code == 0, said.text
    assert service.submits == 3
    assert list(said.report.jobs) == ["c", "a", "b"]


def test_an_inserted_job_is_all_that_is_paid(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    user.runs()
    user.writes("new", "a", "b", head=FAST)
    assert user.runs().code == 0
    assert service.charged_prompts == prompts("a", "b", "new")


def test_a_renamed_job_keeps_its_paid_clip(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    user.runs()
    text = user.manifest.read_text(encoding="utf-8")
    user.manifest.write_text(text.replace("id: a,", "id: opening,"), encoding="utf-8")

    said = user.runs()

    assert said.code == 0, said.text
    assert said.report.counts == {"done": 2}
    assert service.submits == 2
    assert said.report.jobs["opening"]["sha256"]
    assert user.clip("opening").read_bytes() == user.clip("a").read_bytes()


def test_an_edited_job_is_rendered_again_and_its_old_clip_kept(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    user.runs()
    old = user.clip("a").read_bytes()
    user.writes("a", "b", head=FAST, prompts={"a": "Something else"})

    said = user.runs()

    assert said.code == 0, said.text
    assert service.charged_prompts == sorted([*prompts("a", "b"), "Something else"])
    assert user.clip("a").read_bytes() != old
    assert (user.clip("a").parent / "versions" / "a.v1.mp4").read_bytes() == old


def test_a_deleted_clip_is_fetched_again_for_free(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    report = user.runs().report
    user.clip("a").unlink()

    said = user.runs()

    assert said.code == 0, said.text
    assert service.submits == 2
    assert said.report.jobs["a"]["sha256"] == report.jobs["a"]["sha256"]
    user.check_clips(said.report)


def test_a_foreign_file_in_a_clips_place_holds_the_job_and_stays(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    user.clip("a").parent.mkdir(parents=True)
    user.clip("a").write_bytes(b"somebody's own")

    said = user.runs()

    assert said.code not in {0, 70}, said.text
    assert user.clip("a").read_bytes() == b"somebody's own"
    assert service.charged_prompts == prompts("b")
    assert said.report.statuses == {"a": "pending", "b": "done"}


def test_a_foreign_file_that_comes_while_the_task_runs_stays_too(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        user.clip("a").parent.mkdir(parents=True, exist_ok=True)
        user.clip("a").write_bytes(b"somebody's own")
        gate.open()
        said = run.end()

    assert said.code not in {0, 70}, said.text
    assert user.clip("a").read_bytes() == b"somebody's own"

    user.clip("a").unlink()
    again = user.runs()
    assert again.report.counts == {"done": 1}, again.text
    assert service.submits == 1
    user.check_clips(again.report)


# Beside a run


@pytest.mark.parametrize("command", ["run", "fetch", "retry"])
def test_a_second_command_at_work_names_the_first(user: User, service: Service, command: str) -> None:
    user.writes("a", head=FAST)
    consent = [] if command == "fetch" else ["--yes"]
    with service.holding(polls) as gate, user.starts_a_run() as first:
        assert service.wait_until(lambda: gate.held > 0)
        second = user.types(command, "shots.yaml", *consent)
        assert second.code == 11, second.text
        assert str(first.process.pid) in second.err
        gate.open()
        assert first.end().code == 0
    assert service.submits == 1


def test_a_submit_in_flight_is_not_called_unknown(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    with service.holding(submits, Moment.DECIDED) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        assert user.sees().statuses["a"] in {"pending", "running"}
        gate.open()
        assert run.end().code == 0


def test_a_submit_whose_run_was_killed_is_unknown_and_stays_so(user: User, service: Service) -> None:
    user.writes("a", "b", head=ONE_AT_A_TIME)
    with service.holding(submits, Moment.DECIDED) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.kill()
    assert user.sees().statuses == {"a": "unknown", "b": "pending"}

    said = user.runs()

    assert said.code == 4, said.text
    assert said.report.statuses == {"a": "unknown", "b": "done"}
    assert service.charged_prompts == prompts("a", "b")


def test_an_unknown_job_is_named_with_the_command_that_resolves_it(user: User, service: Service) -> None:
    service.faults[Fault.SUBMIT_500_AFTER] = 1
    user.writes("a", head=FAST)
    said = user.types("run", "shots.yaml", "--yes")
    assert said.code == 4, said.text
    assert "batchrunner resolve shots.yaml a" in said.out + said.err


def test_the_hint_reaches_the_person_when_a_program_reads_the_report(user: User, service: Service) -> None:
    service.faults[Fault.SUBMIT_500_AFTER] = 1
    user.writes("a", head=FAST)
    said = user.runs()
    assert "batchrunner resolve shots.yaml a" in said.err, said.text


@pytest.mark.parametrize("words", [["b"], ["--exclude", "a,c"], ["--select", "status:rendered", "--select", "[bd]"]])
def test_fetch_fetches_what_is_chosen_and_nothing_else(user: User, service: Service, words: list[str]) -> None:
    user.writes("a", "b", "c", head=FAST)
    user.runs()
    clips = {name: user.clip(name) for name in "abc"}
    for clip in clips.values():
        clip.unlink()
    said = user.types("fetch", "shots.yaml", *words, "-o", "json")
    assert said.code == 0, said.text
    assert {name: clip.exists() for name, clip in clips.items()} == {"a": False, "b": True, "c": False}
    assert said.report.statuses == {"a": "rendered", "b": "done", "c": "rendered"}
    assert user.types("fetch", "shots.yaml", "d").err.endswith("there is no job d\n")


def test_fetch_needs_no_valid_manifest(user: User, service: Service) -> None:
    user.writes("a", "b", head=FAST)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held == 2)
        run.kill()
    user.manifest.write_text("jobs: [{id: a, promt: broken\n", encoding="utf-8")

    said = user.types("fetch", "shots.yaml", "-o", "json")

    assert said.code == 0, said.text
    assert said.report.counts == {"done": 2}
    assert service.submits == 2
    user.check_clips(said.report)


# What failed, what is unknown


@pytest.fixture
def after_failures(user: User, service: Service) -> User:
    """Somebody whose jobs a and b have failed, and c is done."""
    service.faults[Fault.TASK_FAILED] = 1
    user.writes("a", "b", head=FAST)
    assert user.runs().code == 1
    service.faults.clear()
    user.writes("a", "b", "c", head=FAST)
    said = user.runs()
    assert said.code == 1, said.text
    assert said.report.statuses == {"a": "failed", "b": "failed", "c": "done"}
    return user


def test_only_a_retry_with_consent_pays_for_failed_jobs_again(after_failures: User, service: Service) -> None:
    for command in (["run", "--yes"], ["retry"], ["retry", "c", "--yes"]):
        name, *more = command
        after_failures.types(name, "shots.yaml", *more)
        assert service.submits == 3, command


def test_retry_pays_only_for_the_failed(after_failures: User, service: Service) -> None:
    said = after_failures.types("retry", "shots.yaml", "--yes", "-o", "json")
    assert said.code == 0, said.text
    assert service.charged_prompts == prompts("a", "a", "b", "b", "c")
    after_failures.check_clips(after_failures.sees())


def test_retry_of_a_named_job_pays_only_for_that(after_failures: User, service: Service) -> None:
    said = after_failures.types("retry", "shots.yaml", "b", "--yes", "-o", "json")
    assert service.charged_prompts == prompts("a", "b", "b", "c"), said.text
    assert after_failures.sees().statuses == {"a": "failed", "b": "done", "c": "done"}


def make_unknown(user: User, service: Service, fault: Fault) -> None:
    """Somebody whose only job has an answer that says nothing."""
    service.faults[fault] = 1
    user.writes("a", head=FAST)
    said = user.runs()
    assert said.code == 4, said.text
    assert said.report.statuses == {"a": "unknown"}
    service.faults.clear()


def test_an_unknown_job_is_resolved_by_its_task(user: User, service: Service) -> None:
    make_unknown(user, service, Fault.SUBMIT_503_AFTER)
    task_id = service.record.charges[0].task_id
    said = user.types("resolve", "shots.yaml", "a", "--task", task_id)
    assert said.code == 0, said.text

    assert user.runs().code == 0
    assert service.submits == 1
    assert user.sees().jobs["a"]["task_id"] == task_id
    user.check_clips(user.sees())


def test_an_unknown_job_that_never_arrived_is_submitted_again(user: User, service: Service) -> None:
    make_unknown(user, service, Fault.SUBMIT_CUT_BEFORE)
    assert service.record.charges == ()
    assert user.types("resolve", "shots.yaml", "a", "--not-submitted").code == 0

    assert user.runs().code == 0
    assert service.charged_prompts == prompts("a")


def test_an_unknown_job_is_paid_again_on_request(user: User, service: Service) -> None:
    make_unknown(user, service, Fault.SUBMIT_HTML_AFTER)
    assert user.types("resolve", "shots.yaml", "a", "--pay-again").code == 0

    assert user.runs().code == 0
    assert service.charged_prompts == prompts("a", "a")
    user.check_clips(user.sees())


def test_only_unknown_jobs_can_be_resolved(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    user.runs()
    for claim in (["--not-submitted"], ["--pay-again"], ["--task", "task-of-somebody"]):
        said = user.types("resolve", "shots.yaml", "a", *claim)
        assert said.code == 2, said.text
    assert user.runs().code == 0
    assert service.submits == 1


def test_a_task_is_of_one_job_only(user: User, service: Service) -> None:
    user.writes("b", head=FAST)
    user.runs()
    taken = service.record.charges[0].task_id
    service.faults[Fault.SUBMIT_503_AFTER] = 1
    user.writes("a", "b", head=FAST)
    assert user.runs().code == 4

    said = user.types("resolve", "shots.yaml", "a", "--task", taken)

    assert said.code == 2, said.text
    assert user.sees().statuses == {"a": "unknown", "b": "done"}


# Money


def test_max_cost_ends_this_run_and_not_the_next(user: User, service: Service) -> None:
    user.writes("a", "b", "c", head=FAST)
    first = user.runs("--max-cost", "6")
    assert first.code == 8, first.text
    assert first.report.counts == {"done": 2, "pending": 1}
    assert service.submits == 2

    assert user.runs("--max-cost", "6").code == 0
    assert service.submits == 3


def test_a_budget_is_for_the_manifests_lifetime(user: User, service: Service) -> None:
    user.writes("a", "b", "c", head="settings: {rate: 6000/min, budget: 6}")
    for _ in range(2):
        said = user.runs()
        assert said.code == 8, said.text
        assert said.report.counts == {"done": 2, "pending": 1}
        assert service.submits == 2


def test_an_unknown_job_keeps_its_share_of_the_budget(user: User, service: Service) -> None:
    make_unknown(user, service, Fault.SUBMIT_CUT_AFTER)
    user.writes("a", "b", "c", head="settings: {rate: 6000/min, budget: 6}")
    said = user.runs()
    assert said.report.statuses == {"a": "unknown", "b": "done", "c": "pending"}, said.text
    assert service.charged_prompts == prompts("a", "b")


def test_a_bad_key_submits_nothing(user: User, service: Service) -> None:
    user.writes("a", "b")
    user.key = "mdlx-invalid"
    said = user.runs()
    assert said.code == 3, said.text
    assert service.record.charges == ()
    assert user.sees().counts == {"pending": 2}


def test_no_key_is_said_before_anything_is_asked(user: User, service: Service) -> None:
    user.writes("a")
    user.key = ""
    said = user.runs()
    assert said.code == 3, said.text
    assert "MODELLIX_API_KEY" in said.err
    assert service.asked == ()


def test_an_empty_balance_leaves_jobs_pending_and_fetches_what_runs(open_service: Open, tmp_path: Path) -> None:
    poor = open_service(balance_usd=Decimal(6))
    user = new_user(tmp_path, poor)
    user.writes("a", "b", "c", "d", head=FAST)
    said = user.runs("--allow-partial")
    assert said.code == 3, said.text
    assert said.report.counts == {"done": 2, "pending": 2}
    assert len(poor.record.charges) == 2
    user.check_clips(said.report)


def test_after_a_top_up_the_same_command_goes_on(open_service: Open, tmp_path: Path) -> None:
    with Service(tmp_path / "account.jsonl", holding_usd(6)) as poor:
        user = new_user(tmp_path, poor)
        user.writes("a", "b", "c", head=FAST)
        assert user.runs("--allow-partial").code == 3
    with Service(tmp_path / "account.jsonl", holding_usd(100), poor.port) as rich:
        said = user.runs()
        assert said.code == 0, said.text
        assert rich.charged_prompts == prompts("a", "b", "c")


def test_another_key_asks_for_nobody_elses_tasks(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.kill()
    user.key = "mdlx-somebody-else"

    said = user.runs()

    assert said.code not in {0, 70}, said.text
    assert said.report.statuses == {"a": "running"}
    assert service.submits == 1
    user.key = KEY
    assert user.runs().code == 0
    assert service.submits == 1


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_finishes_what_runs_and_starts_nothing(
    user: User, service: Service, number: signal.Signals
) -> None:
    user.writes("a", "b", "c", head=ONE_AT_A_TIME)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.send(number)
        run.hears("nothing is lost")
        gate.open()
        said = run.end()
    assert said.code == 5, said.text
    assert said.report.statuses == {"a": "done", "b": "pending", "c": "pending"}
    assert service.submits == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_leaves_at_once_with_a_whole_ledger(
    user: User, service: Service, number: signal.Signals, code: int
) -> None:
    user.writes("a", "b", head=ONE_AT_A_TIME)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.send(number)
        run.hears("nothing is lost")
        run.send(number)
        said = run.end()
    assert said.code == code, said.text
    assert user.sees().statuses == {"a": "running", "b": "pending"}
    with closing(sqlite3.connect(user.folder / ".batchrunner" / "ledger.db")) as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    assert user.runs().code == 0
    assert service.charged_prompts == prompts("a", "b")


def test_a_submit_on_the_wire_is_written_down_before_leaving(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    with service.holding(submits, Moment.DECIDED) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.send(signal.SIGINT)
        run.hears("nothing is lost")
        run.send(signal.SIGINT)
        gate.open()
        said = run.end()
    assert said.code == 130, said.text
    assert user.sees().jobs["a"]["task_id"] == service.record.charges[0].task_id

    assert user.runs().code == 0
    assert service.submits == 1


def test_a_terminal_that_is_gone_does_not_end_the_drain(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    with service.holding(polls) as gate, user.starts_a_run() as run:
        assert service.wait_until(lambda: gate.held > 0)
        run.send(signal.SIGHUP)
        run.hears("nothing is lost")
        run.send(signal.SIGHUP)
        gate.open()
        assert run.end().code in {0, 5}
    assert user.sees().counts == {"done": 1}


@pytest.mark.parametrize("nohup", [False, True])
def test_a_run_whose_terminal_dies_brings_its_open_tasks_home(user: User, service: Service, *, nohup: bool) -> None:
    """What is written to it fails, and HUP comes, unless the person had said that it shall not matter."""
    user.writes("a", "b", head=ONE_AT_A_TIME)
    with service.holding(polls) as gate, Terminal(user, "run", "shots.yaml", "--yes", nohup=nohup) as terminal:
        assert service.wait_until(lambda: gate.held > 0)
        terminal.dies()
        gate.open()
        assert terminal.end() == (ExitCode.DONE if nohup else ExitCode.WORK_LEFT)
    assert user.sees().statuses == {"a": "done", "b": "done" if nohup else "pending"}


# Telling


def test_every_report_fits_the_schema(user: User, service: Service) -> None:
    """`report` validates; here every status that a small batch can have is in one."""
    service.faults[Fault.TASK_MODERATED] = 1
    user.writes("failed", head=FAST)
    user.runs()
    service.faults.clear()
    service.faults[Fault.SUBMIT_CUT_AFTER] = 1
    user.writes("failed", "unknown", head=FAST)
    user.runs()
    service.faults.clear()
    user.writes("failed", "unknown", "done", "pending", head=FAST)
    said = user.runs("--max-cost", str(CLIP_USD))

    expected = {job: job for job in ("failed", "unknown", "done", "pending")}
    assert said.report.statuses == expected, said.text
    assert user.sees().statuses == expected
    assert user.types("fetch", "shots.yaml", "-o", "json").report.statuses == expected
    assert said.report.jobs["failed"]["error"]["class"] == "moderation"


def test_stdout_is_the_result_and_nothing_else(user: User, service: Service) -> None:
    user.writes("a", head=FAST)
    said = user.runs()
    json.loads(said.out)
    assert KEY not in said.text


BROKEN = """\
version: 1
name: shots
model: google/veo-3.1-i2v
jobs:
  - id: a
    promt: The camera turns
    image: https://example.com/a.jpg
  - id: b
    prompt: The camera turns
    image: https://example.com/b.jpg
    durationSeconds: 5
  - id: c
    prompt: The camera turns
    image: https://example.com/c.jpg
    durationSeconds: 4
    resolution: 4k
  - id: b
    prompt: The camera turns
    image: https://example.com/d.jpg
"""
MISTAKES = {(6, 5), (11, 22), (15, 5), (17, 9)}


def test_every_mistake_is_shown_at_its_place_as_json(user: User) -> None:
    user.manifest.write_text(BROKEN, encoding="utf-8")
    said = user.types("validate", "shots.yaml", "-o", "json")
    assert said.code == 2, said.text
    told = json.loads(said.out)
    assert told["valid"] is False
    errors = [problem for problem in told["problems"] if problem["severity"] == "error"]
    assert {(problem["line"], problem["column"]) for problem in errors} >= MISTAKES, said.text
    assert {problem["file"] for problem in errors} == {"shots.yaml"}


def test_every_mistake_is_shown_at_its_place_as_text(user: User) -> None:
    user.manifest.write_text(BROKEN, encoding="utf-8")
    said = user.types("validate", "shots.yaml")
    assert said.code == 2, said.text
    for line, column in MISTAKES:
        assert f"shots.yaml:{line}:{column}: " in said.out
    assert "    promt: The camera turns" in said.out
    assert "prompt" in said.out


def test_every_mistake_is_shown_at_its_place_on_github(user: User) -> None:
    user.manifest.write_text(BROKEN, encoding="utf-8")
    said = user.types("validate", "shots.yaml", "-o", "github")
    assert said.code == 2, said.text
    for line, column in MISTAKES:
        assert f"::error file=shots.yaml,line={line},col={column}" in said.out


def test_an_id_that_is_taken_hides_no_other_mistake_of_its_job(user: User) -> None:
    text = BROKEN.replace("https://example.com/d.jpg", "https://example.com/d.jpg\n    aspectRatio: 4:3")
    user.manifest.write_text(text, encoding="utf-8")
    told = json.loads(user.types("validate", "shots.yaml", "-o", "json").out)
    assert (20, 18) in {(problem["line"], problem["column"]) for problem in told["problems"]}, told


def test_a_mistake_stops_a_run_before_anything_is_asked(user: User, service: Service) -> None:
    user.manifest.write_text(BROKEN, encoding="utf-8")
    said = user.types("run", "shots.yaml", "--yes")
    assert said.code == 2, said.text
    assert "shots.yaml:6:5" in said.err
    assert service.asked == ()


def test_a_valid_manifest_is_said_to_be_valid(user: User) -> None:
    user.writes("a", "b")
    said = user.types("validate", "shots.yaml", "-o", "json")
    assert said.code == 0, said.text
    assert json.loads(said.out) == {"valid": True, "jobs": 2, "problems": []}
