"""The end of a run for people: the news, the totals, and nothing of what was so before but its count."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from batchrunner.domain.money import dollars, sum_in_dollars
from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.domain.text import Lines, display_path, duration, in_lines, listed, plural, printable
from batchrunner.reports.failure_help import in_words
from batchrunner.reports.formats.table_report import paid_in_words, standing
from batchrunner.reports.formats.view import View
from batchrunner.reports.report import Report, ReportRow
from batchrunner.reports.run_summary import FailedGroup, LeftGroup, Paid, RunSummary

_MOST_FINISHED = 10
# So that all of it fits onto a screen: the rest is in `report`.
_MOST_FAILED_GROUPS = 3
_MOST_LEFT_GROUPS = 4
_LEAST_WIDTH = 40
_MOST_OF_A_REASON = 240

_WHERE: Mapping[Status, str] = {
    Status.PENDING: "not submitted",
    Status.UNKNOWN: "sent, no answer",
    Status.RUNNING: "still rendering",
    Status.RENDERED: "rendered, not downloaded",
    Status.EXPIRED: "expired",
}


def run_news(summary: RunSummary, report: Report, view: View) -> Lines:
    """What the run finished and failed, what is left and why, and the totals. Text without colour.

    At most 20 lines, whatever happened. The service's words are cut to what the terminal has room for.
    """
    lines = [*_finished(summary, view), *_failed(summary.failed, view), *_left(summary.left), *_before(summary)]
    paid = () if view.seconds is None else (_paid(summary.paid, report, view.seconds),)
    return in_lines(*lines, *([""] if lines else []), *standing(report), *paid)


def _finished(summary: RunSummary, view: View) -> Iterator[str]:
    rows = summary.finished
    if not rows:
        return
    earlier_usd = summary.finished_usd - summary.paid.finished_usd
    cost = dollars(summary.finished_usd) if summary.finished_usd else "free"
    cost += f", {dollars(earlier_usd)} of it paid by an earlier run" if earlier_usd > 0 else ""
    names = listed((row.identity.name for row in rows), _MOST_FINISHED)
    yield f"finished: {plural(len(rows), 'clip')} ({cost}){_folders(rows, view.project)}: {names}"


def _folders(rows: Sequence[ReportRow], project: str) -> str:
    found = list(dict.fromkeys(posixpath.dirname(display_path(row.file, project)) for row in rows if row.file))
    return f" in {listed((printable(folder or '.') for folder in found), 2)}" if found else ""


def _failed(groups: Sequence[FailedGroup], view: View) -> Iterator[str]:
    if not groups:
        return
    shown = groups[:_MOST_FAILED_GROUPS]
    yield f"failed: {_header(sum(len(group.rows) for group in groups), 'job', shown, groups)}"
    for group in shown:
        charge = f"{dollars(group.usd)} charged" if group.usd else "not charged"
        names = listed(row.identity.name for row in group.rows)
        yield f"  {len(group.rows)} {in_words(group.kind.error_class, group.kind.helps)}; {charge}: {names}"
        yield f'    "{printable(_most_said(group.rows), _room(view))}"'


def _header(number: int, noun: str, shown: Sequence[object], groups: Sequence[object]) -> str:
    rest = "" if len(shown) == len(groups) else f" (the {len(shown)} most frequent kinds of {len(groups)})"
    return f"{plural(number, noun)}{rest}"


def _most_said(rows: Iterable[ReportRow]) -> str:
    """What most of them say, in the service's own words."""
    said = Counter(row.error.said if row.error else row.note for row in rows)
    return said.most_common(1)[0][0]


def _room(view: View) -> int | None:
    return None if view.width is None else max(view.width - len('    ""'), _LEAST_WIDTH)


def _left(groups: Sequence[LeftGroup]) -> Iterator[str]:
    if not groups:
        return
    shown = groups[:_MOST_LEFT_GROUPS]
    yield f"left: {_header(sum(len(group.rows) for group in groups), 'job', shown, groups)}"
    yield from (f"  {_one_left(group)}" for group in shown)


def _one_left(group: LeftGroup) -> str:
    status, hold_reason = group.kind
    number, names = len(group.rows), listed(row.identity.name for row in group.rows)
    if hold_reason is HoldReason.NOT_SELECTED:
        return f"{number} not part of this run ({names})"
    money = f" ({dollars(group.usd)})" if group.usd else ""
    if status is Status.PENDING and not any(row.cost_usd for row in group.rows):
        money = ", not paid"
    why = Counter(row.note for row in group.rows).most_common(1)[0][0]
    return f"{number} {_WHERE.get(status, status.words)}{money}: {printable(why, _MOST_OF_A_REASON)} ({names})"


def _before(summary: RunSummary) -> Iterator[str]:
    counted = ((summary.done_before, "done"), (summary.failed_before, "failed"))
    known = [f"{number} {word}" for number, word in counted if number]
    if known:
        yield f"as before this run: {', '.join(known)}"
    if summary.removed:
        yield f"({summary.removed} of these are no longer in the manifest)"


def _paid(paid: Paid, report: Report, seconds: float) -> str:
    """How long it took, and what its submits are booked with: the parts add up to the sum."""
    text = f"took {duration(seconds)}; {paid_in_words(report.spending.paid_clips or 0)}"
    parts = ((paid.finished_usd, "finished"), (paid.failed_usd, "failed"), (paid.open_usd, "not finished"))
    known = [(usd, word) for usd, word in parts if usd]
    if len(known) > 1:
        whole, each = sum_in_dollars([usd for usd, _ in known])
        text += f", {whole}: {' + '.join(f'{usd} {word}' for usd, (_, word) in zip(each, known, strict=True))}"
    elif known:
        text += f", {dollars(paid.accepted_usd)}" + ("" if paid.finished_usd else f" ({known[0][1]})")
    return f"{text}; {dollars(paid.unknown_usd)} more may be paid" if paid.unknown_usd else text
