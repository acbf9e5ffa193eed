"""What is told: history becomes a report, and a report becomes text. Pure."""

from batchrunner.reports.forms import in_form
from batchrunner.reports.hints import next_commands
from batchrunner.reports.history import history
from batchrunner.reports.json_form import as_json
from batchrunner.reports.plan_table import plan_as_json, plan_table
from batchrunner.reports.report import Report, Row, row_of
from batchrunner.reports.summary import summary
from batchrunner.reports.words import ago, printable, span, utc

__all__ = [
    "Report",
    "Row",
    "ago",
    "as_json",
    "history",
    "in_form",
    "next_commands",
    "plan_as_json",
    "plan_table",
    "printable",
    "row_of",
    "span",
    "summary",
    "utc",
]
