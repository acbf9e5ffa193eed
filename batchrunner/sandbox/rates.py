"""The limit on requests: a window of 60 seconds that slides."""

import math
from collections import deque
from collections.abc import Mapping

_WINDOW_S = 60.0


class RateWindow:
    """Counts the requests that were admitted; those refused do not count, so that waiting always helps."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._admitted_s: deque[float] = deque()

    def admit(self, now_s: float) -> bool:
        """Whether one more request is within the limit; if so it is counted."""
        self._forget(now_s)
        if len(self._admitted_s) >= self._limit:
            return False
        self._admitted_s.append(now_s)
        return True

    def headers(self, now_s: float) -> Mapping[str, str]:
        """The limit a minute, what is left of it, and when more comes free, in whole Unix seconds."""
        self._forget(now_s)
        oldest_s = self._admitted_s[0] if self._admitted_s else now_s
        return {
            "x-ratelimit-limit": str(self._limit),
            "x-ratelimit-remaining": str(self._limit - len(self._admitted_s)),
            "x-ratelimit-reset": str(math.ceil(oldest_s + _WINDOW_S)),
        }

    def _forget(self, now_s: float) -> None:
        while self._admitted_s and self._admitted_s[0] <= now_s - _WINDOW_S:
            self._admitted_s.popleft()
