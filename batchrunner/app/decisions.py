"""What `retry` and `redo` decide: which jobs are to be submitted again, each after which attempt."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from batchrunner.app.run_options import RunOptions
from batchrunner.app.selection import matching
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.status import Status
from batchrunner.planning.batch import Batch, JobState
from batchrunner.planning.inputs import PlanOptions
from batchrunner.storage.interface import LedgerReader

# What a job must be for a decision to have a meaning.
_STATUSES: Mapping[DecisionKind, frozenset[Status]] = {
    DecisionKind.RETRY: frozenset({Status.FAILED}),
    DecisionKind.REDO: frozenset({Status.DONE, Status.RENDERED, Status.EXPIRED}),
}
_INSTEAD: Mapping[Status, str] = {
    Status.PENDING: "`batchrunner run` submits it",
    Status.RUNNING: "wait until it has ended",
    Status.RENDERED: "`batchrunner fetch` downloads its clip first",
    Status.DONE: "`batchrunner redo` pays again",
    Status.FAILED: "`batchrunner retry` submits it again",
    Status.EXPIRED: "`batchrunner redo` pays again",
    Status.UNKNOWN: "first record with `batchrunner resolve` what became of it",
}
# So many names are told, and the number of the others.
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Orders:
    """The decisions of one kind that are not finished, by name: the jobs that each still has to bring to their end.

    One that has none left was cut off in its last moment: nobody was told how it ended.
    """

    left: Mapping[str, tuple[str, ...]]

    def hold(self, decision: Decision | None) -> bool:
        """Whether a job's decision belongs to one of them."""
        return decision is not None and decision.decision in self.left


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision comes to: new decisions, the names of the only jobs that it submits, and what is said.

    `over_limit` are the names of those that it would submit without a limit.
    """

    decisions: tuple[tuple[JobId, Decision], ...]
    only: frozenset[str]
    over_limit: frozenset[str]
    notes: tuple[str, ...]


def unfinished(seen: Iterable[JobState], kind: DecisionKind, last_ended_run: int) -> Orders:
    """The orders that the same command goes on with: a job has not come to its end, or their run was cut off.

    `seen` are all jobs, with the retries that they have left; `last_ended_run` is the newest run of the manifest that
    came to its own end.
    """
    left: dict[str, list[str]] = {}
    for each in seen:
        decision = _order(each, kind)
        if decision is None:
            continue
        if each.step.status is Status.PENDING or each.history.open_attempt:
            left.setdefault(decision.decision, []).append(each.identity.name)
        elif any(a.run_id > last_ended_run and a.made_on is None for a in each.history.attempts_of(decision)):
            left.setdefault(decision.decision, [])
    return Orders({decision: tuple(names) for decision, names in left.items()})


def decide(
    chosen: Iterable[JobState],
    kind: DecisionKind,
    orders: Orders,
    now_s: float,
    *,
    spelt: AbstractSet[str] = frozenset(),
    limit: int | None = None,
) -> Decided:
    """The decision for those of the chosen jobs for which it has a meaning as they stand, or the first N of them.

    What belongs to an order that is not finished is not marked a second time: it was submitted again already, or will
    be now. `spelt` are names that somebody typed: where the decision does nothing with one, that is said.
    """
    chosen = list(chosen)
    new = {each.identity for each in chosen if _has_meaning(each, kind) and not orders.hold(_order(each, kind))}
    due = [each for each in chosen if each.identity in new or _is_left(each, kind, orders)]
    meant = due[:limit]
    decisions = [
        (each.identity, Decision(now_s, kind, each.history.next_number - 1, each.job.request))
        for each in meant
        if each.job is not None and each.identity in new
    ]
    return Decided(
        tuple(decisions),
        frozenset(each.identity.name for each in meant),
        frozenset(each.identity.name for each in due[len(meant) :]),
        (*_carried_out(chosen, kind, orders), *_in_vain(chosen, kind, orders, spelt)),
    )


def decided_by(options: RunOptions, batch: Batch, ledger: LedgerReader, retries: int, now_s: float) -> Decided | None:
    """What `retry` and `redo` decide; it is judged by how the jobs stand before anything is marked."""
    if options.marking is None:
        return None
    seen = batch.first_steps(PlanOptions(), None)  # a job that failed has failed, whatever retries it has left
    chosen = matching(options.selection, seen, batch.catalog)
    to_come = batch.first_steps(PlanOptions(retries=retries), None)
    orders = unfinished(to_come, options.marking, ledger.last_ended_run(batch.name, batch.profile))
    return decide(chosen, options.marking, orders, now_s, spelt=options.selection.spelt, limit=options.limit)


def limited_to(decided: Decided, options: PlanOptions) -> PlanOptions:
    """The options of a run that carries out a decision, and pays for nothing else."""
    return replace(options, only=decided.only, over_limit=decided.over_limit)


def with_decisions(batch: Batch, decisions: Iterable[tuple[JobId, Decision]]) -> Batch:
    """The batch as it will be once these decisions are on record."""
    histories = dict(batch.histories)
    for identity, decision in decisions:
        histories[identity] = replace(histories[identity], decisions=(*histories[identity].decisions, decision))
    return replace(batch, histories=histories)


def _order(each: JobState, kind: DecisionKind) -> Decision | None:
    """The last decision about what the job asks for now, if it is one of this kind."""
    decision = each.history.last_decision(each.job.request, DecisionKind.RETRY, DecisionKind.REDO) if each.job else None
    return decision if decision is not None and decision.kind is kind else None


def _has_meaning(each: JobState, kind: DecisionKind) -> bool:
    attempt = each.step.attempt
    return each.job is not None and attempt is not None and not attempt.is_open and each.step.status in _STATUSES[kind]


def _is_left(each: JobState, kind: DecisionKind, orders: Orders) -> bool:
    """Whether an order that is not finished has to bring this job to its end."""
    decision = _order(each, kind)
    return decision is not None and each.identity.name in orders.left.get(decision.decision, ())


def _carried_out(chosen: Sequence[JobState], kind: DecisionKind, orders: Orders) -> list[str]:
    """What is said of jobs that an unfinished order has submitted again already: they are not paid a third time."""
    found: dict[str, list[str]] = {}
    for each in chosen:
        decision = _order(each, kind)
        if decision and orders.hold(decision) and _has_meaning(each, kind) and not _is_left(each, kind, orders):
            found.setdefault(decision.decision, []).append(each.identity.name)
    return [_already(names, kind, orders.left[decision]) for decision, names in found.items()]


def _already(names: Sequence[str], kind: DecisionKind, left: Sequence[str]) -> str:
    how = f"which continues with {_named(left)}" if left else "which was stopped just before its end"
    return f"already submitted again by this {kind}, {how}: {_named(names)}; when it has ended, {kind} pays again"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _in_vain(chosen: Sequence[JobState], kind: DecisionKind, orders: Orders, spelt: AbstractSet[str]) -> list[str]:
    """What is said of jobs for which such a decision has no meaning as they stand."""
    useless = [each for each in chosen if not _has_meaning(each, kind) and not _will_be(each, kind, orders)]
    named = [each for each in useless if each.identity.name in spelt]
    if not named and useless and len(useless) == len(chosen):
        *others, last = sorted(_STATUSES[kind])
        meant = f"{', '.join(others)} or {last}" if others else last
        return [f"none of these jobs is {meant}: nothing to {kind}"]
    return [
        f"{each.identity.name} is {each.step.status}, {kind} does nothing with it: {_INSTEAD[each.step.status]}"
        for each in named
    ]


def _will_be(each: JobState, kind: DecisionKind, orders: Orders) -> bool:
    """Whether an unfinished order submits it now."""
    is_open = each.step.attempt is not None and each.step.attempt.is_open
    return _is_left(each, kind, orders) and not is_open
