"""What `retry` and `redo` decide: which jobs are to be submitted again, each after which attempt."""

from collections.abc import Iterable, Iterator, Mapping

from batchrunner.ledger import RunRecord
from batchrunner.nouns.facts import Mark, MarkKind
from batchrunner.nouns.job import Identity
from batchrunner.nouns.status import Status
from batchrunner.plan import Options
from batchrunner.runner import Seen

# What a job must be for a decision to have a meaning.
_STATUSES: Mapping[MarkKind, frozenset[Status]] = {
    MarkKind.RETRY: frozenset({Status.FAILED}),
    MarkKind.REDO: frozenset({Status.DONE, Status.RENDERED, Status.EXPIRED}),
}
_INSTEAD: Mapping[Status, str] = {
    Status.RUNNING: "it is brought to its end first",
    Status.RENDERED: "its clip is fetched first",
    Status.DONE: "`batchrunner redo` pays again",
    Status.FAILED: "`batchrunner retry` submits it again",
    Status.EXPIRED: "`batchrunner redo` pays again",
    Status.UNKNOWN: "`batchrunner resolve` says what became of it first",
}
_FINISHED = (0, 1)


def decisions(
    seen: Iterable[Seen], options: Options, kind: MarkKind, last: RunRecord | None, now_s: float
) -> tuple[tuple[Identity, Mark], ...]:
    """One mark for each job that is meant.

    The same command again, after a run that did not come to its end, goes on with that one: what it has done already
    is not marked a second time.
    """
    return tuple(_marks(seen, options, kind, last, now_s))


def left_out(seen: Iterable[Seen], options: Options, kind: MarkKind) -> list[str]:
    """A sentence for each job that was named in vain: the decision has no meaning for it as it stands."""
    return [
        f"{each.identity.name} is {each.step.status}, {kind} does nothing with it: {_INSTEAD[each.step.status]}"
        for each in seen
        if each.job is not None and options.only is not None and each.job.name in options.only
        if each.step.status in _INSTEAD and each.step.status not in _STATUSES[kind]
    ]


def _marks(
    seen: Iterable[Seen], options: Options, kind: MarkKind, last: RunRecord | None, now_s: float
) -> Iterator[tuple[Identity, Mark]]:
    for each in seen:
        attempt = each.step.attempt
        if each.job is None or (options.only is not None and each.job.name not in options.only):
            continue
        if attempt is None or attempt.is_open or each.step.status not in _STATUSES[kind]:
            continue
        if not (_goes_on(last, kind) and last and attempt.run_id == last.id):
            yield each.identity, Mark(now_s, kind, each.memory.next_number - 1, each.job.request)


def _goes_on(last: RunRecord | None, kind: MarkKind) -> bool:
    return last is not None and last.command == kind and last.exit_code not in _FINISHED
