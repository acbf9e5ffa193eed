"""The poll policy: which running task is polled next and when, and whether a slot came free unseen."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from batchrunner.engine.scheduling.latency_model import LatencyModel

# What a poll has to find at least, in expected seconds since the end. While jobs wait for a slot, hardly anything:
# the rate decides, and gives each request to the best poll. When none waits, only the end of the run is late by it.
LEAST_IDLE_S = 0.02
LEAST_IDLE_AT_THE_END_S = 0.25
# Requests are worth something, too: what a poll has to find grows with how long such tasks take. A task is asked for as
# often whether it takes a minute or an hour, and what is found late is a small share of it.

_LEAST_SHARE = 0.006
_LEAST_CHANCE = 1e-6
_UNKNOWN = 0.5


class Hint(Enum):
    """What the service said, beside its answers to polls, of whether a task may have ended."""

    NONE = "none"
    GIVEN = "given"
    FOLLOWED = "followed"
    WRONG = "wrong"


@dataclass(slots=True, eq=False)
class RunningTask:
    """A task at the service that nobody saw ended yet. All times on one clock.

    Attributes:
        waiting_at_s: the last time it was seen waiting; at first, when it was submitted.
        not_before_s: when it may be asked for again, after a poll that failed.
        is_being_polled: whether a poll is on the wire.
        hint: a given one is followed by a poll, once; where that found it waiting, no other one counts.
    """

    latency: LatencyModel
    submitted_at_s: float
    waiting_at_s: float
    not_before_s: float = -math.inf
    is_being_polled: bool = False
    hint: Hint = Hint.NONE

    def seen_waiting(self, at_s: float) -> None:
        """It had not ended when this poll left; an older poll than the last is no news."""
        if at_s > self.waiting_at_s:
            self.latency.waited(self.waiting_at_s - self.submitted_at_s, at_s - self.submitted_at_s)
            self.waiting_at_s = at_s

    def seen_ended(self, at_s: float) -> None:
        """It had ended when this poll was answered."""
        self.latency.ended(self.waiting_at_s - self.submitted_at_s, at_s - self.submitted_at_s)

    def chance_ended(self, now_s: float) -> float:
        """The probability that it has ended by now."""
        return self.latency.ended_by(now_s - self.submitted_at_s, self.waiting_at_s - self.submitted_at_s)

    def idle_s(self, now_s: float) -> float:
        """For how long, in expectation, its slot has been free by now."""
        return self.latency.idle_s(now_s - self.submitted_at_s, self.waiting_at_s - self.submitted_at_s)

    def least_idle_s(self, least_s: float, p_untold: float = 1.0) -> float:
        """What a poll of it has to find, in expected seconds since its end: at least so much.

        `p_untold` is the probability that its end would not have been hinted at.
        """
        return max(least_s, _LEAST_SHARE * self.latency.scale_s) / p_untold

    def next_poll_at_s(self, least_s: float, p_untold: float = 1.0) -> float:
        """When a poll of it is worth a request."""
        least_idle_s = self.least_idle_s(least_s, p_untold)
        age_s = self.latency.age_of_idle(least_idle_s, self.waiting_at_s - self.submitted_at_s)
        return max(self.submitted_at_s + age_s, self.not_before_s)


def next_poll(
    tasks: Collection[RunningTask], now_s: float, least_s: float, p_untold: float = 1.0
) -> tuple[RunningTask | None, float]:
    """The task to ask for next, and when: now, if one is worth it, else as soon as one will be.

    The best poll is the one whose slot has been free longest, in expectation. With a price on each poll, asking
    whenever that exceeds the price is as good as the best schedule (within 1 %); so, when requests are scarce, the
    rate sets the price. A task of which the service says that it may have ended comes first; the more ends it told of
    before, the less a poll of the others is likely to find. (None, inf) if there is nothing to ask for.
    """
    idle = [task for task in tasks if not task.is_being_polled]
    ready = [task for task in idle if task.not_before_s <= now_s]
    hinted = next((task for task in ready if task.hint is Hint.GIVEN), None)
    if hinted is not None:
        return hinted, now_s
    best = max(ready, key=lambda task: task.idle_s(now_s), default=None)
    if best is not None and best.idle_s(now_s) >= best.least_idle_s(least_s, p_untold):
        return best, now_s
    return _earliest(idle, least_s, p_untold)


def _earliest(tasks: Collection[RunningTask], least_s: float, p_untold: float) -> tuple[RunningTask | None, float]:
    first, at_s = None, math.inf
    for task in tasks:
        # one glance rules most tasks out; finding the moment takes thirty
        if first is None or (task.not_before_s < at_s and task.idle_s(at_s) > task.least_idle_s(least_s, p_untold)):
            found_s = task.next_poll_at_s(least_s, p_untold)
            if found_s < at_s:
                first, at_s = task, found_s
    return first, at_s


def chance_free(tasks: Collection[RunningTask], limit: int, now_s: float, full_at_s: float = -math.inf) -> float:
    """The probability that one more submit finds a slot.

    With n tasks that nobody saw ended and a limit of L slots, at least n - L have ended; a slot is free if one more
    has. At `full_at_s` a submit was refused: then no slot was free, and only what has ended since makes room.
    1 if fewer tasks than slots are known. As long as no end was seen, as likely as not: that all wait for long says
    nothing of when they end together.
    """
    excess = len(tasks) - limit
    if excess < 0:
        return 1.0
    chances = [chance for task in tasks if (chance := task.chance_ended(now_s)) > _LEAST_CHANCE]
    exactly = _exactly(chances, excess)
    more = max(1.0 - sum(exactly), 0.0)
    enough = exactly[excess] + more
    found = more / enough if enough > _LEAST_CHANCE else 0.0
    if full_at_s > -math.inf:
        found = min(found, _chance_ended_since(tasks, full_at_s, now_s))
    is_guess = any(task.latency.is_guess_at(now_s - task.submitted_at_s) for task in tasks)
    return max(found, _UNKNOWN) if is_guess else found


def _exactly(chances: Collection[float], most: int) -> list[float]:
    """The probabilities that exactly 0, 1, … `most` of these independent things have happened."""
    exactly = [1.0] + [0.0] * most
    for chance in chances:
        for n in range(most, 0, -1):
            exactly[n] += chance * (exactly[n - 1] - exactly[n])
        exactly[0] *= 1.0 - chance
    return exactly


def _chance_ended_since(tasks: Collection[RunningTask], since_s: float, now_s: float) -> float:
    """The probability that a task that was still running then has ended by now."""
    none = 1.0
    for task in tasks:
        none *= 1.0 - max(task.chance_ended(now_s) - task.chance_ended(since_s), 0.0)
    return 1.0 - none
