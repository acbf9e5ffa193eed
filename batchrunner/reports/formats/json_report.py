"""A report as JSON: our promise to programs, held by `schemas/report.schema.json`."""

from typing import Any

from batchrunner.domain.money import usd_number
from batchrunner.domain.text import Lines, json_text, utc
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report, ReportRow

SCHEMA_VERSION = 1


def render(report: Report, _: View) -> Lines:
    """One JSON object."""
    return Lines(json_text(as_json(report), indent=2))


def as_json(report: Report) -> dict[str, Any]:
    """The report in plain values, ready for `json.dumps`."""
    departed, jobs = (list(map(row_as_json, rows)) for rows in (report.removed, report.rows))
    return head_as_json(report) | {"departed": departed, "jobs": jobs}


def head_as_json(report: Report) -> dict[str, Any]:
    """The same without its jobs."""
    return {
        "schema_version": SCHEMA_VERSION,
        "manifest": report.manifest,
        "profile": report.profile,
        "run_id": report.run_id,
        "started_at": utc(report.started_at_s),
        "finished_at": utc(report.finished_at_s),
        "exit_code": report.exit_code,
        "counts": {status.value: number for status, number in report.counts.items()},
        "cost": {
            "estimated_usd": usd_number(report.estimated_usd),
            "actual_usd": usd_number(report.actual_usd),
            "priced_on": report.priced_on.isoformat(),
            "unpriced_jobs": report.basis.unpriced,
        },
        "requests": dict(report.requests),
    }


def row_as_json(row: ReportRow) -> dict[str, Any]:
    """One job of it."""
    fields = row.request.fields
    return {
        "id": row.identity.name,
        "status": row.status.value,
        "flags": [flag.value for flag in row.flags],
        "model": row.request.model,
        "prompt": row.prompt,
        "image": row.image,
        "request": dict(fields),
        "fingerprint": row.request.fingerprint,
        "task_id": row.task_id,
        "attempts": row.attempts,
        "file": row.file,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "cost_usd": usd_number(row.cost_usd),
        "error": {"class": row.error.error_class.value, "message": row.error.message} if row.error else None,
        "submitted_at": utc(row.submitted_at_s),
        "rendered_at": utc(row.rendered_at_s),
        "done_at": utc(row.done_at_s),
        "tags": list(row.tags),
        "source": {"file": row.source[0], "line": row.source[1]} if row.source else None,
    }
