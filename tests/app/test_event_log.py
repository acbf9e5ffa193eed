"""The log of a project's runs."""

from decimal import Decimal
from pathlib import Path

from batchrunner.app.event_log import Log, LogFile
from batchrunner.domain.event import Event, EventKind, Progress, RunEvent
from batchrunner.io.clock import Clock
from batchrunner.io.files import Root


class Noon(Clock):
    def wall_s(self) -> float:
        return 1_795_478_400.0


def test_each_thing_that_happens_is_a_line_with_its_time(tmp_path: Path) -> None:
    heard: list[Event] = []
    log = Log(LogFile(tmp_path / "film.log", Root(tmp_path)), Noon(), heard.append)
    alarm = RunEvent(EventKind.ALARM, "task task-1 is paid\nand could not be written", "hero")

    log(alarm)
    log(Progress({}, Decimal(0), 1.0, ""))

    line = "2026-11-24T00:00:00Z alarm hero: task task-1 is paid\\nand could not be written\n"
    assert (tmp_path / "film.log").read_text(encoding="utf-8") == line
    assert heard[0] is alarm
    assert len(heard) == 2


def test_a_log_that_cannot_be_written_ends_no_run(tmp_path: Path) -> None:
    heard: list[Event] = []
    (tmp_path / "logs").mkdir()
    log = Log(LogFile(tmp_path / "logs", Root(tmp_path)), Noon(), heard.append)
    log(RunEvent(EventKind.NOTE, "a folder is no log"))
    assert len(heard) == 1
