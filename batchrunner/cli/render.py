"""How a report is printed."""

import os.path

from batchrunner.cli.terminal import UTF8_MARK, begins_with_mark, hand_over, say_lines, width
from batchrunner.domain.text import Lines
from batchrunner.reports.formats.registry import render
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report
from batchrunner.storage.paths import ProjectPaths


def shown(report: Report, form: str, project: ProjectPaths, seconds: float | None = None) -> Lines:
    """The report for stdout: its paths are seen from this folder, its table fits the terminal."""
    view = seen_from_here(project, seconds)
    return render(report, form, view.seconds, view.project, view.width)


def seen_from_here(project: ProjectPaths, seconds: float | None = None) -> View:
    """How a report is looked at by whoever typed the command."""
    return View(seconds, os.path.relpath(project.root), width())


def say_report(text: Lines, form: str, *, err: bool = False) -> None:
    """Prints a report: for people so that it does nothing to their terminal, for programs as it is."""
    if form == "table":
        say_lines(text, err=err)
    else:
        mark = begins_with_mark(err=err) if form == "csv" else ""
        hand_over(mark + text, err=err)


def as_file(text: Lines, form: str) -> bytes:
    """A report as it is written into a file."""
    return f"{UTF8_MARK if form == 'csv' else ''}{text}\n".encode()
