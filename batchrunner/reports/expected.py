"""How long a plan takes, by what clips took before."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable

from batchrunner.domain.history import JobHistory
from batchrunner.domain.request import Request

# Where nothing was rendered yet. Source: a Veo 3.1 clip takes 11 seconds to 6 minutes; of others nobody says it.
_GUESS_S = 90.0


def expected_s(
    requests: Iterable[Request],
    histories: Iterable[JobHistory],
    concurrency: int,
    kind_of: Callable[[Request], tuple[object, ...]],
) -> float:
    """How long these requests take, so many at once, one after the other in this order.

    Each takes what those of its kind took on average (`kind_of` gives it); where there are none, what all took; else a
    guess.
    """
    took_s: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for history in histories:
        for attempt in history.attempts:
            if attempt.took_s is not None:
                took_s[kind_of(attempt.request)].append(attempt.took_s)
    every = [seconds for each in took_s.values() for seconds in each] or [_GUESS_S]
    free_at_s = [0.0] * concurrency
    for request in requests:
        heapq.heapreplace(free_at_s, free_at_s[0] + _mean(took_s.get(kind_of(request)) or every))
    return max(free_at_s)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
