"""A report for programs that read line by line: JSON lines."""

from batchrunner.domain.text import Lines, json_text
from batchrunner.reports.formats.json_report import as_json
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report


def render(report: Report, _: View) -> Lines:
    """One line for the report as a whole, then one a job."""
    whole = as_json(report)
    jobs = [*whole.pop("jobs"), *whole.pop("departed")]
    return Lines("\n".join(json_text(each) for each in (whole, *jobs)))
