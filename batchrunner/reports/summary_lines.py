"""What a plan comes to, as people and programs read it: the same before `run` asks as in `plan`."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from batchrunner.domain.money import NOTHING, dollars
from batchrunner.domain.step import HoldReason
from batchrunner.domain.text import duration, local, plural, utc, with_retries
from batchrunner.planning.plan_summary import PAID, Group, PlannedChange, PlanSummary

_MOST_NAMES = 10
CHANGE_WORDS: Mapping[PlannedChange, str] = {
    PlannedChange.NEW: "new",
    PlannedChange.REPLACED: "replaced",
    PlannedChange.EDITED: "edited, without a clip so far",
    PlannedChange.RETRIED: "retried",
    PlannedChange.RESUBMITTED: "refused before, submitted again",
    PlannedChange.REDONE: "redone",
    PlannedChange.PAID_AGAIN: "paid again",
    PlannedChange.TAKEN_OVER: "taken over",
    PlannedChange.RESTORED: "restored",
    PlannedChange.RENDERING: "rendering",
    PlannedChange.DOWNLOADED: "downloaded",
    PlannedChange.IN_PLACE: "in place",
    PlannedChange.HELD: "held",
    PlannedChange.FAILED: "failed",
    PlannedChange.DONE: "done",
}
# What holds jobs that no run has touched yet, and what helps.
_HELD: Mapping[HoldReason, tuple[str, str]] = {
    HoldReason.UNKNOWN: ("may have been paid", "`batchrunner resolve` records what became of them"),
    HoldReason.DAMAGED: ("the ledger is damaged", "restore an intact copy of it"),
    HoldReason.EXPIRED: ("paid, and the service no longer has the result", "`batchrunner redo` pays again"),
    HoldReason.FOREIGN_FILE: ("their path is taken by another file or job", "move it, or give them another `output:`"),
    HoldReason.COST_LIMIT: ("over the cost limit", "raise --max-cost or `budget`"),
    HoldReason.WAITS_FOR_REUSE: ("the same clip is being rendered", "it is taken over for free"),
    HoldReason.IN_FLIGHT: ("being submitted right now", ""),
}


def sum_lines(summary: PlanSummary) -> Iterator[str]:
    """How many jobs of which kind, each kind with its sum, the total, and what limits it."""
    yield f"{summary.title}: {plural(summary.jobs, 'job')}"
    yield from _group_lines(summary)
    if not summary.clips:
        yield "nothing to pay"
    else:
        yield f"{plural(summary.clips, 'clip')} to render: {summary.basis.sum_in_words(summary.cost)}"
        if summary.retries and summary.most_usd is not None:
            yield f"  {with_retries(summary.retries, summary.most_usd)}"
        limits = [
            ("cost limit of this run", summary.max_cost_usd),
            ("left of the manifest's budget", summary.budget_left_usd),
        ]
        yield from (f"  {words}: {dollars(max(usd, NOTHING))}" for words, usd in limits if usd is not None)
    if summary.uncovered:
        covered = f"{summary.clips} of {summary.clips + len(summary.uncovered)}"
        yield f"  the cost limit covers {covered}; not covered: {_names(summary.uncovered)}"
    if summary.unpriced:
        yield f"  no known price: {_names(summary.unpriced)}"


def detail_lines(summary: PlanSummary) -> Iterator[str]:
    """When it ends, what the sum is made of, what has to be looked at before, and what leaves the machine."""
    if summary.expected_s > 0:
        takes = f"about {duration(summary.expected_s)} with {summary.concurrency} at once"
        yield f"  expected: {takes}, until {local(summary.ends_at_s)}"
    yield from (f"  {line}" for line in summary.basis.lines())
    if summary.refused:
        slugs = _names(summary.refused)
        yield f"  `run` refuses {slugs}: the contract has changed; look at it with `{summary.check_command}`"
    yield from (f"  {line}" for line in summary.outgoing.lines())


def _group_lines(summary: PlanSummary) -> Iterator[str]:
    left = sum(group.jobs for group in summary.removed)
    wide = max((len(str(jobs)) for jobs in (*(group.jobs for group in summary.groups), left)), default=1)
    for group in summary.groups:
        yield f"  {group.jobs:>{wide}} {_words(group, summary)}"
        if (
            group.change is PlannedChange.REPLACED
            and summary.max_replaced is not None
            and group.jobs > summary.max_replaced
        ):
            allow = f"--max-replace {group.jobs} or --plan to `run`"
            yield f"  {'':>{wide}} that is more than {summary.max_replaced}: to allow it, pass {allow}"
    if left:
        paid = sum((group.paid_usd for group in summary.removed), NOTHING)
        yield f"  {left:>{wide}} no longer in the manifest, still to be finished{_paid(paid)}"


def _words(group: Group, summary: PlanSummary) -> str:
    """`60 replaced: $154.56 (had cost $154.56; changed: …)`, without the number."""
    words, paid = CHANGE_WORDS[group.change], group.paid_usd
    if group.change in PAID:
        return f"{words}: {_sum(group)}{_had_cost(group, summary)}"
    match group.change:
        case PlannedChange.TAKEN_OVER | PlannedChange.RESTORED:
            return f"{words}: $0.00"
        case PlannedChange.HELD:
            return _held(group)
        case PlannedChange.FAILED:
            cost = f"at most {dollars(paid)} paid" if paid else "not charged"
            return f"{words}: {cost}; `batchrunner retry` submits them again"
        case _:
            return f"{words}{_paid(paid)}"


def _sum(group: Group) -> str:
    if group.unpriced == group.jobs:
        return "no known price"
    return f"{group.cost}, and {group.unpriced} without a known price" if group.unpriced else str(group.cost)


def _had_cost(group: Group, summary: PlanSummary) -> str:
    if not group.replaced:
        return ""
    had = f"had cost {dollars(group.paid_usd)}"
    if group.change is PlannedChange.REPLACED:
        return f" ({had}; changed: {summary.replaced.why()})"
    clips = "" if group.replaced == group.jobs else f"{plural(group.replaced, 'clip')} of them "
    return f" ({clips}{had}; as requested)"


def _held(group: Group) -> str:
    words, help_ = reason_and_help(group)
    sums = [dollars(group.paid_usd)] if group.paid_usd else []
    sums += [f"would cost {group.held_cost}"] if group.held_cost.high_usd else []
    in_sum = f" ({', '.join(sums)})" if sums else ""
    return f"held: {words}{in_sum}" + (f"; {help_}" if help_ else "")


def reason_and_help(group: Group) -> tuple[str, str]:
    """Why jobs are held, in words, and what helps; empty where nothing has to be done, or where jobs are not held."""
    if group.hold_reason is None:
        return "", ""
    plain = group.hold_reason.value.replace("-", " ")
    return (group.why, "") if group.why else _HELD.get(group.hold_reason, (plain, ""))


def _paid(usd: Decimal) -> str:
    return f": already paid {dollars(usd)}" if usd else ""


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def summary_as_json(summary: PlanSummary) -> dict[str, Any]:
    """The same for programs, with every name."""
    return {
        "title": summary.title,
        "jobs": summary.jobs,
        "groups": [_group_as_json(group) for group in summary.groups],
        "removed": [_group_as_json(group) for group in summary.removed],
        "clips": summary.clips,
        "cost": summary.cost.as_json(),
        "at_most_usd": _number(summary.most_usd),
        "max_cost_usd": _number(summary.max_cost_usd),
        "budget_left_usd": _number(summary.budget_left_usd),
        "not_covered": list(summary.uncovered),
        "unpriced": list(summary.unpriced),
        "max_replaced": summary.max_replaced,
        "concurrency": summary.concurrency,
        "expected_until": utc(summary.ends_at_s),
        "changed_contracts": list(summary.refused),
    }


def _group_as_json(group: Group) -> dict[str, Any]:
    reason, help_ = reason_and_help(group)
    return {
        "change": group.change.value,
        "jobs": group.jobs,
        "cost": group.cost.as_json(),
        "unpriced": group.unpriced,
        "paid_usd": float(group.paid_usd),
        "replaced": group.replaced,
        "block": group.hold_reason.value if group.hold_reason else None,
        "reason": reason or None,
        "help": help_ or None,
        "held_cost": group.held_cost.as_json(),
    }


def _number(usd: Decimal | None) -> float | None:
    return None if usd is None else float(usd)
