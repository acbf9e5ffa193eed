"""What is told: history becomes a report, and a report becomes text. Pure."""

from batchrunner.reports.expected import expected_s
from batchrunner.reports.forms import in_form
from batchrunner.reports.hints import next_commands
from batchrunner.reports.history import history
from batchrunner.reports.json_form import as_json
from batchrunner.reports.plan_digest import Terms, difference, plan_digest
from batchrunner.reports.plan_table import Planned, plan_as_json, plan_table
from batchrunner.reports.replaced import Replaced, replaced
from batchrunner.reports.report import Report, Row, row_of
from batchrunner.reports.summary import summary
from batchrunner.reports.unknowns import ids_in, named_by_reply, strangers, what_to_look_for
from batchrunner.reports.words import ago, dated, local, printable, span, utc

__all__ = [
    "Planned",
    "Replaced",
    "Report",
    "Row",
    "Terms",
    "ago",
    "as_json",
    "dated",
    "difference",
    "expected_s",
    "history",
    "ids_in",
    "in_form",
    "local",
    "named_by_reply",
    "next_commands",
    "plan_as_json",
    "plan_digest",
    "plan_table",
    "printable",
    "replaced",
    "row_of",
    "span",
    "strangers",
    "summary",
    "utc",
    "what_to_look_for",
]
