"""The gate of all requests: who sends the next one, and what a reply says of the account's rate."""

import asyncio
from collections.abc import Callable

from batchrunner.domain.text import duration, plural
from batchrunner.engine.scheduling.rate_limiter import RateLimiter
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.io.clock import Clock
from batchrunner.providers.provider import ProviderReply, Retry

# A window of the account is a minute: who says more is asked again after a while, whatever it said.
_LONGEST_PAUSE_S = 900.0
_REFUSED_WAIT_S = 5.0
# A wait that is over before anybody has read of it is not worth a word.
LEAST_WAIT_S = 10.0


class RequestGate:
    """Lets requests of all kinds leave one after the other; polls pass beside it, when the rate has room for them."""

    def __init__(self, rate: RateLimiter, clock: Clock, wakeup: Wakeup) -> None:
        self.rate = rate
        self._clock = clock
        self._wakeup = wakeup
        self._lock = asyncio.Lock()

    async def acquire(self, is_wanted: Callable[[], bool] = lambda: True) -> bool:
        """Waits for the right to send one request, in the order of arrival; False if it is not wanted any more."""
        async with self._lock:
            while is_wanted() and (wait_s := self.rate.wait_s(self._clock.monotonic_s())) > 0:
                await self._wakeup.wait_for(wait_s)
            is_right = is_wanted()
            if is_right:
                self.rate.book(self._clock.monotonic_s())
            return is_right

    def slowness(self) -> str:
        """What is waited for where the rate alone holds the next request up for long; empty where it does not."""
        now_s = self._clock.monotonic_s()
        wait_s = self.rate.wait_s(now_s)
        if wait_s < LEAST_WAIT_S or self.rate.pause_s(now_s) > 0:
            return ""
        ours = plural(max(round(self.rate.per_min * self.rate.share(now_s)), 1), "request")
        return f"the account allows this run {ours} a minute: the next one is sent in {duration(wait_s)}"

    def record(self, reply: ProviderReply) -> float:
        """Holds for everyone at once. Gives for how long the service wants nobody to send: 0 if it does not say so."""
        limits, now_s = reply.limits, self._clock.monotonic_s()
        if limits.per_min:
            self.rate.limit(limits.per_min)
        if reply.retry is Retry.RATE_LIMIT:
            wait_s = reply.after_s or _REFUSED_WAIT_S
            self.rate.refused(now_s)
            self.rate.pause(now_s + min(wait_s, _LONGEST_PAUSE_S))
            return wait_s
        if limits.per_min and limits.remaining is not None:
            self.rate.remaining(limits.remaining, limits.per_min, now_s)
        return 0.0
