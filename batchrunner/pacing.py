"""Arithmetic of waiting, apart from the waiting itself: the pace of requests, and caution after vanished money."""

from dataclasses import dataclass

# A little slower than published: the network bunches together what was sent apart.
_SLACK = 1.02
_MOST_BURST = 5

MOST_UNKNOWNS = 5
_CAUTION_LEAST_S = 5.0
_CAUTION_MOST_S = 300.0
_MOST_DOUBLINGS = 30


@dataclass(slots=True)
class Pace:
    """Requests of all kinds per minute: evenly spaced, with a small burst, and paused for everyone at once.

    A virtual clock runs ahead by one spacing a request; a request may leave when it is at most a burst ahead.
    """

    per_min: int
    _ahead_until_s: float = 0.0
    _paused_until_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long the next request has to wait; 0 or less: it may leave now."""
        burst_s = (self._burst - 1) * self._spacing_s
        return max(self._ahead_until_s - burst_s, self._paused_until_s) - now_s

    def book(self, now_s: float) -> None:
        """A request leaves now."""
        self._ahead_until_s = max(self._ahead_until_s, now_s) + self._spacing_s

    def pause(self, until_s: float) -> None:
        """Nobody sends before this time."""
        self._paused_until_s = max(self._paused_until_s, until_s)

    def limit(self, per_min: int) -> None:
        """The service says what it allows: the pace is never above it."""
        self.per_min = max(1, min(self.per_min, per_min))

    @property
    def _burst(self) -> int:
        return max(1, min(_MOST_BURST, self.per_min // 10))

    @property
    def _spacing_s(self) -> float:
        # a burst and what follows it, evenly spaced, are never more than `per_min` in any 60 seconds
        return 60.0 / (self.per_min - self._burst + 1) * _SLACK


@dataclass(slots=True)
class Caution:
    """After an unknown outcome: submits go one at a time, later and later, until one is accepted.

    Five unknowns without an acceptance between them halt the submits.
    """

    unknowns: int = 0
    _troubles: int = 0
    _not_before_s: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether submits go one at a time."""
        return self._troubles > 0

    @property
    def is_over(self) -> bool:
        """Whether no more money is risked in this run."""
        return self.unknowns >= MOST_UNKNOWNS

    def wait_s(self, now_s: float) -> float:
        """How long the next careful submit has to wait."""
        return self._not_before_s - now_s

    def unknown(self, now_s: float) -> None:
        """An outcome is unknown: it may have been paid."""
        self.unknowns += 1
        self.trouble(now_s)

    def trouble(self, now_s: float) -> None:
        """The service cannot be reached, or a free request is not answered."""
        self._troubles += 1
        wait_s = backoff_s(self._troubles, _CAUTION_LEAST_S, _CAUTION_MOST_S)
        self._not_before_s = max(self._not_before_s, now_s + wait_s)

    def accepted(self) -> None:
        """One was accepted: all is well."""
        self.unknowns = self._troubles = 0
        self._not_before_s = 0.0


def backoff_s(tries: int, least_s: float = 1.0, most_s: float = 60.0) -> float:
    """How long to wait after so many failed tries of something free: doubling between two bounds."""
    return float(min(least_s * 2.0 ** min(max(tries - 1, 0), _MOST_DOUBLINGS), most_s))


def poll_wait_s(age_s: float) -> float:
    """How long to wait before asking for a task of this age: a quarter of it, between 2 and 15 seconds."""
    return min(max(age_s / 4.0, 2.0), 15.0)


@dataclass(slots=True)
class Full:
    """After a `concurrent` refusal: only a finishing task helps, or time if the tasks are somebody else's."""

    _refusals: int = 0
    _not_before_s: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the last submit found no slot: then they go one at a time."""
        return self._refusals > 0

    def refused(self, now_s: float) -> None:
        """The account has no free slot."""
        self._refusals += 1
        self._not_before_s = now_s + backoff_s(self._refusals, 5.0)

    def freed(self) -> None:
        """A task of ours ended: a slot may be free."""
        self._not_before_s = 0.0

    def accepted(self) -> None:
        """There was a slot."""
        self._refusals = 0
        self._not_before_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long until it is worth trying again."""
        return self._not_before_s - now_s
