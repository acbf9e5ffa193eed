"""What `retry` and `redo` decide: which jobs are to be submitted again, each after which attempt."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from batchrunner.ledger import RunRecord
from batchrunner.nouns.facts import Mark, MarkKind
from batchrunner.nouns.job import Identity
from batchrunner.nouns.status import Status
from batchrunner.runner import Seen

# What a job must be for a decision to have a meaning.
_STATUSES: Mapping[MarkKind, frozenset[Status]] = {
    MarkKind.RETRY: frozenset({Status.FAILED}),
    MarkKind.REDO: frozenset({Status.DONE, Status.RENDERED, Status.EXPIRED}),
}
_INSTEAD: Mapping[Status, str] = {
    Status.PENDING: "`batchrunner run` submits it",
    Status.RUNNING: "it is brought to its end first",
    Status.RENDERED: "its clip is fetched first",
    Status.DONE: "`batchrunner redo` pays again",
    Status.FAILED: "`batchrunner retry` submits it again",
    Status.EXPIRED: "`batchrunner redo` pays again",
    Status.UNKNOWN: "`batchrunner resolve` says what became of it first",
}
_FINISHED = (0, 1)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision comes to: marks that are new, the names of the only jobs that it submits, and what is said."""

    marks: tuple[tuple[Identity, Mark], ...]
    only: frozenset[str]
    notes: tuple[str, ...]


def decide(
    chosen: Iterable[Seen],
    kind: MarkKind,
    last: RunRecord | None,
    now_s: float,
    *,
    spelt: AbstractSet[str] = frozenset(),
    limit: int | None = None,
) -> Decided:
    """The decision for those of the chosen jobs for which it has a meaning as they stand, or the first N of them.

    The same command again, after a run that did not come to its end, goes on with that one: what it has done already
    is not marked a second time, and what it has not done yet needs no new mark. `spelt` are names that somebody
    typed: where the decision does nothing with one, that is said.
    """
    chosen = list(chosen)
    meant = [each for each in chosen if _is_begun(each, kind) or _is_new(each, kind, last)][:limit]
    marks = [
        (each.identity, Mark(now_s, kind, each.memory.next_number - 1, each.job.request))
        for each in meant
        if each.job is not None and not _is_begun(each, kind)
    ]
    notes = [_in_vain(each, kind) for each in chosen if each.identity.name in spelt and not _has_meaning(each, kind)]
    if not notes and not any(_has_meaning(each, kind) for each in chosen):
        notes = [f"none of these jobs is {' or '.join(sorted(_STATUSES[kind]))}: {kind} submits nothing"]
    return Decided(tuple(marks), frozenset(each.identity.name for each in meant), tuple(notes))


def _is_begun(each: Seen, kind: MarkKind) -> bool:
    """Whether this was decided before, and nothing was submitted since then."""
    mark = each.memory.open_mark(each.job.request) if each.job else None
    return mark is not None and mark.kind is kind


def _is_new(each: Seen, kind: MarkKind, last: RunRecord | None) -> bool:
    attempt = each.step.attempt
    if each.job is None or attempt is None or attempt.is_open or each.step.status not in _STATUSES[kind]:
        return False
    return not (last and _goes_on(last, kind) and attempt.run_id == last.id)


def _goes_on(last: RunRecord, kind: MarkKind) -> bool:
    return last.command == kind and last.exit_code not in _FINISHED


def _has_meaning(each: Seen, kind: MarkKind) -> bool:
    is_open = each.step.attempt is not None and each.step.attempt.is_open
    return _is_begun(each, kind) or (each.step.status in _STATUSES[kind] and not is_open)


def _in_vain(each: Seen, kind: MarkKind) -> str:
    status = each.step.status
    return f"{each.identity.name} is {status}, {kind} does nothing with it: {_INSTEAD[status]}"
