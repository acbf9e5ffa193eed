"""Slots: how many tasks the account may have running. Whoever waits longest is served first."""

import asyncio
from collections import deque

from batchrunner.nouns.job import Identity


class Slots:
    """A slot is taken before a submit, and until its task is settled or nobody asks for it in this run any more."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._holders: set[Identity] = set()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def hold(self, identity: Identity) -> None:
        """A task that runs already has its slot, even if that is one too many."""
        self._holders.add(identity)

    async def take(self, identity: Identity) -> None:
        """Returns when the job has a slot, or when no more are given."""
        while not self._closed and identity not in self._holders:
            if len(self._holders) < self._size:
                self._holders.add(identity)
                return
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def release(self, identity: Identity) -> None:
        """The job needs its slot no longer."""
        self._holders.discard(identity)
        free = self._size - len(self._holders)
        while free > 0 and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    def close(self) -> None:
        """No more slots are given: everybody who waits goes on without one."""
        self._closed = True
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
