"""The imitated service on a loopback port, in a thread of its own, where a test sees every request come and go."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batchrunner.io.clock import Clock
from batchrunner.sandbox import Behaviour, ChargeRecord, Fault, HttpAnswer, Sandbox, Server, record

PATIENCE_S = 30.0


class Moment(StrEnum):
    """Where a request stands, seen from the service."""

    ARRIVED = "it had arrived"
    DECIDED = "all was decided and journaled, the answer had not left"
    HALF_SENT = "the first piece of the answer's body had left"
    SENT = "the whole answer had left"


@dataclass(frozen=True)
class Asked:
    """One request, and the how manieth it was."""

    number: int
    method: str
    path: str

    @property
    def is_submit(self) -> bool:
        return self.method == "POST" and self.path.endswith("/async")

    @property
    def is_poll(self) -> bool:
        return self.method == "GET" and "/tasks/" in self.path

    @property
    def is_download(self) -> bool:
        return self.method == "GET" and self.path.startswith("/results/")


Kind = Callable[[Asked], bool]


def submits(asked: Asked) -> bool:
    return asked.is_submit


def polls(asked: Asked) -> bool:
    return asked.is_poll


@dataclass
class Gate:
    """Lets requests of a kind no further than a moment until it is opened; `held` of them came to it."""

    kind: Kind
    moment: Moment
    loop: asyncio.AbstractEventLoop
    held: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        """From now on it lets everything through."""
        self.loop.call_soon_threadsafe(self.opened.set)


@dataclass
class Trap:
    """Acts once: when a request of at least this number stands at a moment."""

    number: int
    moment: Moment
    act: Callable[[], None]
    sprung_by: Asked | None = None


class Watch:
    """Sees every request at every moment; what changes is told to whoever waits on `changed`."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.asked: list[Asked] = []
        self.gates: list[Gate] = []
        self.trap: Trap | None = None

    def arrive(self, method: str, target: str) -> Asked:
        with self.changed:
            asked = Asked(len(self.asked) + 1, method, target.partition("?")[0])
            self.asked.append(asked)
            self.changed.notify_all()
        return asked

    async def reach(self, asked: Asked, moment: Moment) -> None:
        """Springs the trap if it is set here, then waits before the gates that stand here."""
        with self.changed:
            trap = self.trap
            if trap and not trap.sprung_by and asked.number >= trap.number and moment is trap.moment:
                trap.act()
                trap.sprung_by = asked
            gates = [gate for gate in self.gates if gate.moment is moment and gate.kind(asked)]
            for gate in gates:
                gate.held += 1
            self.changed.notify_all()
        for gate in gates:
            await gate.opened.wait()


class _WatchedSandbox(Sandbox):
    def __init__(self, watch: Watch, **rest: Any) -> None:
        super().__init__(**rest)
        self._eye = watch

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        asked = self._eye.arrive(method, target)
        await self._eye.reach(asked, Moment.ARRIVED)
        answer = await super().answer(method, target, headers, body)
        await self._eye.reach(asked, Moment.DECIDED)
        return replace(answer, chunks=self._watched(asked, answer.chunks))

    async def _watched(self, asked: Asked, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        is_first = True
        async for chunk in chunks:
            yield chunk
            if is_first:
                await self._eye.reach(asked, Moment.HALF_SENT)
                is_first = False
        await self._eye.reach(asked, Moment.SENT)


class _WatchedServer(Server):
    def __init__(self, watch: Watch, **rest: Any) -> None:
        super().__init__(**rest)
        self._eye = watch

    def _open_sandbox(self) -> Sandbox:
        return _WatchedSandbox(
            self._eye,
            state=self._state,
            clock=self._clock,
            base_url=self.base_url,
            files_url=self.files_url,
            options=replace(self._options, foreign_url=self.foreign_url),
        )


class Service:
    """The service, up while its `with` lasts. `faults` may be changed at any time.

    A second one on the same state and port is the same service, restarted.
    """

    def __init__(self, state: Path, options: Behaviour, port: int = 0) -> None:
        self.state = state
        self.faults: dict[Fault, float] = dict(options.faults)
        self._eye = Watch()
        self._server = _WatchedServer(
            self._eye, state=state, clock=Clock(), options=replace(options, faults=self.faults), port=port
        )
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="service")
        self._is_up = threading.Event()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with self._server:
            self._is_up.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_up.wait(PATIENCE_S), "the service did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the service did not stop"

    @property
    def url(self) -> str:
        return self._server.base_url

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every request so far."""
        with self._eye.changed:
            return tuple(self._eye.asked)

    @property
    def submits(self) -> int:
        """How many paid requests came, whatever became of them."""
        return sum(asked.is_submit for asked in self.asked)

    @property
    def record(self) -> ChargeRecord:
        """What was really charged."""
        return record(self.state)

    @property
    def charged_prompts(self) -> list[str]:
        """The prompt of every charge, sorted; one that stands there twice was paid twice."""
        return sorted(str(charge.body["prompt"]) for charge in self.record.charges)

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
        """Whether something about the requests came to be so in time."""
        with self._eye.changed:
            return self._eye.changed.wait_for(is_so, timeout_s)

    def stirs(self, trap: Trap, timeout_s: float) -> bool:
        """Whether one more request comes, or the trap springs, in time."""
        with self._eye.changed:
            seen = len(self._eye.asked)
            return self._eye.changed.wait_for(
                lambda: trap.sprung_by is not None or len(self._eye.asked) > seen, timeout_s
            )

    def set_trap(self, further: int, moment: Moment, act: Callable[[], None]) -> Trap:
        """Acts, in the service's thread, when the so-manieth further request stands at a moment."""
        with self._eye.changed:
            trap = self._eye.trap = Trap(len(self._eye.asked) + further, moment, act)
        return trap

    @contextmanager
    def holding(self, kind: Kind, moment: Moment = Moment.ARRIVED) -> Iterator[Gate]:
        """While this lasts, requests of a kind wait at a moment; then, or when it is opened, they go on."""
        gate = Gate(kind, moment, self._loop)
        with self._eye.changed:
            self._eye.gates.append(gate)
        try:
            yield gate
        finally:
            with self._eye.changed:
                self._eye.gates.remove(gate)
            gate.open()
