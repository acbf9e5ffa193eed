"""A report for spreadsheets: one line a job, with what its clip is, the columns of its own sheet, and its money."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from batchrunner.catalog import Role
from batchrunner.domain.text import Lines
from batchrunner.reports.formats.json_report import as_json
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report, ReportRow, SheetEntry
from batchrunner.reports.sheet_text import sheet_text

# Names and their order stay: sheets refer to them. New ones stand behind, before those of a sheet.
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
    "profile",
    "length_s",
    Role.RESOLUTION.value,
    "shape",
    "usd_per_second",
    "estimated_usd",
    "reserved_usd",
    "billed_usd",
    "refunded_usd",
)
# What the sheet of a job calls a column, as a manifest refers to it: it may be called like one of ours.
_OWN = "row."
_DECIMALS = 6


def render(report: Report, _: View) -> Lines:
    """The jobs in the manifest's order, then those that left it."""
    rows = (*report.rows, *report.removed)
    own = dict.fromkeys(heading for row in rows for heading in row.entry.columns)
    whole = as_json(report)
    jobs = (*whole["jobs"], *whole["departed"])
    lines = (_line(job, row) for job, row in zip(jobs, rows, strict=True))
    return sheet_text((*_COLUMNS, *(f"{_OWN}{heading}" for heading in own)), lines)


def _line(job: Mapping[str, object], row: ReportRow) -> dict[str, object]:
    entry = row.entry
    found = dict(job) | {
        "flags": " ".join(flag.value for flag in row.flags),
        "tags": " ".join(row.tags),
        "error_class": row.error.error_class.value if row.error else None,
        "error_message": row.error.message if row.error else None,
        "source_file": row.source[0] if row.source else None,
        "source_line": row.source[1] if row.source else None,
        "profile": row.identity.profile,
        "length_s": None if entry.length_s is None else f"{entry.length_s.normalize():f}",
        Role.RESOLUTION.value: entry.resolution,
        "shape": entry.shape,
    }
    return found | dict(_money(entry)) | {f"{_OWN}{heading}": text for heading, text in entry.columns.items()}


def _money(entry: SheetEntry) -> Iterator[tuple[str, object]]:
    """Seconds times the rate are the estimate of one clip, as the job is now; the rest is what its attempts came to."""
    estimated_usd, totals = entry.estimated_usd, entry.totals
    if estimated_usd is not None and entry.length_s:
        yield "usd_per_second", _number(estimated_usd / entry.length_s)
    yield "estimated_usd", _number(estimated_usd)
    yield "reserved_usd", _number(totals.reserved_usd)
    yield "billed_usd", _number(totals.billed_usd)
    yield "refunded_usd", _number(totals.refunded_usd)


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(round(amount, _DECIMALS))
