"""Latency models: how long tasks of each kind take, from what the ledger remembers and what this run sees."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from operator import itemgetter

from batchrunner.domain.history import JobHistory
from batchrunner.domain.request import Request
from batchrunner.engine.scheduling.latency_model import LatencyModel

_MOST = 400
# A task was seen waiting shortly before it was seen ended: polls come often where an end is likely.
_SEEN_BEFORE = 0.97
# Where nothing is known of a kind, what is known of others is its prior, blurred by these factors: a longer clip or a
# larger picture takes another time, but seldom one of another order.
_MOST_OF_OTHERS = 30
_BLURRED = (0.5, 0.65, 0.8, 1.0, 1.25, 1.6, 2.0)


# Requests of one kind are rendered in about the same time.
KindOf = Callable[[Request], tuple[object, ...]]


class LatencyModels:
    """One latency model for each kind of request.

    Where nothing is known of a kind, it begins with what is known of other kinds of its model, else of all others; a
    wide one where nothing is known at all.
    """

    def __init__(self, histories: Iterable[JobHistory], kind_of: KindOf) -> None:
        self._kind_of = kind_of
        took: dict[tuple[object, ...], list[tuple[float, float]]] = defaultdict(list)
        for history in histories:
            for attempt in history.attempts:
                if attempt.took_s is not None:
                    took[kind_of(attempt.request)].append((attempt.opened_at_s, attempt.took_s))
        self._took = took
        self._by_kind = {kind: _learned(seen) for kind, seen in took.items()}

    def of(self, request: Request) -> LatencyModel:
        """The model for tasks that ask for such a clip."""
        kind = self._kind_of(request)
        if kind not in self._by_kind:
            self._by_kind[kind] = LatencyModel(prior=self._of_others(kind))
        return self._by_kind[kind]

    def _of_others(self, kind: tuple[object, ...]) -> LatencyModel | None:
        same_model = [one for other, seen in self._took.items() if other[:1] == kind[:1] for one in seen]
        known = same_model or [one for seen in self._took.values() for one in seen]
        newest = _newest(known, _MOST_OF_OTHERS)
        return _model_of(took_s * factor for factor in _BLURRED for took_s in newest) if newest else None


def _learned(seen: list[tuple[float, float]]) -> LatencyModel:
    return _model_of(_newest(seen, _MOST))


def _newest(seen: Iterable[tuple[float, float]], most: int) -> list[float]:
    """Those that were submitted last. By their ends the longest of each wave would be the newest, and count most."""
    return [took_s for _, took_s in sorted(seen, key=itemgetter(0))[-most:]]


def _model_of(took_s: Iterable[float]) -> LatencyModel:
    return LatencyModel((each_s * _SEEN_BEFORE, each_s) for each_s in took_s)
