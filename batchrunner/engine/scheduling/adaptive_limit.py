"""The adaptive limit: how many tasks the account lets run, learned from what it accepts and refuses."""

import math
from collections.abc import Collection
from dataclasses import dataclass

START = 2

# One submit too many: seldom where the account was never seen to take more, soon where it did or nobody knows, for
# what another run leaves stands empty until it is tried. What was refused so often in a row is not to be had.
_FIRST_PROBE_S = 10.0
_LAST_PROBE_S = 600.0
_LAST_PROBE_FOR_MORE_S = 30.0
_MOST_REJECTED_PROBES = 20
# Each probe waits longer than the last (exponential backoff); hardly longer where others may still be there.
_LONGER = 2.0
_LONGER_IN_VAIN = 1.2

# While the limit grows, this many submits leave at once, and a share of the limit at most: the service's own
# round trips would make it slow, and each of them may cost a refusal in the end.
_STEPS_AT_ONCE = 4

# A speculative submit, for which a slot is only likely to be free: one refusal for 25 accepted, and rather for good
# chances than for bad ones.
_CREDIT_PER_TASK = 0.04
_MOST_CREDIT = 5.0
_SURE_ENOUGH = 0.9
_LIKELY_ENOUGH = 0.6
_MOST_EXCESS = 8
# Slots come free unseen far more often than an account is given more: unless the former was very unlikely, it is no
# news. Where a limit really rose, the next probes are accepted, too, and soon are.
_UNEXPECTED = 0.03


@dataclass(slots=True)
class AdaptiveLimit:
    """The learned limit of running tasks; a refusal costs one request and nothing else.

    "Running" counts the tasks that nobody saw ended, with the submits on the wire. It may exceed the limit: a slot
    that came free unseen was filled again.

    Upwards, the limit follows what was accepted without a slot being expected: at once while it grows, and by one
    submit too many now and then. Downwards, it follows a refusal; after each further one, twice as many slots have
    to come free before the next submit, so that a large fall costs few requests. A limit is held once a slot came free
    under it and was filled again; until more is held, every refusal is a rejected probe.

    Args:
        limit: what is remembered from earlier runs, else the start.
        most: what the user allows; the limit never exceeds it.
        known: what the account is thought to take when nobody else is there; any number where nothing is known of it.
            Where it was not remembered: what a published tier says, else where growing ended. After a fall before
            that somebody else may be there, and any number stays possible.
    """

    limit: int = START
    most: int = 1000
    known: float = math.inf
    _is_growing: bool = True
    _probe_wait_s: float = _FIRST_PROBE_S
    _probe_at_s: float = 0.0
    _shortfalls: int = 0
    _rejected_probes: int = 0
    _held: int = 0
    _credit: float = 2.0
    _is_guess: bool = True
    _published: Collection[int] | None = ()  # None after a fall: then somebody else may be there

    def __post_init__(self) -> None:
        self.most = max(self.most, 1)
        self.limit = min(max(self.limit, 1), self.most)

    def expect(self, published: Collection[int]) -> None:
        """Begins at what the account's tier is said to allow: one number, or the smallest of several.

        Whatever was learned, or remembered, wins over it.
        """
        if self._is_guess and self.known == math.inf and published:
            self.limit = min(max(*published, self.limit) if len(published) == 1 else self.limit, self.most)
            self._published = published
            if len(published) == 1:
                self.known = max(published)
                self._is_growing = False
        self._is_guess = False

    def may_submit(self, running: int, p_free: float, now_s: float) -> bool:
        """Whether one more may be submitted: there is room, a free slot is likely, or it is time to probe.

        `p_free` is the probability that a slot is free although the running tasks seem to take all.
        """
        if running == 0:
            return now_s >= self._probe_at_s  # after a refusal the account is full of somebody else's tasks
        if running <= self.limit - self._room:
            return True
        if running < self.limit:
            return now_s >= self._probe_at_s
        may_be_more = self.limit < self.most and (self._is_growing or now_s >= self._probe_at_s)
        return may_be_more or (running < self.limit + _MOST_EXCESS and self._is_worth_it(p_free))

    @property
    def most_too_many(self) -> int:
        """How many submits at once may leave beyond the limit: several while it grows, as long as it is far off."""
        return min(max(self.limit // _STEPS_AT_ONCE, 1), _STEPS_AT_ONCE) if self._is_growing else 1

    def next_probe_s(self, running: int) -> float:
        """When `may_submit` may change its answer by the passing of time alone; infinity if it does not."""
        can_change = running < self.limit or self.limit < self.most
        return self._probe_at_s if can_change else float("inf")

    def accepted(self, running: int, p_free: float, together: int = 0) -> None:
        """There was a slot, with so many running before it; `p_free` as it was when the submit left.

        `together` is how many were accepted with it by now and not seen ended: several leave at once while it grows.
        """
        self._is_guess = False
        self._shortfalls = 0
        self._credit = min(self._credit + _CREDIT_PER_TASK, _MOST_CREDIT)
        if running == self.limit - 1 and self.limit > self._held:
            self._held = self.limit  # filled again: it was no slot that came free unseen
            self._rejected_probes = 0
            self.known = max(self.known, self._held)
        # while it grows, latency models may know little, and a limit that is one too high costs one refusal
        is_news = self._is_growing or p_free < _UNEXPECTED
        if running >= self.limit and is_news and self.limit < self.most:
            all_run = self._is_growing and p_free < _LIKELY_ENOUGH
            self.limit = min(max(self.limit + 1, together if all_run else 0), self.most)
            self._is_growing = True
            self._probe_wait_s = max(self._probe_wait_s / 2.0, _FIRST_PROBE_S)

    def refused(self, running: int, now_s: float) -> None:
        """There was no slot, with so many running beside it."""
        self._is_guess = False
        self._credit = max(self._credit - 1.0, 0.0)
        self._is_growing = False
        if running < self.limit:
            self.limit = max(running, 1)
            self._held = min(self._held, self.limit)
            self._shortfalls += 1
            self._published = None
        elif self.known == math.inf and self._published is not None:
            # the tier that has so many; where none has, others may use a part of a larger one
            self.known = min((slots for slots in self._published if slots >= self.limit), default=self.limit)
        self._rejected_probes += 1
        if self._rejected_probes >= _MOST_REJECTED_PROBES:
            self.known = self.limit
        self._probe_at_s = now_s + self._probe_wait_s
        may_be_more = running == 0 or self.limit < self.known
        last_s = _LAST_PROBE_FOR_MORE_S if may_be_more else _LAST_PROBE_S
        longer = _LONGER_IN_VAIN if self._rejected_probes >= _MOST_REJECTED_PROBES else _LONGER
        self._probe_wait_s = min(self._probe_wait_s * longer, last_s)

    @property
    def _room(self) -> int:
        """How many slots have to be free before one is filled: 1, and after refusals 1, 2, 4… up to half the limit."""
        doubled: int = 1 << min(max(self._shortfalls - 1, 0), 10)
        return max(1, min(doubled, self.limit // 2))

    def _is_worth_it(self, p_free: float) -> bool:
        """A smaller chance is enough when credit was saved up."""
        if self._credit < 1.0:
            return False
        saved = (self._credit - 1.0) / (_MOST_CREDIT - 1.0)
        return p_free >= _SURE_ENOUGH - (_SURE_ENOUGH - _LIKELY_ENOUGH) * saved
