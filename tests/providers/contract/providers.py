"""Who has to keep the contract: the provider over the imitated service, and one of thirty lines without a network."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.observation import ErrorClass, Failure, TaskState
from batchrunner.io.http import Http, InProcessTransport, Responder
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.provider import (
    BalanceReply,
    BalanceStatus,
    KeyStatus,
    KnownLimits,
    Provider,
    RateLimitHeaders,
    SubmitReply,
    TaskReply,
    TaskReplyKind,
)
from batchrunner.providers.provider_registry import PROVIDERS
from batchrunner.sandbox import Behaviour, Fault, Sandbox
from tests.moved_time import MovedClock

API = "https://api.modellix.test"
RENDER_S = 60.0


@dataclass(frozen=True)
class World:
    """What a test asks of the service behind a provider."""

    key: str = "mdlx-good"
    rate_per_min: int = 600
    slots: int = 10
    renders: bool = True


Start = Callable[[World, MovedClock, Path], AbstractAsyncContextManager[Provider]]


class Dummy:
    """A service that is a dictionary: its tasks and when they were submitted. It takes links only."""

    limits = KnownLimits(rate_per_min=600)
    distrust = ""
    upload = None
    delete_upload = None

    def __init__(self, world: World, clock: MovedClock) -> None:
        self._world, self._clock = world, clock
        self._tasks: dict[str, float] = {}
        self._asked = 0

    async def submit(self, _path: str, body: Mapping[str, object]) -> SubmitReply:
        if self._is_too_fast():
            return SubmitReply(Outcome.REFUSED, None, RejectReason.RATE, limits=RateLimitHeaders(wait_s=60.0))
        if not body.get("prompt"):
            return SubmitReply(Outcome.REFUSED, None, RejectReason.INVALID, message="a prompt is missing")
        if sum(map(self._runs, self._tasks)) >= self._world.slots:
            return SubmitReply(Outcome.REFUSED, None, RejectReason.CONCURRENT)
        self._tasks[f"dummy-{len(self._tasks)}"] = self._clock.wall_s()
        return SubmitReply(Outcome.ACCEPTED, list(self._tasks)[-1])

    async def poll(self, task_id: str) -> TaskReply:
        if self._is_too_fast():
            return TaskReply(TaskReplyKind.RATE, limits=RateLimitHeaders(wait_s=60.0))
        if task_id not in self._tasks:
            return TaskReply(TaskReplyKind.GONE)
        if self._runs(task_id):
            return TaskReply(TaskReplyKind.STATE, word="rendering")
        if self._world.renders:
            return TaskReply(TaskReplyKind.STATE, TaskState.SUCCESS, "done", link="https://files.test/clip.mp4")
        return TaskReply(TaskReplyKind.STATE, TaskState.FAILED, failure=Failure(ErrorClass.PROVIDER, "no luck"))

    @property
    def wait_for_hints(self) -> None:
        return None

    async def balance(self) -> BalanceReply:
        return BalanceReply(BalanceStatus.TOLD, Decimal(1000))

    async def check_key(self) -> KeyStatus:
        return KeyStatus.ACCEPTED if self._world.key == "mdlx-good" else KeyStatus.REFUSED

    def _is_too_fast(self) -> bool:
        self._asked += 1
        return self._asked > self._world.rate_per_min

    def _runs(self, task_id: str) -> bool:
        return self._clock.wall_s() < self._tasks[task_id] + RENDER_S


@asynccontextmanager
async def dummy(world: World, clock: MovedClock, _folder: Path) -> AsyncIterator[Provider]:
    yield Dummy(world, clock)


@asynccontextmanager
async def modellix(world: World, clock: MovedClock, folder: Path) -> AsyncIterator[Provider]:
    behaviour = Behaviour(
        latency_s=RENDER_S,
        concurrency=world.slots,
        rate_per_min=world.rate_per_min,
        faults={} if world.renders else {Fault.TASK_FAILED: 1.0},
    )
    sandbox = Sandbox(
        state=folder / "service.jsonl",
        clock=clock,
        base_url=API,
        files_url="https://file.modellix.test",
        options=behaviour,
    )
    async with answered_by(sandbox.answer, world.key, clock) as provider:
        yield provider


@asynccontextmanager
async def answered_by(answer: Responder, key: str, clock: MovedClock) -> AsyncIterator[Provider]:
    """The provider of the shipped models, before a function that answers."""
    http = Http(lambda: InProcessTransport(answer), loopback=False)
    try:
        yield PROVIDERS["modellix"].make(http, Credentials(API, key), clock)
    finally:
        await http.close()


STARTS: Mapping[str, Start] = {"modellix": modellix, "dummy": dummy}
