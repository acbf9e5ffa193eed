"""What is told: every number adds up, every status keeps the promise to programs, and nothing secret gets out."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from batchrunner.catalog import shipped
from batchrunner.domain.attempt import RejectReason
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure
from batchrunner.domain.status import Flag, Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.domain.text import ago, day_of, duration, printable, utc
from batchrunner.errors import ExitCode
from batchrunner.io.resources import read_text
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions
from batchrunner.planning.planner import next_step
from batchrunner.planning.price_basis import PriceBasis
from batchrunner.reports.formats.json_report import as_json
from batchrunner.reports.formats.registry import render
from batchrunner.reports.next_steps import next_commands
from batchrunner.reports.plan_table import plan_table
from batchrunner.reports.report import Report, ReportRow, Spending, row_of
from tests.planning.histories import COST, EDITED, PASTS, REQUEST, a_job, refused
from tests.reports.plans import NOW_S, PRICED_ON, planned, shots

SCHEMA = Draft202012Validator(json.loads(read_text("schemas/report.schema.json")))


def a_row(name: str = "hero", status: Status = Status.DONE, **parts: Any) -> ReportRow:
    usual: dict[str, Any] = {
        "identity": JobId("film", "", name, 1),
        "status": status,
        "flags": (),
        "request": REQUEST,
        "tags": ("close-up",),
        "source": ("film.yaml", 7),
        "note": "done",
        "hold_reason": None,
        "attempts": 1,
        "cost_usd": Decimal("2.576"),
    }
    whole = {**usual, **parts}
    return ReportRow(**{"prompt": shipped().prompt_of(whole["request"]), **whole})


def a_report(*rows: ReportRow, removed: tuple[ReportRow, ...] = (), **parts: Any) -> Report:
    usual: dict[str, Any] = {
        "manifest": "film",
        "profile": "",
        "run_id": 3,
        "started_at_s": NOW_S,
        "finished_at_s": NOW_S + 754,
        "exit_code": 0,
        "estimated_usd": Decimal("12.88"),
        "basis": PriceBasis(PRICED_ON, day_of(NOW_S)),
        "requests": {"submits": 5, "polls": 31, "refused_429": 2},
    }
    return Report(rows=rows, removed=removed, **{**usual, **parts})


def row_after(past: str, *, there: bool = False, edited: bool = False, removed: bool = False) -> ReportRow:
    """The row of a job with this past, as the program itself makes it."""
    attempt = PASTS[past]
    memory = JobHistory((attempt,) if attempt else ())
    job = None if removed else a_job(EDITED if edited else REQUEST)
    facts = PlanInputs(files=FileState(frozenset({1}) if there else frozenset()), cost=COST)
    step = next_step(job, memory, facts, PlanOptions())
    return row_of(JobId("film", "", "hero", 1), job, memory, step, shipped())


# for programs


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("how", [{}, {"there": True}, {"edited": True}, {"removed": True}], ids=str)
def test_a_job_of_any_past_keeps_the_promise_to_programs(past: str, how: dict[str, bool]) -> None:
    row = row_after(past, **how)
    report = a_report(row) if "removed" not in how else a_report(removed=(row,))
    told = as_json(report)
    SCHEMA.validate(told)
    assert json.loads(json.dumps(told)) == told


def test_every_status_is_told_of_some_past() -> None:
    told = {row_after(past, there=there).status for past in PASTS for there in (False, True)}
    assert told == set(Status)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("block", [None, *HoldReason])
def test_every_status_and_block_keeps_the_promise_to_programs(status: Status, block: HoldReason | None) -> None:
    error = Failure(ErrorClass.LOCAL, "the disk is full")
    row = a_row("hero", status, hold_reason=block, flags=tuple(Flag), error=error, source=None, task_id="task-1")
    SCHEMA.validate(as_json(a_report(row, removed=(row,), run_id=None, started_at_s=None, exit_code=None)))


def test_a_report_of_nothing_keeps_the_promise_too() -> None:
    told = as_json(a_report(requests={}))
    SCHEMA.validate(told)
    assert (told["jobs"], told["counts"], told["requests"]) == ([], {}, {})


def test_a_done_clip_is_told_whole() -> None:
    told = as_json(a_report(row_after("done", there=True)))["jobs"][0]
    assert told == {
        "id": "hero",
        "status": "done",
        "flags": [],
        "model": "google/veo-3.1-i2v",
        "prompt": "She waves",
        "image": "https://example.com/a.jpg",
        "request": dict(REQUEST.fields),
        "fingerprint": REQUEST.fingerprint,
        "task_id": "task-1",
        "attempts": 1,
        "file": "outputs/film/hero.mp4",
        "size_bytes": 3669,
        "sha256": "0" * 64,
        "cost_usd": 3.0,
        "error": None,
        "submitted_at": "2026-11-23T18:00:00Z",
        "rendered_at": "2026-11-23T19:00:00Z",
        "done_at": "2026-11-23T19:00:00Z",
        "tags": [],
        "source": {"file": "film.yaml", "line": 5},
    }


@pytest.mark.parametrize(
    ("past", "error"),
    [
        ("none", None),
        ("running", None),
        ("unknown", None),
        ("failed", ("provider", "the render broke")),
        ("moderated", ("moderation", "blocked by the safety filter")),
        ("rendered, lost", ("expired", "paid, and the service no longer has the result")),
        ("refused: invalid", ("invalid", "InvalidParameter: no such thing")),
        ("refused: address", ("invalid", "InvalidParameter: no such thing")),
        ("refused: key", ("auth", "InvalidParameter: no such thing")),
        ("refused: balance", ("balance", "InvalidParameter: no such thing")),
        ("refused: rate", None),
        ("refused: not-sent", None),
    ],
)
def test_what_went_wrong_has_a_class_for_programs(past: str, error: tuple[str, str] | None) -> None:
    told = as_json(a_report(row_after(past)))["jobs"][0]["error"]
    assert told == (None if error is None else {"class": error[0], "message": error[1]})


@pytest.mark.parametrize(
    ("block", "error_class"),
    [
        (HoldReason.EXPIRED, "expired"),
        (HoldReason.KEY, "auth"),
        (HoldReason.OTHER_KEY, "auth"),
        (HoldReason.TASK_TIMEOUT, "timeout"),
        (HoldReason.TASK_REFUSED, "provider"),
        (HoldReason.FETCH_FAILED, "local"),
        (HoldReason.FOREIGN_FILE, "local"),
        (HoldReason.DAMAGED, "local"),
    ],
)
def test_what_holds_a_task_has_a_class_for_programs(block: HoldReason, error_class: str) -> None:
    attempt = PASTS["running"]
    assert attempt is not None
    step = Step(Action.HOLD, Status.RUNNING, "that is why", attempt, hold_reason=block)
    row = row_of(JobId("film", "", "hero", 1), a_job(), JobHistory((attempt,)), step, shipped())
    assert row.error == Failure(ErrorClass(error_class), "that is why")


def test_a_job_that_was_edited_does_not_show_the_file_of_its_old_request() -> None:
    row = row_after("done", there=True, edited=True)
    assert (row.status, row.flags, row.file, row.task_id) == (Status.PENDING, (Flag.CHANGED,), None, None)
    assert (row.request, row.cost_usd) == (EDITED, COST.high_usd)


def test_a_job_that_left_shows_what_was_paid_for_it() -> None:
    row = row_after("done", there=True, removed=True)
    assert (row.flags, row.file, row.cost_usd) == ((Flag.REMOVED,), "outputs/film/hero.mp4", COST.high_usd)


def test_a_refusal_costs_nothing() -> None:
    memory = JobHistory((refused(RejectReason.BALANCE),))
    step = next_step(a_job(), memory, PlanInputs(cost=COST), PlanOptions())
    assert row_of(JobId("film", "", "hero", 1), a_job(), memory, step, shipped()).cost_usd == 0


# what adds up


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(Status))), st.lists(st.sampled_from(list(Status))))
def test_counts_and_costs_add_up(wanted: list[Status], left: list[Status]) -> None:
    rows = tuple(a_row(f"shot-{n}", status) for n, status in enumerate(wanted))
    removed = tuple(a_row(f"left-{n}", status) for n, status in enumerate(left))
    told = as_json(a_report(*rows, removed=removed))
    assert sum(told["counts"].values()) == len(told["jobs"]) == len(wanted)
    assert told["counts"] == {status.value: wanted.count(status) for status in set(wanted)}
    each = [job["cost_usd"] for job in told["jobs"] + told["departed"]]
    assert told["cost"]["actual_usd"] == pytest.approx(sum(each))


def test_the_totals_are_told_in_three_lines() -> None:
    rows = [a_row("a"), a_row("b"), a_row("c", Status.FAILED), a_row("d", Status.UNKNOWN)]
    assert render(a_report(*rows, spending=Spending((), 3)), "table", 754.0).splitlines()[-3:] == [
        "4 jobs: 1 sent, no answer: may be paid; 2 done; 1 failed",
        "cost so far $10.30, estimate for all jobs $12.88 (prices of 2026-08-18)",
        "took 13 min; 3 clips paid",
    ]


def test_the_totals_of_a_status_are_told_without_a_run() -> None:
    assert render(a_report(a_row(), requests={}), "table").splitlines()[-2:] == [
        "1 job: 1 done",
        "cost so far $2.58, estimate for all jobs $12.88 (prices of 2026-08-18)",
    ]
    assert render(a_report(requests={}), "table").strip().startswith("0 jobs: nothing to do")


@pytest.mark.parametrize(
    ("code", "is_told"),
    [(ExitCode.DONE, True), (ExitCode.INTERRUPTED, False), (ExitCode.TERMINATED, False), (None, False)],
)
def test_what_the_account_lost_is_told_of_runs_that_looked_in_the_end(code: ExitCode | None, *, is_told: bool) -> None:
    report = a_report(a_row(), exit_code=code, spending=Spending((Decimal(10), Decimal(4)), 0))
    of_run = "account balance: $10.00 before this run, $4.00 after it ($6.00 less)"
    assert (of_run in render(report, "table")) is is_told
    of_status = replace(report, spending=Spending((Decimal(10), Decimal(4))))
    assert ("account balance: $10.00 before the last run, $4.00" in render(of_status, "table")) is is_told


# for people


def lines_of(report: Report, width: int | None = None) -> list[str]:
    return render(report, "table", width=width).splitlines()


@pytest.mark.parametrize("name", ["1e5", "007", "0x10", "1_000", "-", "nan", "True", "1.0", "12345678901234567890"])
def test_an_id_stays_as_its_author_wrote_it(name: str) -> None:
    identity = JobId("film", "", name, 1)
    assert lines_of(a_report(a_row(name)))[2].split()[0] == name
    assert as_json(a_report(a_row(name)))["jobs"][0]["id"] == name
    shown = plan_table(planned((identity, Step(Action.NONE, Status.DONE, "1e5"))), every_row=True)
    assert shown.splitlines()[-1].split() == [name, "none", "-", "1e5"]


def test_a_take_has_the_name_of_its_file() -> None:
    row = a_row(identity=JobId("film", "", "hero", 2))
    assert lines_of(a_report(row))[2].startswith("hero.2 ")


def test_rows_come_in_the_order_of_the_manifest_and_then_those_that_left() -> None:
    report = a_report(a_row("b"), a_row("a"), removed=(a_row("0", flags=(Flag.REMOVED,)),))
    assert [line.split()[0] for line in lines_of(report)[2:4]] == ["b", "a"]
    assert lines_of(report)[4:6] == ["", "no longer in the manifest:"]
    assert lines_of(report)[8].startswith("0 ")
    assert "departed" not in render(report, "table")


@pytest.mark.parametrize(("done", "shown", "said"), [(57, 60, 0), (58, 3, 1), (500, 3, 1)])
def test_a_long_table_shows_what_is_not_done(done: int, shown: int, said: int) -> None:
    left = [a_row("x", Status.FAILED), a_row("y", Status.PENDING), a_row("z", Status.EXPIRED)]
    rows = [*(a_row(f"done-{n}") for n in range(done)), *left]
    lines = lines_of(a_report(*rows))
    assert sum(bool(re.match(r"(done-\d+|x|y|z) ", line)) for line in lines) == shown
    assert lines.count(f"({done} done jobs not shown)") == said
    assert f"{len(rows)} jobs: 1 pending, {done} done, 1 failed, 1 expired" in lines


def test_a_long_table_of_clips_that_are_all_done_is_the_totals_alone() -> None:
    lines = lines_of(a_report(*(a_row(f"done-{n}") for n in range(61))))
    assert lines[0] == "(61 done jobs not shown)"


def test_a_done_row_names_its_file_and_any_other_its_reason() -> None:
    rows = [
        a_row("a", file="outputs/film/a.mp4"),
        a_row("b", Status.FAILED, error=Failure(ErrorClass.PROVIDER, "the render broke")),
        a_row("c", Status.PENDING, note="new", cost_usd=Decimal(0)),
    ]
    assert [line.split(maxsplit=3) for line in lines_of(a_report(*rows))[2:5]] == [
        ["a", "done", "$2.58", "outputs/film/a.mp4"],
        ["b", "failed", "$2.58", "the render broke"],
        ["c", "pending", "-", "new"],
    ]


LONG = "the service does not like this picture, and says so in a great many words " * 5


@pytest.mark.parametrize("width", [60, 61, 80, 200])
def test_a_reason_is_cut_to_what_the_terminal_has_room_for(width: int) -> None:
    rows = [
        a_row("hero-wave", Status.FAILED, error=Failure(ErrorClass.PROVIDER, LONG)),
        a_row("turn", Status.PENDING, note=LONG, cost_usd=Decimal(0)),
    ]
    step = Step(Action.HOLD, Status.UNKNOWN, LONG, hold_reason=HoldReason.UNKNOWN)
    for table in (render(a_report(*rows), "table", width=width), plan_table(planned(*shots(step)), width)):
        shown = [line for line in table.splitlines() if "the service" in line]
        assert {len(line) for line in shown} == {width}
        assert all(line.endswith("…") for line in shown)
        assert len(next(line for line in table.splitlines() if line.startswith("---"))) == width


def test_a_reason_is_whole_where_nothing_is_known_of_a_width() -> None:
    rows = [a_row("hero", Status.FAILED, error=Failure(ErrorClass.PROVIDER, LONG))]
    step = Step(Action.HOLD, Status.UNKNOWN, LONG, hold_reason=HoldReason.UNKNOWN)
    assert LONG.strip() in render(a_report(*rows), "table")
    assert LONG.strip() in plan_table(planned(*shots(step)))


def test_a_file_is_named_whole_however_narrow_the_terminal() -> None:
    file = "outputs/spring-campaign/hero-wave-in-the-morning-light.mp4"
    assert lines_of(a_report(a_row(file=file)), width=40)[2].endswith(f"  {file}")


def test_on_a_terminal_without_room_some_of_the_reason_is_told() -> None:
    row = a_row("a-very-long-name-of-a-job-" * 4, Status.FAILED, error=Failure(ErrorClass.PROVIDER, LONG))
    assert lines_of(a_report(row), width=40)[2].endswith("  the service does no…")


NASTY = "\x1b]0;owned\x07\x1b[2J\r\nrm -rf\u202e\u200b\x00 /\x9b31m"


def test_no_control_character_gets_onto_a_terminal() -> None:
    rows = [
        a_row("a", Status.FAILED, error=Failure(ErrorClass.PROVIDER, NASTY)),
        a_row("b", Status.PENDING, note=NASTY),
        a_row("c", file=f"outputs/{NASTY}.mp4"),
    ]
    step = Step(Action.HOLD, Status.UNKNOWN, NASTY, hold_reason=HoldReason.UNKNOWN)
    shown = render(a_report(*rows), "table") + plan_table(planned((JobId("film", "", "hero", 1), step)))
    assert all(c.isprintable() for c in shown.replace("\n", ""))
    assert "rm -rf" in shown
    assert not [line for line in shown.splitlines() if line.startswith("rm -rf")]


@pytest.mark.parametrize("field", ["image", "lastFrame", "referenceImages"])
def test_no_signature_of_a_picture_gets_into_a_report(field: str) -> None:
    link = "https://bucket.example.com/a.jpg?X-Amz-Signature=c2VjcmV0&X-Amz-Credential=AKIA&v=2"
    request = shipped().request_of(
        "google/veo-3.1-i2v", {"prompt": "p", field: [link] if field == "referenceImages" else link}
    )
    told = json.dumps(as_json(a_report(a_row(request=request))))
    assert "https://bucket.example.com/a.jpg?v=2" in told
    assert "c2VjcmV0" not in told
    assert "AKIA" not in told


# hints

PAID = {Status.RUNNING, Status.RENDERED}


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (HoldReason.EXPIRED, "1 paid, but the service no longer has the result"),
        (HoldReason.FOREIGN_FILE, "another `output:`, then `batchrunner run film.yaml`"),
        (HoldReason.DAMAGED, "restore an intact copy of the ledger"),
        (HoldReason.OTHER_KEY, "set that key, then `batchrunner fetch film.yaml`"),
        (HoldReason.KEY, "set MODELLIX_API_KEY, then `batchrunner run film.yaml`"),
        (HoldReason.BALANCE, "top it up, then `batchrunner run film.yaml`"),
        (HoldReason.COST_LIMIT, "raise `settings.budget` or `--max-cost`"),
        (HoldReason.ADDRESS, "check `model` and MODELLIX_BASE_URL"),
        *(
            (block, "to continue: `batchrunner run film.yaml`")
            for block in (
                HoldReason.HALT,
                HoldReason.DRAIN,
                HoldReason.TASK_TIMEOUT,
                HoldReason.TASK_REFUSED,
                HoldReason.FETCH_FAILED,
            )
        ),
        (HoldReason.LEDGER, "to continue: `batchrunner run film.yaml`"),
        (HoldReason.IN_FLIGHT, "to continue: `batchrunner run film.yaml`"),
    ],
)
def test_whatever_holds_a_job_has_a_next_command(block: HoldReason, words: str) -> None:
    (line,) = next_commands([a_row("hero", Status.PENDING, hold_reason=block)], "film.yaml")
    assert words in line


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("how", [{}, {"there": True}, {"edited": True}, {"removed": True}], ids=str)
def test_a_job_with_a_next_step_has_a_next_command(past: str, how: dict[str, bool]) -> None:
    """As in a status after a stop, where nothing holds the jobs that are left."""
    row = row_after(past, **how)
    (*_, line) = ["", *next_commands([row], "film.yaml")]
    assert line.startswith("to continue: `batchrunner run film.yaml`") == (not row.is_last)
    assert row.is_last or ("`batchrunner fetch film.yaml`" in line) == (row.status in PAID)


def test_only_what_nobody_asked_for_needs_no_command() -> None:
    silent = [b for b in HoldReason if not next_commands([a_row("hero", Status.PENDING, hold_reason=b)], "film.yaml")]
    assert silent == [HoldReason.NOT_SELECTED]
    assert next_commands([a_row()], "film.yaml") == []


def test_unknown_ones_are_to_be_looked_up_by_a_person() -> None:
    rows = [a_row(name, Status.UNKNOWN, hold_reason=HoldReason.UNKNOWN) for name in ("a", "b")]
    (line,) = next_commands(rows, "film.yaml")
    assert line.startswith(
        "2 sent without an answer, may be paid, and not sent again until you decide. To see what to look for in the "
        "web console: `batchrunner resolve film.yaml`"
    )
    assert "`batchrunner resolve film.yaml a --task ID`" in line


def test_failed_ones_can_be_tried_again_for_money() -> None:
    (line,) = next_commands([a_row("a", Status.FAILED)], "film.yaml")
    assert line == "to retry the failed jobs (each is paid again): `batchrunner retry film.yaml`"


def test_what_is_refused_as_it_is_has_to_be_edited_and_only_the_rest_is_retried() -> None:
    blocked = a_row("b", Status.FAILED, error=Failure(ErrorClass.MODERATION, "no"))
    edit, again = next_commands([a_row("a", Status.FAILED), blocked], "film.yaml", ["--sandbox"])
    assert edit == "edit what was refused as it is, b (film.yaml:7); then `batchrunner run film.yaml --sandbox`"
    assert again == "to retry 1 failed job (each is paid again): `batchrunner retry film.yaml --sandbox a`"
    broken = [a_row(f"a{n}", Status.FAILED) for n in range(6)]
    *_, many = next_commands([*broken, blocked], "film.yaml")
    assert many.endswith("`batchrunner retry film.yaml --select class:provider`")
    assert next_commands([blocked], "film.yaml") == [
        "edit what was refused as it is, b (film.yaml:7); then `batchrunner run film.yaml`"
    ]


def test_what_is_gone_is_named_in_the_command_that_pays_again() -> None:
    rows = [a_row(name, Status.EXPIRED, hold_reason=HoldReason.EXPIRED) for name in ("a", "b 2")]
    assert "`batchrunner redo film.yaml a 'b 2'` pays again" in next_commands(rows, "film.yaml")[0]
    (line,) = next_commands([*rows * 3], "film.yaml")
    assert "`batchrunner redo film.yaml --select status:expired`" in line


def test_one_kind_of_hold_is_one_line_however_many_jobs_it_has() -> None:
    rows = [a_row(f"shot-{n}", Status.PENDING, hold_reason=HoldReason.COST_LIMIT) for n in range(9)]
    (line,) = next_commands(rows, "film.yaml")
    assert line.startswith("9 not submitted because of the cost limit")


def test_a_command_can_be_typed_even_if_the_path_has_blanks() -> None:
    (line,) = next_commands([a_row("a", Status.PENDING, hold_reason=HoldReason.DRAIN)], "my films/spring.yaml")
    assert "`batchrunner run 'my films/spring.yaml'`" in line


def test_a_command_speaks_of_the_same_jobs_as_the_report() -> None:
    rows = [
        a_row("a", Status.UNKNOWN, hold_reason=HoldReason.UNKNOWN),
        a_row("b", Status.PENDING, hold_reason=HoldReason.DRAIN),
    ]
    unknown, go_on = next_commands(rows, "film.yaml", ("--sandbox", "--profile", "first looks"))
    assert "`batchrunner resolve film.yaml --sandbox --profile 'first looks' a --task ID`" in unknown
    assert go_on == "to continue: `batchrunner run film.yaml --sandbox --profile 'first looks'`"


# words


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("one\ntwo\tthree", None, r"one\ntwo\tthree"),
        ("  much   room  ", None, "much room"),
        ("a\x00b\x1b[31mc", None, r"a\x00b\x1b[31mc"),
        ("a\u202eb\u200bc\u2028d\ue000e", None, r"a\u202eb\u200bc\u2028d\ue000e"),
        ("é ü 日本 🎬", None, "é ü 日本 🎬"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("", 6, ""),
    ],
)
def test_a_foreign_text_is_shown_on_one_line(text: str, most: int | None, shown: str) -> None:
    assert printable(text, most) == shown


@settings(deadline=None)
@given(st.text(), st.none() | st.integers(1, 30))
def test_whatever_is_shown_is_one_line_of_visible_characters(text: str, most: int | None) -> None:
    shown = printable(text, most)
    assert printable(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert most is None or len(shown) <= most


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45.4, "45 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (754, "13 min"),
        (5400, "1 h 30 min"),
        (25_500, "7 h 05 min"),
    ],
)
def test_a_length_of_time_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words
    assert ago(NOW_S - seconds, NOW_S) == f"{words} ago"


def test_a_time_that_lies_ahead_is_no_time_ago() -> None:
    assert ago(NOW_S + 60, NOW_S) == "0 s ago"


def test_times_are_told_in_utc() -> None:
    assert (utc(NOW_S + 0.9), utc(None)) == ("2026-11-23T18:00:00Z", None)
