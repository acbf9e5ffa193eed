"""A report for CI servers: JUnit's XML, a test case a job. Source: the schema of Jenkins' xUnit plugin."""

import re
from collections.abc import Iterable, Mapping
from html import escape

from batchrunner.domain.status import Status
from batchrunner.domain.text import Lines, utc, visible
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report, ReportRow

# A person is needed: what was paid for is gone, or may be paid.
_ERRORS = {Status.UNKNOWN, Status.EXPIRED}
# Source: XML 1.0, production 2; whatever else that leaves out is shown as its escape already.
_NO_CHARACTER = re.compile("[\ufffe\uffff]")


def render(report: Report, _: View) -> Lines:
    """One suite with the wanted jobs, in ASCII.

    What failed is a failure; what needs a person, or is held by an error, is an error; what is not done yet is skipped.
    A case takes as long as its job took from its submit to its clip.
    """
    name = f"{report.manifest} ({report.profile})" if report.profile else report.manifest
    outcomes = [_outcome(row) for row in report.rows]
    counted = {
        "name": name,
        "tests": len(report.rows),
        "failures": outcomes.count("failure"),
        "errors": outcomes.count("error"),
        "skipped": outcomes.count("skipped"),
        "time": f"{sum(map(_took_s, report.rows)):.3f}",
        # the schema wants no zone; it is UTC
        "timestamp": (utc(report.started_at_s) or "").removesuffix("Z"),
    }
    whole = {
        "run_id": report.run_id,
        "exit_code": report.exit_code,
        "actual_usd": report.actual_usd,
        "estimated_usd": report.estimated_usd,
    }
    cases = (_case(row, name, outcome) for row, outcome in zip(report.rows, outcomes, strict=True))
    suite = _element("testsuite", counted, [_properties(whole), *cases])
    text = f'<?xml version="1.0" encoding="us-ascii"?>\n{_element("testsuites", {}, [suite])}'
    return Lines(text.encode("ascii", "xmlcharrefreplace").decode("ascii"))


def _outcome(row: ReportRow) -> str:
    if row.status is Status.DONE:
        return ""
    if row.status is Status.FAILED:
        return "failure"
    return "error" if row.status in _ERRORS or row.error else "skipped"


def _case(row: ReportRow, suite: str, outcome: str) -> str:
    file, line = row.source or ("", "")
    attributes = {
        "name": row.identity.name,
        "classname": suite,
        "time": f"{_took_s(row):.3f}",
        "file": file,
        "line": line,
    }
    known = {
        "status": row.status.value,
        "model": row.request.model,
        "cost_usd": row.cost_usd,
        "task_id": row.task_id,
        "file": row.file,
        "sha256": row.sha256,
    }
    kind = row.error.error_class.value if row.error else row.status.value
    ended = [_element(outcome, {"type": kind, "message": row.reason})] if outcome else []
    return _element("testcase", attributes, [_properties(known), *ended])


def _took_s(row: ReportRow) -> float:
    """Seconds from the submit to the clip, or to its render; 0 where there is none."""
    ended_at_s = row.rendered_at_s if row.done_at_s is None else row.done_at_s
    if row.submitted_at_s is None or ended_at_s is None:
        return 0.0
    return max(ended_at_s - row.submitted_at_s, 0.0)


def _properties(values: Mapping[str, object]) -> str:
    known = {name: value for name, value in values.items() if value is not None}
    return _element("properties", {}, (_element("property", {"name": n, "value": v}) for n, v in known.items()))


def _element(tag: str, attributes: Mapping[str, object], inner: Iterable[str] = ()) -> str:
    """An element on lines of its own; an attribute without a value is left out."""
    named = "".join(f' {name}="{_text(str(value))}"' for name, value in attributes.items() if str(value))
    lines = "".join(f"\n{each}" for each in inner)
    return f"<{tag}{named}>" + lines.replace("\n", "\n  ") + f"\n</{tag}>" if lines else f"<{tag}{named}/>"


def _text(text: str) -> str:
    return escape(_NO_CHARACTER.sub("\ufffd", visible(text)))
