"""A report as people read it: a table, the totals, and where the files are."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from batchrunner.domain.money import dollars
from batchrunner.domain.status import Flag, Status, counts_in_words
from batchrunner.domain.text import LONGEST_TABLE, Lines, display_path, duration, in_lines, plural, printable, stacked
from batchrunner.errors import ExitCode
from batchrunner.reports.formats.view import View
from batchrunner.reports.layout import room, table
from batchrunner.reports.report import Report, ReportRow

HEADERS = ("job", "status", "cost", "file or reason")
# nobody asked for the balance at the end
_LEFT_AT_ONCE = {ExitCode.INTERRUPTED, ExitCode.TERMINATED}


def render(report: Report, view: View) -> Lines:
    """The table, the counts, the money, and how long it took. Text without colour, ending without a newline.

    Reasons are cut to what the terminal has room for; where there is none, they are whole.
    """
    parts = list(_part(report.rows, view))
    if report.removed:
        parts += [in_lines("", "no longer in the manifest:"), *_part(report.removed, view)]
    return stacked(*parts, in_lines("", *totals(report, view.seconds)))


def _part(rows: Sequence[ReportRow], view: View) -> Iterable[Lines]:
    shown = rows if len(rows) <= LONGEST_TABLE else [row for row in rows if row.status is not Status.DONE]
    if shown:
        yield _table(shown, view)
    if len(shown) < len(rows):
        yield in_lines(f"({plural(len(rows) - len(shown), 'done job')} not shown)")


def _table(rows: Sequence[ReportRow], view: View) -> Lines:
    most = room(HEADERS[:-1], [cells(row, view.project)[:-1] for row in rows], view.width)
    return table(HEADERS, [cells(row, view.project, most) for row in rows], ("left", "left", "right", "left"))


def cells(row: ReportRow, project: str, most: int | None = None) -> list[str]:
    """One job under the `HEADERS`, its path seen from where `project` is, its reason cut to so many characters."""
    return [row.identity.name, _status(row), _cost(row.cost_usd), _note(row, project, most)]


def _status(row: ReportRow) -> str:
    """Its status and flags; that it left the manifest is said by the heading of its table."""
    return " ".join([row.status.words, *(f"({flag.value})" for flag in row.flags if flag is not Flag.REMOVED)])


def _cost(usd: Decimal) -> str:
    return dollars(usd) if usd else "-"


def _note(row: ReportRow, project: str, most: int | None) -> str:
    if row.status is Status.DONE and row.file:
        return printable(display_path(row.file, project))
    note = printable(row.reason, most)
    return f"{note}; {printable(display_path(row.older, project))} is the older clip" if row.older else note


def totals(report: Report, seconds: float | None = None) -> Iterable[str]:
    """The counts, the money and the time, a line each; `seconds` is how long its run took."""
    yield from standing(report)
    if report.spending.paid_clips is not None:
        paid = paid_in_words(report.spending.paid_clips)
        yield f"{paid} in this run" if seconds is None else f"took {duration(seconds)}; {paid}"


def paid_in_words(clips: int) -> str:
    """`3 clips paid`."""
    return f"{plural(clips, 'clip') if clips else 'no clips'} paid"


def standing(report: Report) -> Iterable[str]:
    """The counts and the money, a line each."""
    yield f"{plural(len(report.rows), 'job')}: {counts_in_words(report.counts) or 'nothing to do'}"
    yield costs(report)
    has_ended = report.exit_code is not None and report.exit_code not in _LEFT_AT_ONCE
    balances_usd, paid_clips = report.spending.balances_usd, report.spending.paid_clips
    if len(balances_usd) > 1 and has_ended:
        before_usd, after_usd = balances_usd[0], balances_usd[-1]
        lost = f"{dollars(before_usd - after_usd)} less" if before_usd >= after_usd else "topped up"
        which = "the last" if paid_clips is None else "this"
        yield f"account balance: {dollars(before_usd)} before {which} run, {dollars(after_usd)} after it ({lost})"


def costs(report: Report) -> str:
    """What was paid so far, and what all is estimated to cost."""
    return f"cost so far {dollars(report.actual_usd)}, {report.basis.estimate_in_words(report.estimated_usd)}"
