"""A report for wikis, reviews and chats: the table in Markdown, with each job's prompt."""

import re
from collections.abc import Iterable

from batchrunner.domain.text import Lines, in_lines, printable, stacked
from batchrunner.reports.formats.table_report import HEADERS, cells, totals
from batchrunner.reports.formats.view import View
from batchrunner.reports.layout import table
from batchrunner.reports.report import Report, ReportRow

_MOST_OF_A_PROMPT = 80
# Source: CommonMark 0.31, 2.4: a backslash makes punctuation plain. GitHub makes a link of a bare address.
_MARKUP = re.compile(r"[\\`|<>\[\]*~&#]|(?<![^\W_])_|_(?![^\W_])")
_ADDRESS = re.compile(r"\b(https?|ftp|mailto):", re.IGNORECASE)


def render(report: Report, view: View) -> Lines:
    """What the table says, and each job's prompt."""
    parts = [in_lines(f"# {_as_plain_text(report.manifest)}", ""), _table(report.rows, view)]
    if report.removed:
        parts += [in_lines("", "## No longer in the manifest", ""), _table(report.removed, view)]
    return stacked(*parts, in_lines("", *(f"- {_as_plain_text(line)}" for line in totals(report))))


def _table(rows: Iterable[ReportRow], view: View) -> Lines:
    texts = ([*cells(row, view.project), _prompt(row)] for row in rows)
    escaped = [[_as_plain_text(text) for text in row] for row in texts]
    return table([*HEADERS, "prompt"], escaped, form="github")


def _as_plain_text(text: str) -> str:
    """A text that Markdown shows as it is: no markup, no HTML, and no link that nobody wrote as one."""
    return _ADDRESS.sub(r"\1\\:", _MARKUP.sub(r"\\\g<0>", text))


def _prompt(row: ReportRow) -> str:
    return printable(row.prompt or "", _MOST_OF_A_PROMPT)
