"""A report for spreadsheets: one line a job, each value a cell that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from batchrunner.domain.text import Lines, printable
from batchrunner.reports.formats.json_report import as_json
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report

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
# A cell that begins so is a formula to a spreadsheet; an apostrophe before it makes it a text.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report, _: View) -> Lines:
    """CSV as RFC 4180 has it, but for its line ends."""
    whole = as_json(report)
    text = io.StringIO()
    rows = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    rows.writeheader()
    for job in (*whole["jobs"], *whole["departed"]):
        rows.writerow({name: _safe(value) for name, value in _flat(job).items()})
    return Lines(text.getvalue().rstrip("\n"))


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
