"""Latency models: how long tasks of each kind take, from what the ledger remembers and what this run sees."""

from collections import defaultdict
from collections.abc import Iterable

from batchrunner.catalog import latency_kind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.request import Request
from batchrunner.engine.scheduling.latency_model import LatencyModel

_MOST = 400
# A task was seen waiting shortly before it was seen ended: polls come often where an end is likely.
_SEEN_BEFORE = 0.97


class LatencyModels:
    """One latency model for each model, duration and resolution; a wide one where nothing is known of a kind."""

    def __init__(self, histories: Iterable[JobHistory]) -> None:
        took: dict[tuple[object, ...], list[tuple[float, float]]] = defaultdict(list)
        for history in histories:
            for attempt in history.attempts:
                if attempt.took_s is not None:
                    took[latency_kind(attempt.request)].append((attempt.opened_at_s + attempt.took_s, attempt.took_s))
        self._by_kind = {kind: _learned(seen) for kind, seen in took.items()}

    def of(self, request: Request) -> LatencyModel:
        """The model for tasks that ask for such a clip."""
        return self._by_kind.setdefault(latency_kind(request), LatencyModel())


def _learned(seen: list[tuple[float, float]]) -> LatencyModel:
    newest = [took_s for _, took_s in sorted(seen)[-_MOST:]]
    return LatencyModel((took_s * _SEEN_BEFORE, took_s) for took_s in newest)
