"""A report for spreadsheets, pages and programs: CSV, Markdown, HTML, JSON and JSON lines."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from batchrunner.domain.text import Lines, in_lines, json_text, printable, stacked
from batchrunner.reports.formats.html_page import page
from batchrunner.reports.formats.json_report import as_json
from batchrunner.reports.formats.summary import HEADERS, cells, summary, totals
from batchrunner.reports.layout import table
from batchrunner.reports.report import Report, ReportRow

_COLUMNS = (
    "id",
    "status",
    "flags",
    "model",
    "prompt",
    "image",
    "task_id",
    "attempts",
    "file",
    "size_bytes",
    "sha256",
    "cost_usd",
    "error_class",
    "error_message",
    "submitted_at",
    "rendered_at",
    "done_at",
    "tags",
    "source_file",
    "source_line",
)
_MOST_OF_A_PROMPT = 80
# Source: CommonMark 0.31, 2.4: a backslash makes punctuation plain. GitHub makes a link of a bare address.
_MARKUP = re.compile(r"[\\`|<>\[\]*~&#]|(?<![^\W_])_|_(?![^\W_])")
_ADDRESS = re.compile(r"\b(https?|ftp|mailto):", re.IGNORECASE)
# A cell that begins so is a formula to a spreadsheet; an apostrophe before it makes it a text.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def render(
    report: Report, form: str, seconds: float | None = None, project: str = "", width: int | None = None
) -> Lines:
    """The report as `table`, `json`, `jsonl`, `csv`, `md` or `html`, ending without a newline.

    `seconds` is how long its run took, `project` where the clips' paths begin for people, seen from where they read,
    `width` that of the terminal that a table is shown on.
    """
    if form == "html":
        return Lines(page(report, project))
    if form == "md":
        return _markdown(report, project)
    return Lines(_FORMS[form](report)) if form in _FORMS else summary(report, seconds, width, project)


def _json(report: Report) -> str:
    return json_text(as_json(report), indent=2)


def _json_lines(report: Report) -> str:
    """One line for the report as a whole, then one a job."""
    whole = as_json(report)
    jobs = [*whole.pop("jobs"), *whole.pop("departed")]
    return "\n".join(json_text(each) for each in (whole, *jobs))


def _csv(report: Report) -> str:
    text = io.StringIO()
    rows = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    rows.writeheader()
    for job in _jobs(report):
        rows.writerow({name: _safe(value) for name, value in _flat(job).items()})
    return text.getvalue().rstrip("\n")


def _markdown(report: Report, project: str) -> Lines:
    """What the table tells, and each job's prompt."""
    rows = [[*cells(row, project), _prompt(row)] for row in (*report.rows, *report.departed)]
    escaped = [[_as_plain_text(text) for text in row] for row in rows]
    whole = table([*HEADERS, "prompt"], escaped, form="github")
    title, sums = _as_plain_text(report.manifest), [f"- {_as_plain_text(line)}" for line in totals(report)]
    return stacked(in_lines(f"# {title}", ""), whole, in_lines("", *sums))


def _as_plain_text(text: str) -> str:
    """A text that Markdown shows as it is: no markup, no HTML, and no link that nobody wrote as one."""
    return _ADDRESS.sub(r"\1\\:", _MARKUP.sub(r"\\\g<0>", text))


def _prompt(row: ReportRow) -> str:
    return printable(str(row.request.fields.get("prompt", "")), _MOST_OF_A_PROMPT)


def _jobs(report: Report) -> list[dict[str, Any]]:
    whole = as_json(report)
    return [*whole["jobs"], *whole["departed"]]


def _flat(job: Mapping[str, Any]) -> dict[str, Any]:
    error, source = job["error"] or {}, job["source"] or {}
    flat = {name: job.get(name) for name in _COLUMNS}
    return flat | {
        "flags": " ".join(job["flags"]),
        "tags": " ".join(job["tags"]),
        "error_class": error.get("class"),
        "error_message": error.get("message"),
        "source_file": source.get("file"),
        "source_line": source.get("line"),
    }


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


_FORMS: Mapping[str, Callable[[Report], str]] = {
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
}
