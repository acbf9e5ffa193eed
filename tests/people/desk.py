"""Somebody's desk: one manifest on one machine, and what the commands do with it, in their order."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchrunner.app.job_set import wanted_of
from batchrunner.app.run_manifest import Workload, run_manifest
from batchrunner.app.run_options import RunOptions
from batchrunner.catalog import shipped_prices
from batchrunner.domain.decision import DecisionKind
from batchrunner.domain.settings import max_replace
from batchrunner.engine.executor import RunResult
from batchrunner.errors import UsageError
from batchrunner.io.http import Answered, Responder
from batchrunner.manifest.load import load
from batchrunner.sandbox import Sandbox
from tests.engine.disks import Kill, KillingDisk, Moment
from tests.moved_time import MovedClock
from tests.studio import FILES, Studio


class TrueClock(MovedClock):
    """The service's own time, whatever somebody set the machine's clock to."""

    def __init__(self, machine: MovedClock, skew_s: float) -> None:
        self._machine = machine
        self._skew_s = skew_s

    def wall_s(self) -> float:
        return self._machine.wall_s() - self._machine.jump_s - self._skew_s


class MortalDisk(KillingDisk):
    """The process is killed at its n-th write, or at its n-th request: what comes first."""

    def __init__(self, write: int, request: int, moment: Moment) -> None:
        super().__init__(write, moment)
        self._requests_left = request
        self._when = moment

    def way(self, answer: Responder) -> Responder:
        """The way to the service, on which the process dies."""

        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            self._requests_left -= 1
            if self._requests_left != 0:
                return await answer(method, target, headers, body)
            if self._when is Moment.AFTER:
                with suppress(ConnectionError):
                    await answer(method, target, headers, body)
            self.killed = True
            raise Kill("killed at a request")

        return answered


class Declined(Exception):
    """Nothing was begun: the plan is another one, or replaces more than it may."""


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody typed: `run`, `fetch`, `retry` or `redo`; and what befell it, seconds after its start.

    `names` are the jobs that were named (None: nobody named any), `clips` is the cost limit in clips, `max_replace` and
    `plan` are the options of these names; a `jump_s` sets the machine's clock while it runs.
    """

    word: str = "run"
    names: frozenset[str] | None = None
    clips: int | None = None
    max_replace: str | None = None
    plan: str | None = None
    signals: int = 0
    after_s: float = 30.0
    jump_s: float = 0.0


@dataclass
class Desk(Studio):
    """A studio with a manifest of any name, whose account may serve others, too."""

    stem: str = "batch"
    account: Path = Path()
    skew_s: float = 0.0
    host: str = "first"
    jumped_s: float = 0.0

    @property
    def manifest(self) -> Path:
        return self.folder / f"{self.stem}.yaml"

    @property
    def state(self) -> Path:
        return self.account

    def sandbox(self, clock: MovedClock) -> Responder:
        service = Sandbox(
            state=self.state,
            clock=TrueClock(clock, self.skew_s),
            base_url=self.api,
            files_url=FILES,
            options=self.options,
        )
        far = self.way(service.answer)

        async def answer(*request: Any) -> Answered:
            await asyncio.sleep(self.travel_s / 2)
            answered = await far(*request)
            await asyncio.sleep(self.travel_s / 2)
            return answered

        return answer

    async def go(self, clock: MovedClock, **wishes: Any) -> RunResult:
        """What `batchrunner` does with a command; everything shown is agreed to.

        Raises:
            Declined: it does not even ask.
        """
        command: Command = wishes["command"]
        manifest, ports = load(self.manifest), self.ports(clock)
        work = Workload(self.project, wanted_of(manifest), manifest.settings, shipped_prices())
        try:
            return (await run_manifest(work, self._options(command), ports)).result
        except UsageError as error:
            raise Declined(str(error)) from error
        finally:
            self.clock_s = clock.wall_s()

    def _options(self, command: Command) -> RunOptions:
        return RunOptions(
            command.word,
            no_canary=True,
            fresh=True,
            max_cost=None if command.clips is None else command.clips * PRICE_USD,
            max_replace=None if command.max_replace is None else max_replace(command.max_replace),
            plan=command.plan,
            jobs=tuple(sorted(command.names or ())),
            submits=command.word != "fetch",
            marking=DecisionKind(command.word) if command.word in set(DecisionKind) else None,
        )


PRICE_USD = Decimal("2.576")  # 8 seconds of 720p
