"""The queue for slots: who may submit, with what is known of the account's limit. Whoever waits longest is first."""

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from batchrunner.domain.job import JobId
from batchrunner.engine.scheduling.adaptive_limit import AdaptiveLimit
from batchrunner.engine.scheduling.poll_policy import RunningTask, chance_free

# How often the chance of a free slot, which grows with the age of the tasks, is computed anew.
_RECHECK_S = 0.25


@dataclass(frozen=True, slots=True)
class _Departure:
    """What was known when a submit left: how many others ran or had been sent, and how many of them ran for sure.

    `is_speculative`: it is one too many by what is known, and leaves all the same; `refusals`: those until then.
    """

    beside: int
    accepted: int
    p_free: float
    is_speculative: bool
    refusals: int = 0


_NO_DEPARTURE = _Departure(0, 0, 1.0, is_speculative=False)


class SlotQueue:
    """A slot is taken before a submit, and until its task is settled or nobody asks for it in this run any more.

    With `speculates`, one submit at a time may also leave when a slot is likely to have come free unseen. Once
    `is_closed`, no more slots are given. `wake` is called when somebody may be served.
    """

    def __init__(
        self, limit: AdaptiveLimit, is_closed: Callable[[], bool], wake: Callable[[], None], *, speculates: bool
    ) -> None:
        self.limit = limit
        self._is_closed = is_closed
        self._wake = wake
        self._speculates = speculates
        self._holders: dict[JobId, RunningTask | None] = {}
        self._departures: dict[JobId, _Departure] = {}
        self._sent: set[JobId] = set()
        self._numbers = itertools.count()
        self._turns: dict[JobId, int] = {}
        self._waiters: list[tuple[int, JobId, asyncio.Future[None]]] = []
        self._full_at_s = -math.inf
        self._refusals = 0
        self._elsewhere_since_s = math.inf

    @property
    def used(self) -> int:
        """How many of the known slots have a task or a submit of this run; what came free unseen counts once."""
        return min(len(self._holders), self.limit.limit)

    @property
    def is_waited_for(self) -> bool:
        """Whether a job waits for a slot."""
        return any(not waiter.done() for _, _, waiter in self._waiters)

    @property
    def are_all_elsewhere(self) -> bool:
        """Whether the account is full of somebody else's tasks."""
        return not self._holders and self.is_waited_for

    def all_elsewhere_s(self, now_s: float) -> float:
        """For how long the account has been full of somebody else's tasks; 0 if it is not."""
        return max(now_s - self._elsewhere_since_s, 0.0)

    def occupy(self, identity: JobId, task: RunningTask) -> None:
        """A task that runs already has its slot, even if that is one too many."""
        self._holders[identity] = task

    async def acquire(self, identity: JobId) -> None:
        """Returns when the job has a slot, or when no more are given."""
        if self._is_closed() or identity in self._holders:
            return
        waiter = asyncio.get_running_loop().create_future()
        turn = self._turns.setdefault(identity, next(self._numbers))
        heapq.heappush(self._waiters, (turn, identity, waiter))
        self._wake()
        await waiter

    def serve(self, now_s: float) -> float:
        """Lets those go who may; gives when to look again, infinity if only an event can help."""
        if self._is_closed():
            self._let_all_go()
        while self._first() is not None:
            running = len(self._holders)
            p_free = self._chance_free(running, now_s)
            if not self.limit.may_submit(running, p_free, now_s):
                recheck_s = now_s + _RECHECK_S if self._speculates else math.inf
                return min(recheck_s, max(self.limit.next_probe_s(running), now_s + _RECHECK_S))
            if running >= self.limit.limit and self._on_the_wire() >= self.limit.most_too_many:
                return math.inf  # the answer to the one on the wire says more
            _, identity, waiter = heapq.heappop(self._waiters)
            self._holders[identity] = None
            self._departures[identity] = _Departure(
                running,
                self._accepted_beside(identity),
                p_free,
                is_speculative=running >= self.limit.limit,
                refusals=self._refusals,
            )
            waiter.set_result(None)
        return math.inf

    def has_room(self, identity: JobId) -> bool:
        """Whether the slot that a job took is still thought to be there.

        Before its submit is sent the limit may have fallen; a speculative submit stays one until another is refused.
        """
        taken = self._departures.get(identity, _NO_DEPARTURE)
        is_speculative = taken.is_speculative and taken.refusals == self._refusals
        return is_speculative or self._running_beside(identity) < self.limit.limit

    def sent(self, identity: JobId) -> None:
        """The job's submit leaves now."""
        beside, accepted = self._running_beside(identity), self._accepted_beside(identity)
        taken = self._departures.get(identity, _NO_DEPARTURE)
        self._departures[identity] = replace(taken, beside=beside, accepted=accepted)
        self._sent.add(identity)

    def _running_beside(self, identity: JobId) -> int:
        """How many others may run at the service: those that it accepted, and those whose submit has left."""
        return self._accepted_beside(identity) + len(self._sent - {identity})

    def _accepted_beside(self, identity: JobId) -> int:
        return sum(task is not None for who, task in self._holders.items() if who != identity)

    def _on_the_wire(self) -> int:
        return sum(task is None for task in self._holders.values())

    def _first(self) -> JobId | None:
        while self._waiters and self._waiters[0][2].done():
            heapq.heappop(self._waiters)
        return self._waiters[0][1] if self._waiters else None

    def _chance_free(self, running: int, now_s: float) -> float:
        if running < self.limit.limit:
            return 1.0
        if not self._speculates:
            return 0.0
        tasks = [task for task in self._holders.values() if task is not None]
        return chance_free(tasks, self.limit.limit - self._on_the_wire(), now_s, self._full_at_s)

    def accepted(self, identity: JobId, task: RunningTask) -> None:
        """The submit found a slot: its task has it now."""
        self._sent.discard(identity)
        self._elsewhere_since_s = math.inf
        self._holders[identity] = task
        if identity in self._departures:
            left = self._departures.pop(identity)
            self.limit.accepted(left.beside, left.p_free, self._accepted_beside(identity) + 1)
        self._wake()

    def refused(self, identity: JobId, sent_at_s: float, now_s: float) -> None:
        """The submit found none."""
        self._refusals += 1
        self._drop(identity)
        left = self._departures.pop(identity, _NO_DEPARTURE)
        # the service may have decided before others were seen ended
        running = max(self._running_beside(identity), left.accepted)
        if running >= self.limit.limit:
            self._full_at_s = sent_at_s
        self._elsewhere_since_s = math.inf if self._holders else min(self._elsewhere_since_s, now_s)
        self.limit.refused(running, now_s)
        self._wake()

    def release(self, identity: JobId) -> None:
        """The job needs its slot no longer."""
        if identity in self._holders:
            self._drop(identity)
            self._wake()

    def _drop(self, identity: JobId) -> None:
        self._holders.pop(identity, None)
        self._sent.discard(identity)

    def _let_all_go(self) -> None:
        """Everybody who waits goes on without a slot."""
        while self._waiters:
            _, _, waiter = heapq.heappop(self._waiters)
            if not waiter.done():
                waiter.set_result(None)
