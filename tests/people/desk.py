"""Somebody's desk: one manifest on one machine, and what the commands do with it, in their order."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchrunner.cli.decisions import Decided, decide, unfinished
from batchrunner.cli.selection import Selection, matching
from batchrunner.cli.work import with_guests
from batchrunner.ledger import Ledger, run_lock
from batchrunner.manifest.load import Manifest, load
from batchrunner.nouns.facts import Mark, MarkKind
from batchrunner.nouns.job import Identity
from batchrunner.nouns.money import NOTHING
from batchrunner.nouns.step import Action, total
from batchrunner.plan import Options
from batchrunner.runner import (
    Access,
    Batch,
    Ended,
    Limits,
    Means,
    Project,
    ReceiptsWriter,
    conduct,
    read_receipts,
)
from batchrunner.sandbox import Sandbox
from batchrunner.transport import Answered, Answering, Http, InProcess
from tests.moved_time import MovedClock
from tests.runner.disks import Kill, KillingDisk, Moment
from tests.studio import FILES, DeafSignals, Studio


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

    def way(self, answer: Answering) -> Answering:
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


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody typed: `run`, `fetch`, `retry` or `redo`; and what befell it, seconds after its start.

    `clips` is the cost limit in clips; a `jump_s` sets the machine's clock while it runs.
    """

    word: str = "run"
    names: frozenset[str] | None = None
    clips: int | None = None
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

    def sandbox(self, clock: MovedClock) -> Answering:
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

    async def go(self, clock: MovedClock, **wishes: Any) -> Ended:
        """What `batchrunner.cli.work` does, in its order; everything shown is agreed to."""
        command: Command = wishes["command"]
        try:
            with ExitStack() as stack:
                return await self._work(command, clock, stack)
        finally:
            self.clock_s = clock.wall_s()

    async def _work(self, command: Command, clock: MovedClock, stack: ExitStack) -> Ended:
        manifest, project, answer = load(self.manifest), self.project, self.sandbox(clock)
        stack.enter_context(run_lock(project.folder, manifest.name, "now"))
        receipts = read_receipts(project)
        ledger = stack.enter_context(Ledger.writing(project.ledger, self.connect))
        ledger.take_in(receipts)
        stack.callback(self._write_receipts, project, manifest.name, ledger)
        batch = with_guests(self.batch(manifest, ledger), stack, clock)
        access = Access(self.api, self.key)
        limits = _limits(manifest, command)
        options = Options(limits.retries, command.names, submits=command.word != "fetch")
        decided = self._decided(batch, command, limits.retries, ledger, clock.wall_s())
        if decided:
            batch, options = _marked(batch, decided.marks), replace(options, only=decided.only)
        limits, options = _agreed(batch, limits, options)
        if decided:
            ledger.mark(decided.marks)
        self.signals = DeafSignals()
        http = lambda: Http(lambda: InProcess(answer), loopback=False)  # noqa: E731
        means = Means(ledger, http, access, clock, self.events.append, self.signals, self.host)
        return await conduct(batch, means, limits, options, command=command.word)

    def _decided(self, batch: Batch, command: Command, retries: int, ledger: Ledger, now_s: float) -> Decided | None:
        if command.word not in {"retry", "redo"}:
            return None
        kind, seen = MarkKind(command.word), batch.first_steps(Options(), None)
        to_come = batch.first_steps(Options(retries=retries), None)
        orders = unfinished(to_come, kind, ledger.last_ended_run(batch.name, batch.profile))
        return decide(matching(Selection(named=command.names), seen), kind, orders, now_s)

    def _write_receipts(self, project: Project, name: str, ledger: Ledger) -> None:
        with suppress(Kill):
            ReceiptsWriter(project, ledger, lambda _: None).whole(name)


def _limits(manifest: Manifest, command: Command) -> Limits:
    settings = manifest.settings
    return Limits(
        settings.concurrency,
        settings.rate_per_min,
        settings.task_timeout_s,
        settings.retries,
        settings.budget_usd,
        None if command.clips is None else command.clips * PRICE_USD,
    )


PRICE_USD = Decimal("2.576")  # 8 seconds of 720p


def _marked(batch: Batch, marks: tuple[tuple[Identity, Mark], ...]) -> Batch:
    memories = dict(batch.memories)
    for who, mark in marks:
        memories[who] = replace(memories[who], marks=(*memories[who].marks, mark))
    return replace(batch, memories=memories)


def _agreed(batch: Batch, limits: Limits, options: Options) -> tuple[Limits, Options]:
    """Everything that the plan shows, and no more."""
    seen = batch.first_steps(options, batch.purse(limits).room_usd)
    submits = {each.identity.name: each.step for each in seen if each.step.action is Action.SUBMIT}
    options = replace(options, agreed=frozenset(submits))
    most = total(submits.values()).high_usd * (1 + limits.retries) if submits else NOTHING
    return replace(limits, run_usd=most if limits.run_usd is None else min(most, limits.run_usd)), options
