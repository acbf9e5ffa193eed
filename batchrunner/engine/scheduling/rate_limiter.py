"""The rate limiter: when the next request may leave (GCRA), and what share of the account's rate is ours (AIMD)."""

import math
from collections import deque
from dataclasses import dataclass, field

# A little slower than published: the network bunches together what was sent apart.
_SLACK = 1.01
_MOST_BURST = 5
_BURST_SHARE = 0.03

# Somebody else on the account: give way by a fifth on a refusal and by a tenth on a hint, take back slowly.
_SHARE_AFTER_REFUSAL = 0.8
_SHARE_AFTER_HINT = 0.9
_LEAST_SHARE = 0.05
_SHARE_REGAINED_PER_S = 0.1 / 60.0
_SAME_TROUBLE_S = 15.0
_NEARLY_NOTHING_LEFT = 0.06
_CLEARLY_OTHERS = 0.1
_WINDOW_S = 60.0


@dataclass(slots=True)
class RateLimiter:
    """Requests of all kinds per minute: evenly spaced, with a small burst, and paused for everyone at once.

    The generic cell rate algorithm (GCRA): a virtual clock runs ahead by one spacing a request; a request may leave
    when it is at most a burst ahead. A poll leaves only when it is not ahead at all: so there is always room for the
    submit that follows on what it found.

    The account may have other users. Then the rate is a share of the limit, with additive increase and multiplicative
    decrease (AIMD): less after a refusal, or when the account is nearly used up by more than we sent; and slowly more
    again while it is quiet. So several runs converge.
    """

    per_min: int
    most_per_min: int | None = None
    _ahead_until_s: float = 0.0
    _paused_until_s: float = 0.0
    _share: float = 1.0
    _trouble_at_s: float = -math.inf
    _sent_at_s: deque[float] = field(default_factory=deque)

    def wait_s(self, now_s: float, *, is_poll: bool = False) -> float:
        """How long the next request has to wait; 0 or less: it may leave now."""
        burst_s = 0.0 if is_poll else (self._burst - 1) * self._spacing_s(now_s)
        return max(self._ahead_until_s - burst_s, self._paused_until_s) - now_s

    def book(self, now_s: float) -> None:
        """A request leaves now."""
        self._ahead_until_s = max(self._ahead_until_s, now_s) + self._spacing_s(now_s)
        self._sent_at_s.append(now_s)
        while self._sent_at_s[0] <= now_s - _WINDOW_S:
            self._sent_at_s.popleft()

    def pause(self, until_s: float) -> None:
        """Nobody sends before this time."""
        self._paused_until_s = max(self._paused_until_s, until_s)

    def pause_s(self, now_s: float) -> float:
        """How long nobody sends any more; 0 if there is no pause."""
        return max(self._paused_until_s - now_s, 0.0)

    def limit(self, per_min: int) -> None:
        """The service says what it allows: the rate is that, but never above what somebody wants."""
        most = per_min if self.most_per_min is None else min(self.most_per_min, per_min)
        self.per_min = max(1, most)

    def refused(self, now_s: float) -> None:
        """A request was one too many (`rate`)."""
        self._back_off(_SHARE_AFTER_REFUSAL, now_s)

    def remaining(self, left: int, of_per_min: int, now_s: float) -> None:
        """The service says how many more requests it would take at this moment, and how many it takes a minute."""
        ours = sum(1 for at_s in self._sent_at_s if at_s > now_s - _WINDOW_S)
        others = of_per_min - left - ours
        if left <= of_per_min * _NEARLY_NOTHING_LEFT and others > of_per_min * _CLEARLY_OTHERS:
            self._back_off(_SHARE_AFTER_HINT, now_s)

    def share(self, now_s: float) -> float:
        """What of the limit is ours at this moment: more than 0, at most 1."""
        quiet_s = max(now_s - self._trouble_at_s, 0.0)
        return min(self._share + quiet_s * _SHARE_REGAINED_PER_S, 1.0)

    def _back_off(self, to_share: float, now_s: float) -> None:
        # what was on the wire at once is one trouble
        if now_s >= self._trouble_at_s + _SAME_TROUBLE_S:
            self._share = max(self.share(now_s) * to_share, _LEAST_SHARE)
            self._trouble_at_s = now_s

    @property
    def _burst(self) -> int:
        return max(1, min(_MOST_BURST, round(self.per_min * _BURST_SHARE)))

    def _spacing_s(self, now_s: float) -> float:
        # a burst and what follows it, evenly spaced, are never more than `per_min` in any 60 seconds
        return _WINDOW_S / (self.per_min - self._burst + 1) * _SLACK / self.share(now_s)
