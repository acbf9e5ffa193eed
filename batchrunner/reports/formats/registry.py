"""The forms of a report by their names. A new form is a file beside this one, and its line here."""

from collections.abc import Callable, Mapping

from batchrunner.domain.text import Lines
from batchrunner.reports.formats import (
    csv_report,
    html_report,
    json_lines_report,
    json_report,
    junit_report,
    markdown_report,
    table_report,
)
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report

# The first is the one that nobody has to ask for; any other name is also the ending of its files.
FORMATS: Mapping[str, Callable[[Report, View], Lines]] = {
    "table": table_report.render,
    "json": json_report.render,
    "jsonl": json_lines_report.render,
    "csv": csv_report.render,
    "md": markdown_report.render,
    "html": html_report.render,
    "junit": junit_report.render,
}


def render(
    report: Report, form: str, seconds: float | None = None, project: str = "", width: int | None = None
) -> Lines:
    """The report in one of the `FORMATS`, ending without a newline; for what the rest means see `View`."""
    return FORMATS[form](report, View(seconds, project, width))
