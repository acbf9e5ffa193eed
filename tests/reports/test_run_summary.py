"""The end of a run: every job is told once, every dollar adds up, and it fits onto a screen."""

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from batchrunner.catalog import shipped
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions
from batchrunner.planning.planner import next_step
from batchrunner.reports.failure_help import Help, help_of, in_words
from batchrunner.reports.formats.view import View
from batchrunner.reports.next_steps import first_commands
from batchrunner.reports.report import ReportRow, Spending, row_of
from batchrunner.reports.run_news import run_news
from batchrunner.reports.run_summary import JobChange, Paid, RunSummary, run_summary
from tests.planning.histories import COST, EDITED, PASTS, REQUEST, a_job, failed
from tests.reports.test_report import a_report, a_row

THIS, EARLIER = 2, 1
SCREEN = 25


def change(name: str, pasts: list[tuple[str, int]], began: Status, *, there: bool, edited: bool) -> JobChange:
    """A job whose attempts were made by these runs, as the program itself reports it."""
    made = [(PASTS[past], run) for past, run in pasts]
    attempts = tuple(
        replace(attempt, id=number, number=number, run_id=run)
        for number, (attempt, run) in enumerate(made, 1)
        if attempt is not None
    )
    job, history = a_job(EDITED if edited else REQUEST, name), JobHistory(attempts)
    present = frozenset(attempt.id for attempt in attempts) if there else frozenset()
    step = next_step(job, history, PlanInputs(files=FileState(present), cost=COST), PlanOptions())
    return JobChange(began, row_of(JobId("film", "", name, 1), job, history, step, shipped()), history)


CHANGES = st.lists(
    st.builds(
        change,
        st.integers(0, 10**6).map(lambda n: f"shot-{n}"),
        st.lists(st.tuples(st.sampled_from(sorted(PASTS)), st.sampled_from([EARLIER, THIS])), max_size=3),
        st.sampled_from(Status),
        there=st.booleans(),
        edited=st.booleans(),
    ),
    max_size=30,
)


def rows_of(summary: RunSummary) -> list[ReportRow]:
    """All rows that it names."""
    failed = [row for group in summary.failed for row in group.rows]
    return [*summary.finished, *failed, *(row for group in summary.left for row in group.rows)]


@settings(deadline=None)
@given(CHANGES, CHANGES)
def test_every_job_is_counted_once_and_every_dollar_adds_up(wanted: list[JobChange], removed: list[JobChange]) -> None:
    summary = run_summary(THIS, wanted, removed)

    assert summary.jobs == len(wanted) + summary.removed
    assert summary.removed == sum(1 for each in removed if each.is_news)
    told = Counter(row.status for row in rows_of(summary))
    told += Counter({Status.DONE: summary.done_before, Status.FAILED: summary.failed_before})
    assert told == Counter(each.row.status for each in (*wanted, *(each for each in removed if each.is_news)))
    own = [a for each in (*wanted, *removed) for a in each.history.attempts if a.run_id == THIS]
    assert summary.paid.total_usd == sum((a.booked_usd for a in own), Decimal(0))
    assert all(row.status not in (Status.DONE, Status.FAILED) for group in summary.left for row in group.rows)
    assert all(bool(group.usd) is group.kind.is_charged for group in summary.failed)


MILLS = st.integers(0, 99_999).map(lambda mills: Decimal(mills) / 1000)


@settings(deadline=None)
@given(MILLS, MILLS, MILLS)
def test_what_is_printed_adds_up_to_the_last_digit(done: Decimal, failed: Decimal, still: Decimal) -> None:
    summary = replace(run_summary(THIS, []), paid=Paid(done, failed, still))
    *_, line = run_news(summary, a_report(), View(60.0)).splitlines()
    whole, *parts = [Decimal(usd.replace(",", "")) for usd in re.findall(r"\$([\d,.]+\d)", line)] or [Decimal(0)]
    assert not parts or sum(parts) == whole
    assert bool(parts) is (sum(1 for usd in (done, failed, still) if usd) > 1)


@settings(deadline=None)
@given(CHANGES, st.lists(st.sampled_from(HoldReason), min_size=1), st.sampled_from([None, 40, 80]))
def test_whatever_happened_fits_onto_a_screen(
    changes: list[JobChange], holds: list[HoldReason], width: int | None
) -> None:
    held = [
        replace(each, row=replace(each.row, hold_reason=holds[n % len(holds)]))
        if each.row.status not in (Status.DONE, Status.FAILED)
        else each
        for n, each in enumerate(changes)
    ]
    rows = tuple(each.row for each in held)
    report = a_report(*rows, spending=Spending((Decimal(9), Decimal(1)), 3))
    lines = run_news(run_summary(THIS, held), report, View(60.0, "", width)).splitlines()
    assert len(lines) + len(first_commands(rows, "film.yaml")) < SCREEN
    if width == 40:
        assert [line for line in lines if line.startswith("    ") and len(line) > 46] == []


def test_a_run_tells_its_own_news_and_the_rest_as_counts() -> None:
    changes = [
        *(JobChange(Status.DONE, a_row(f"old-{n}"), JobHistory()) for n in range(57)),
        JobChange(Status.FAILED, a_row("older", Status.FAILED), JobHistory()),
        change("wave", [("done", THIS)], Status.PENDING, there=True, edited=False),
        change("kettle", [("done", EARLIER)], Status.RUNNING, there=True, edited=False),
        change("crash", [("moderated", THIS)], Status.PENDING, there=False, edited=False),
        change("dog", [("running", THIS)], Status.PENDING, there=False, edited=False),
        change("cat", [("unknown", THIS)], Status.PENDING, there=False, edited=False),
        change("fox", [], Status.PENDING, there=False, edited=False),
    ]
    changes[-1] = replace(
        changes[-1], row=replace(changes[-1].row, hold_reason=HoldReason.BALANCE, note="the balance is used up")
    )
    report = a_report(*(each.row for each in changes), spending=Spending((), 3))

    text = run_news(run_summary(THIS, changes), report, View(754.0, "film"))

    assert text.splitlines() == [
        "finished: 2 clips ($6.00, $3.00 of it paid by an earlier run) in film/outputs/film: wave, kettle",
        "failed: 1 job",
        f"  1 {in_words(ErrorClass.MODERATION, Help.EDIT)}; $3.00 charged: crash",
        '    "blocked by the safety filter"',
        "left: 3 jobs",
        "  1 still rendering ($3.00): task task-1 is open (dog)",
        "  1 sent, no answer ($3.00): it may have been paid: no answer in time (ReadTimeout) (cat)",
        "  1 not submitted, not paid: the balance is used up (fox)",
        "as before this run: 57 done, 1 failed",
        "",
        "64 jobs: 1 pending; 1 sent, no answer: may be paid; 1 running; 59 done; 2 failed",
        "cost so far $164.41, estimate for all jobs $12.88 (prices of 2026-08-18)",
        "took 13 min; 3 clips paid, $9.00: $3.00 finished + $3.00 failed + $3.00 not finished; $3.00 more may be paid",
    ]


def test_a_run_that_had_nothing_to_do_says_so_in_three_lines() -> None:
    changes = [JobChange(Status.DONE, a_row(f"old-{n}"), JobHistory()) for n in range(57)]
    report = a_report(*(each.row for each in changes), spending=Spending((), 0))
    assert run_news(run_summary(THIS, changes), report, View(1.0)).splitlines() == [
        "as before this run: 57 done",
        "",
        "57 jobs: 57 done",
        "cost so far $146.83, estimate for all jobs $12.88 (prices of 2026-08-18)",
        "took 1 s; no clips paid",
    ]


def test_failures_are_grouped_by_what_helps_and_the_largest_group_comes_first() -> None:
    def broken(name: str, message: str, error_class: ErrorClass = ErrorClass.PROVIDER) -> JobChange:
        attempt = replace(failed(message, error_class), run_id=THIS)
        step = next_step(a_job(), JobHistory((attempt,)), PlanInputs(cost=COST), PlanOptions())
        row = row_of(JobId("film", "", name, 1), a_job(), JobHistory((attempt,)), step, shipped())
        return JobChange(Status.PENDING, row, JobHistory((attempt,)))

    moderated = [broken(f"m{n}", f"code_{n}: not allowed", ErrorClass.MODERATION) for n in range(2)]
    summary = run_summary(THIS, [*moderated, broken("r", "broke"), *(broken(f"b{n}", "overloaded") for n in range(7))])

    assert [(group.kind.helps, len(group.rows)) for group in summary.failed] == [
        (Help.WAIT, 7),
        (Help.EDIT, 2),
        (Help.RETRY, 1),
    ]
    text = run_news(summary, a_report(), View())
    assert "  7 failed at the service; wait a while, then retry; $21.00 charged: b0, b1, b2, b3, b4 and 2 more" in text
    assert re.search(r'edit the job[^\n]+\n    "not allowed"\n', text)


def test_what_the_service_says_of_having_no_room_helps_to_wait() -> None:
    assert help_of(None) is Help.RETRY
    assert help_of(Failure(ErrorClass.PROVIDER, "Model is overloaded, try again later")) is Help.WAIT
    assert help_of(Failure(ErrorClass.PROVIDER, "the render broke")) is Help.RETRY
    assert help_of(Failure(ErrorClass.INVALID, "image is unavailable")) is Help.EDIT
