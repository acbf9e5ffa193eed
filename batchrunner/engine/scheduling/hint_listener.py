"""The hint listener: where the service says that a task may have ended, its poll comes earlier."""

import asyncio
from collections.abc import Collection
from itertools import islice

from batchrunner.engine.scheduling.poll_queue import PollQueue
from batchrunner.engine.scheduling.request_gate import RequestGate
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch
from batchrunner.providers.provider import Provider, WaitForHints

# What one request may wait for; after those that brought nothing, and came at once, exponential backoff.
WAIT_S = 25.0
_LEAST_BETWEEN_S = 1.0
_MOST_BETWEEN_S = 300.0
_MOST_HINTS = 1000


class HintListener:
    """Asks for hints, one request at a time, as long as tasks wait for a poll.

    A hint decides nothing: it brings forward the poll of a task that waits for one, within the account's rate. A source
    that fails, lies or floods is asked less and less, and one that hangs is asked once: the run goes on without it.
    """

    def __init__(
        self, ask: WaitForHints | None, gate: RequestGate, polls: PollQueue, wakeup: Wakeup, clock: Clock
    ) -> None:
        self._ask = ask
        self._gate = gate
        self._polls = polls
        self._wakeup = wakeup
        self._clock = clock

    async def listen(self) -> None:
        """Listens until it is cancelled; returns at once where the service gives no hints."""
        if self._ask is None:
            return
        between_s = _LEAST_BETWEEN_S
        while True:
            while not self._polls.is_waited_for:
                await self._wakeup.wait()
            if not await self._gate.acquire(lambda: self._polls.is_waited_for):
                continue
            asked_at_s = self._clock.monotonic_s()
            named = await _named(self._ask)
            news = sum(self._polls.hint(task_id) for task_id in islice(named, _MOST_HINTS))
            is_good = news > 0 or self._clock.monotonic_s() - asked_at_s >= WAIT_S / 2.0
            between_s = _LEAST_BETWEEN_S if is_good else min(between_s * 2.0, _MOST_BETWEEN_S)
            await asyncio.sleep(between_s)


async def _named(ask: WaitForHints) -> Collection[str]:
    try:
        return await ask(WAIT_S)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a run does not need it
        return ()


def hints_of(provider: Provider, batch: Batch) -> WaitForHints | None:
    """What tells of ends: None where no model of a batch is described as one whose service can wait."""
    models = (batch.catalog.find(slug) for slug in {job.request.model for job in batch.jobs.values()})
    return provider.wait_for_hints if any(model and model.timing.notifies for model in models) else None
