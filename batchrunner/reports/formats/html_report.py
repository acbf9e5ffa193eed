"""A report as one HTML page that needs nothing else: for a browser, a mail, a wiki."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from html import escape
from string import Template
from urllib.parse import quote

from batchrunner.domain.money import dollars
from batchrunner.domain.status import Flag, Status
from batchrunner.domain.text import Lines, display_path, plural, printable, utc
from batchrunner.reports.formats.table_report import costs
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report, ReportRow

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<h1>$title</h1>
$head
<ul class="counts">$counts</ul>
$tables
</body>
</html>""")

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #888; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 0; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
ul.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; margin: 1rem 0; }
.status { border-radius: 1rem; padding: .1rem .7rem; color: #fff; background: #667; }
.done { background: #2a7d46; } .failed, .expired, .unknown { background: #b3372f; }
.running, .rendered { background: #2b62b5; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
.cost { text-align: right; font-variant-numeric: tabular-nums; }
td.job, .status { white-space: nowrap; }
td.prompt { max-width: 34rem; }
"""
_STYLE_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
# Nothing is loaded, run or sent, whatever a text from outside should become part of.
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; form-action 'none'"


def render(report: Report, view: View) -> Lines:
    """The whole page; every text from outside is escaped."""
    title = report.manifest if not report.profile else f"{report.manifest}, {report.profile}"
    counts = (
        f'<li><span class="status {status.value}">{report.counts[status]} {status.words}</span></li>'
        for status in Status
        if report.counts[status]
    )
    page = _PAGE.substitute(
        policy=_POLICY,
        style=_STYLE,
        title=_text(title),
        head="\n".join(f'<p class="soft">{_text(line)}</p>' for line in _head(report)),
        counts="".join(counts),
        tables="\n".join(_tables(report, view.project)),
    )
    return Lines(page)


def _head(report: Report) -> Iterator[str]:
    yield f"{plural(len(report.rows), 'job')}: {costs(report)}"
    if report.started_at_s is not None:
        yield f"last run: {utc(report.started_at_s)} to {utc(report.finished_at_s) or 'now'}"


def _tables(report: Report, project: str) -> Iterator[str]:
    yield _table(report.rows, project)
    if report.removed:
        yield "<h2>No longer in the manifest</h2>"
        yield _table(report.removed, project)


_HEADS = '<th>job</th><th>status</th><th class="cost">cost</th><th>file or reason</th><th>prompt</th>'


def _table(rows: Iterable[ReportRow], project: str) -> str:
    lines = "\n".join(_line(row, project) for row in rows)
    return f'<div class="table"><table>\n<tr>{_HEADS}</tr>\n{lines}\n</table></div>'


def _line(row: ReportRow, project: str) -> str:
    flags = "".join(f' <span class="soft">{flag.value}</span>' for flag in row.flags if flag is not Flag.REMOVED)
    cells = (
        f'<td class="job">{_text(row.identity.name)}</td>',
        f'<td><span class="status {row.status.value}">{row.status.words}</span>{flags}</td>',
        f'<td class="cost">{dollars(row.cost_usd) if row.cost_usd else ""}</td>',
        f"<td>{_file(row, project)}</td>",
        f'<td class="prompt">{_text(row.prompt or "")}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _file(row: ReportRow, project: str) -> str:
    """A link to the clip; for any other job its reason, and the older clip that is still there."""
    if row.status is Status.DONE and row.file:
        return _link(row.file, project)
    reason = _text(row.reason)
    return f"{reason}<br>older clip: {_link(row.older, project)}" if row.older else reason


def _link(path: str, project: str) -> str:
    seen = display_path(path, project)
    return f'<a href="{quote(re.sub("^/+", "/", seen))}">{_text(seen)}</a>'


def _text(text: str) -> str:
    return escape(printable(text))
