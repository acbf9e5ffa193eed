"""The live view on a real terminal of a given size, and the plain lines where there is none."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from batchrunner.cli import live_view
from batchrunner.cli.main import outcome
from batchrunner.cli.progress import ConsoleProgress
from batchrunner.cli.terminal import can_redraw
from batchrunner.domain.event import EventKind, Progress, RunEvent
from batchrunner.domain.status import Status
from batchrunner.domain.text import columns
from batchrunner.errors import ExitCode
from batchrunner.reports.run_view import view_lines
from tests.cli.live_captures import MOMENTS, WIDTHS, Evening, captured, path_of
from tests.cli.pseudo_terminal import PseudoTerminal, on_terminal
from tests.moved_time import EVENING_S

PROGRESS = Progress(
    {Status.DONE: 2, Status.RUNNING: 1, Status.PENDING: 1},
    Decimal("7.728"),
    65.0,
    "",
    30.0,
    slots_used=1,
    slots_known=2,
)
WAITING = replace(PROGRESS, waits_for="waiting for a free slot in the account", waits_s=12.0)
SHOWN = [
    f"[{'█' * 35}{'▒' * 18}{'░' * 17}] 2 of 4",
    "$7.73 in this run · 1 of 2 slots · 65 s so far · ends about 18:00, in 30 s",
    "2 done · 1 running · 1 pending",
]


@contextmanager
def at_work() -> Iterator[tuple[PseudoTerminal, ConsoleProgress]]:
    """A terminal of 80 columns, and who tells on it how far a run is."""
    with on_terminal(80) as terminal:
        yield terminal, ConsoleProgress(Evening(), quiet=False)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_view_is_what_its_captures_show(moment: str, width: int) -> None:
    assert captured(moment, width) == path_of(moment, width).read_text(encoding="utf-8"), (
        "type `python -m tests.cli.live_captures`, and look at what has changed"
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_line_is_wider_than_its_terminal_and_money_is_never_cut(moment: str) -> None:
    (progress,) = (event for event in MOMENTS[moment] if isinstance(event, Progress))
    for width in range(20, 220):
        lines = ["".join(span.text for span in line) for line in view_lines(progress, [], width, EVENING_S)]
        assert max(map(columns, lines)) <= width
        figures = " ".join(" ".join(lines).split())
        assert f"${progress.spent_usd:,.2f} of $13,000.00 in this run" in figures


def test_it_stays_below_what_else_is_said_and_leaves_nothing_behind() -> None:
    with at_work() as (terminal, console):
        console(PROGRESS)
        assert terminal.lines() == SHOWN
        console(RunEvent(EventKind.FAILED, "it broke", "hero"))
        assert terminal.lines() == ["18:00:00  failed  hero: it broke", *SHOWN]
        console(RunEvent(EventKind.DONE, "outputs/batch/hero.mp4", "hero"))
        console.warn("receipts cannot be written")
        console(PROGRESS)
        said = ["18:00:00  failed  hero: it broke", "18:00:00  receipts cannot be written"]
        assert terminal.lines() == [*said, *SHOWN, "done  hero  outputs/batch/hero.mp4"]
        console.close()
        assert terminal.lines() == said


def test_it_is_drawn_only_where_something_has_changed() -> None:
    with at_work() as (terminal, console):
        console(PROGRESS)
        terminal.read()
        drawn = len(terminal.written)
        console(replace(PROGRESS, counts=dict(PROGRESS.counts)))
        terminal.read()
        assert len(terminal.written) == drawn
        console(replace(PROGRESS, spent_usd=Decimal(9)))
        terminal.read()
        assert len(terminal.written) > drawn


def test_a_terminal_that_becomes_wider_shows_more() -> None:
    with at_work() as (terminal, console):
        console(PROGRESS)
        terminal.resize(120)
        console(PROGRESS)
        assert [line.partition("]")[2] or line for line in terminal.lines()] == [" 2 of 4", *SHOWN[1:]]
        assert columns(terminal.lines()[0]) == len("[]") + 100 + len(" 2 of 4")


def test_of_one_that_becomes_narrower_the_wrapped_lines_are_taken_away_too() -> None:
    with at_work() as (terminal, console):
        console(PROGRESS)
        terminal.read()
        terminal.resize(40)  # now these three lines take 2 + 2 + 1 rows
        drawn = len(terminal.written)
        console(PROGRESS)
        assert terminal.lines()[0] == f"[{'█' * 15}{'▒' * 8}{'░' * 7}] 2 of 4"
        assert terminal.written[drawn:].startswith(b"\r\x1b[4A\x1b[J")


def test_what_is_said_after_a_resize_is_not_beside_a_view_for_another_width() -> None:
    with at_work() as (terminal, console):
        console(PROGRESS)
        terminal.resize(100)
        console.warn("hello")
        assert terminal.lines() == ["18:00:00  hello"]


def test_a_low_terminal_shows_what_matters_most() -> None:
    with at_work() as (terminal, console):
        terminal.resize(80, 3)
        for _ in range(5):
            console(PROGRESS)
            console(replace(PROGRESS, spent_usd=Decimal(9)))
        assert terminal.lines() == [SHOWN[0], SHOWN[1].replace("$7.73", "$9.00")]


def test_a_terminal_that_dies_ends_nothing() -> None:
    with at_work() as (terminal, console):
        console(PROGRESS)
        terminal.read()
        terminal.dies()
        console(WAITING)
        console(RunEvent(EventKind.ALARM, "a task is paid"))
        console.close()


def test_a_terminal_that_knows_ascii_only_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    with on_terminal(80) as terminal:
        monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(terminal.slave), "w", encoding="latin-1"))
        ConsoleProgress(Evening(), quiet=False)(PROGRESS)
        sys.stderr.close()
        assert terminal.lines()[0] == f"[{'#' * 35}{'-' * 18}{'.' * 17}] 2 of 4"


def test_it_needs_no_more_work_for_more_jobs() -> None:
    few, many = PROGRESS, replace(PROGRESS, counts=dict.fromkeys(Status, 5000000))
    assert len(view_lines(many, [], 80, EVENING_S)) - len(view_lines(few, [], 80, EVENING_S)) <= 2


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("CI", "true")])
def test_where_nobody_wants_it_there_are_plain_lines_with_times(name: str, value: str) -> None:
    with on_terminal(80, {name: value}) as terminal:
        console = ConsoleProgress(Evening(), quiet=False)
        console(PROGRESS)
        console(replace(PROGRESS, elapsed_s=96.0))
        console(RunEvent(EventKind.NOTE, "hello"))
        terminal.read()
        line = "1 pending, 1 running, 2 done · $7.73 in this run · 1 of 2 slots · {} so far · ends about 18:00, in 30 s"
        note = "note" if name != "CI" else "\x1b[33mnote\x1b[0m"
        said = [line.format("65 s"), line.format("2 min"), f"{note}  hello"]
        assert terminal.written.decode().splitlines() == [f"18:00:00  {each}" for each in said]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_holds_for_whatever_is_said(name: str, value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    manifest = tmp_path_factory.mktemp("film") / "film.yaml"
    manifest.write_text("version: 1\njobs: 3\n", encoding="utf-8")
    written = []
    for environment in ({name: value}, {"NO_COLOR": ""}):
        with on_terminal(80, environment) as terminal:
            assert outcome(["run", str(manifest), "--sandbox"]) == ExitCode.USAGE
            terminal.read()
            written.append(terminal.written)
    assert (b"\x1b" in written[0], b"\x1b" in written[1]) == (False, True)


def test_a_log_has_a_line_every_half_minute_and_where_a_wait_begins_or_ends(capsys: pytest.CaptureFixture[str]) -> None:
    console = ConsoleProgress(Evening(), quiet=False)
    told = []
    for second in range(1, 121):
        is_waiting = 40 <= second < 55
        console(replace(PROGRESS, elapsed_s=second, waits_for="a slot" if is_waiting else "", waits_s=second - 40.0))
        if capsys.readouterr().err:
            told.append(second)
    assert told == [30, 50, 55, 85, 115]


def test_who_wants_it_quiet_hears_of_failures_only(capsys: pytest.CaptureFixture[str]) -> None:
    console = ConsoleProgress(Evening(), quiet=True)
    for event in (PROGRESS, WAITING, RunEvent(EventKind.NOTE, "hello"), RunEvent(EventKind.FAILED, "it broke", "a")):
        console(event)
    assert capsys.readouterr().err == "18:00:00  failed  a: it broke\n"


def test_results_that_go_to_the_same_terminal_meanwhile_leave_no_room_for_a_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with on_terminal(80):
        assert can_redraw(shares_stdout=True)
        monkeypatch.setattr(sys, "stdout", sys.stderr)
        assert can_redraw()
        assert not can_redraw(shares_stdout=True)


def test_what_is_called_the_same_is_styled_the_same() -> None:
    used = {
        span.style
        for moment in MOMENTS.values()
        for event in moment
        if isinstance(event, Progress)
        for line in view_lines(event, [("a", "b")], 200, EVENING_S)
        for span in line
    }
    assert used - {""} <= set(live_view._STYLES)
