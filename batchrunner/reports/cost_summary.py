"""What clips came to, by day, tag, model, profile or manifest, with a total in which each attempt counts once."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.cost_totals import NO_TOTALS, CostTotals
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.money import dollars
from batchrunner.domain.text import Lines, day_of, in_lines, json_text, plural, stacked
from batchrunner.errors import UsageError
from batchrunner.reports.layout import table
from batchrunner.reports.sheet_text import sheet_text

_DECIMALS, _CENTS = 6, 2
_TOTAL = "total"
_NO_TAG, _NO_PROFILE = "(no tag)", "(no profile)"
_MONEY = ("estimated_usd", "reserved_usd", "billed_usd", "refunded_usd")


class SumKey(StrEnum):
    """What costs are summed by."""

    DAY = "day"
    TAG = "tag"
    MODEL = "model"
    PROFILE = "profile"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class CostSummary:
    """Sums by the values of a key: days in their order, all else by name. What has no tag or profile is `""`.

    In the `total` each attempt counts once: `shared` jobs have several tags, and count in the row of each. `damaged`
    rows of the ledger cannot be read, and are in no sum.
    """

    by: SumKey
    rows: Mapping[str, CostTotals]
    total: CostTotals
    shared: int = 0
    damaged: int = 0

    def to(self, form: str) -> Lines:
        """The summary as one of the `SUMMARY_FORMS`.

        Raises:
            UsageError: it has no such form.
        """
        if form not in SUMMARY_FORMS:
            raise UsageError(f"sums have no form {form}: use {', '.join(SUMMARY_FORMS)}")
        return SUMMARY_FORMS[form](self)

    @property
    def total_in_words(self) -> str:
        """What the last row is called."""
        return f"{_TOTAL}, each job once" if self.shared else _TOTAL

    def named(self) -> list[tuple[str, CostTotals]]:
        """The rows by their names for people."""
        unnamed = {SumKey.TAG: _NO_TAG, SumKey.PROFILE: _NO_PROFILE}
        return [(key or unnamed.get(self.by, key), totals) for key, totals in self.rows.items()]


def cost_summary(
    histories: Mapping[JobId, JobHistory], by: SumKey, tags: Mapping[JobId, tuple[str, ...]], damaged: int = 0
) -> CostSummary:
    """What the attempts of these jobs came to; a day is that of the submit, in UTC."""
    rows: dict[str, CostTotals] = defaultdict(lambda: NO_TOTALS)
    shared = 0
    for who, history in histories.items():
        keys = _keys(by, who, tags)
        shared += len(keys(None)) > 1 and bool(CostTotals.of(history.attempts).attempts)
        for attempt in history.attempts:
            one = CostTotals.of([attempt])
            for key in keys(attempt) if one.attempts else ():
                rows[key] = rows[key].plus(one)
    total = CostTotals.of(attempt for history in histories.values() for attempt in history.attempts)
    return CostSummary(by, dict(sorted(rows.items())), total, shared, damaged)


def _keys(by: SumKey, who: JobId, tags: Mapping[JobId, tuple[str, ...]]) -> Callable[[Attempt | None], tuple[str, ...]]:
    """The rows in which an attempt of a job counts; without one, those of all of them."""
    match by:
        case SumKey.DAY:
            return lambda attempt: (day_of(attempt.opened_at_s).isoformat(),) if attempt else ()
        case SumKey.MODEL:
            return lambda attempt: (attempt.request.model,) if attempt else ()
        case SumKey.TAG:
            return lambda _: tags.get(who) or ("",)
        case SumKey.PROFILE:
            return lambda _: (who.profile,)
        case SumKey.MANIFEST:
            return lambda _: (who.manifest,)


def _table(summary: CostSummary) -> Lines:
    headers = (summary.by.value, "clips", "estimated", "reserved", "billed", "refunded")
    lines = [*summary.named(), (summary.total_in_words, summary.total)]
    amounts = [[getattr(totals, each) for each in _MONEY] for _, totals in lines]
    places = max(_places(usd) for row in amounts for usd in row)
    rows = [
        (name, str(totals.clips), *(f"${usd:,.{places}f}" for usd in row))
        for (name, totals), row in zip(lines, amounts, strict=True)
    ]
    whole = table(headers, rows, ("left", *["right"] * (len(headers) - 1)))
    return stacked(whole, in_lines("", *_sentences(summary)))


def _places(usd: Decimal) -> int:
    """How many decimals an amount is shown with, so that what is shown adds up: cents, or what is below them."""
    exponent = round(usd, _DECIMALS).normalize().as_tuple().exponent
    return max(-exponent, _CENTS) if isinstance(exponent, int) else _CENTS


def _sentences(summary: CostSummary) -> list[str]:
    total = summary.total
    lines = [f"cost so far {dollars(total.cost_usd)}: {dollars(total.billed_usd)} billed"]
    lines[0] += f", {dollars(total.reserved_usd)} reserved without a bill yet" if total.reserved_usd else ""
    if summary.shared:
        which = (
            "1 job has several tags and counts"
            if summary.shared == 1
            else f"{summary.shared} jobs have several tags and count"
        )
        lines.append(f"{which} in the row of each tag, and once in the total")
    if summary.damaged:
        lines.append(f"{plural(summary.damaged, 'damaged row')} of the ledger cannot be read, and may be missing here")
    return lines


def _json(summary: CostSummary) -> Lines:
    rows = [{summary.by.value: key, **_object(totals)} for key, totals in summary.rows.items()]
    whole = {
        "by": summary.by.value,
        "rows": rows,
        "total": _object(summary.total),
        "jobs_in_several_rows": summary.shared,
        "damaged_rows": summary.damaged,
    }
    return Lines(json_text(whole, indent=2))


def _csv(summary: CostSummary) -> Lines:
    rows = [{summary.by.value: name, **_object(totals)} for name, totals in summary.named()]
    last = {summary.by.value: summary.total_in_words, **_object(summary.total)}
    return sheet_text((summary.by.value, *_object(NO_TOTALS)), [*rows, last])


def _object(totals: CostTotals) -> dict[str, Any]:
    money = {name: _usd(getattr(totals, name)) for name in (*_MONEY, "cost_usd")}
    return {"clips": totals.clips, "attempts": totals.attempts, **money}


def _usd(amount: Decimal) -> float:
    return float(round(amount, _DECIMALS))


SUMMARY_FORMS: Mapping[str, Callable[[CostSummary], Lines]] = {"table": _table, "json": _json, "csv": _csv}
