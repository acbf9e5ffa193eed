"""Latency models: how long tasks of each kind take, from what the ledger remembers and what this run sees."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from batchrunner.domain.history import JobHistory
from batchrunner.domain.request import Request
from batchrunner.engine.scheduling.latency_model import LatencyModel

_MOST = 400
# A task was seen waiting shortly before it was seen ended: polls come often where an end is likely.
_SEEN_BEFORE = 0.97


# Requests of one kind are rendered in about the same time.
KindOf = Callable[[Request], tuple[object, ...]]


class LatencyModels:
    """One latency model for each kind of request; a wide one where nothing is known of a kind."""

    def __init__(self, histories: Iterable[JobHistory], kind_of: KindOf) -> None:
        self._kind_of = kind_of
        took: dict[tuple[object, ...], list[tuple[float, float]]] = defaultdict(list)
        for history in histories:
            for attempt in history.attempts:
                if attempt.took_s is not None:
                    took[kind_of(attempt.request)].append((attempt.opened_at_s + attempt.took_s, attempt.took_s))
        self._by_kind = {kind: _learned(seen) for kind, seen in took.items()}

    def of(self, request: Request) -> LatencyModel:
        """The model for tasks that ask for such a clip."""
        return self._by_kind.setdefault(self._kind_of(request), LatencyModel())


def _learned(seen: list[tuple[float, float]]) -> LatencyModel:
    newest = [took_s for _, took_s in sorted(seen)[-_MOST:]]
    return LatencyModel((took_s * _SEEN_BEFORE, took_s) for took_s in newest)
