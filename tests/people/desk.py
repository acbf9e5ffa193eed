"""Somebody's desk: one manifest on one machine, and what the commands do with it, in their order."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchrunner.cli.approval import check_plan, check_replaced, chosen, sends_of, terms
from batchrunner.cli.context import known_ledger
from batchrunner.cli.decisions import Decided, decide, unfinished
from batchrunner.cli.run_options import RunOptions
from batchrunner.cli.selection import Selection, matching
from batchrunner.cli.work import with_guests
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.money import NOTHING
from batchrunner.domain.settings import max_replace
from batchrunner.domain.step import Action, total
from batchrunner.engine.executor import RunResult, execute
from batchrunner.engine.services import Services
from batchrunner.engine.shutdown import Shutdown
from batchrunner.errors import UsageError
from batchrunner.io.http import Answered, Http, InProcessTransport, Responder
from batchrunner.manifest.load import Manifest, load
from batchrunner.planning.batch import Batch, RunLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.replaced import replaced
from batchrunner.providers.credentials import Credentials
from batchrunner.sandbox import Sandbox
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.receipts import ReceiptsWriter, read_receipts
from batchrunner.storage.run_lock import run_lock
from batchrunner.storage.sqlite.ledger import SqliteLedger
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


Marks = tuple[tuple[JobId, Decision], ...]


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
        """What `batchrunner.cli.work` does, in its order; everything shown is agreed to.

        Raises:
            Declined: it does not even ask.
        """
        command: Command = wishes["command"]
        try:
            with ExitStack() as stack:
                return await self._work(command, clock, stack)
        finally:
            self.clock_s = clock.wall_s()

    async def _work(self, command: Command, clock: MovedClock, stack: ExitStack) -> RunResult:
        manifest, project, answer = load(self.manifest), self.project, self.sandbox(clock)
        stack.enter_context(run_lock(project.folder, manifest.name, "now"))
        with known_ledger(project) as known:
            known.check_address(self.api)
            planned = with_guests(self.batch(manifest, known), stack, clock)
            marks, limits, options = self._agreed(manifest, planned, command, known, clock.wall_s())
        ledger = stack.enter_context(SqliteLedger.writing(project.ledger, self.connect))
        ledger.import_receipts(read_receipts(project))
        writer = ReceiptsWriter(project, ledger, lambda _: None)
        stack.callback(self._write_receipts, writer, manifest.name)
        ledger.decide(marks)
        writer.decisions(who for who, _ in marks)
        batch = replace(self.batch(manifest, ledger), foreign_jobs=planned.foreign_jobs)
        self.shutdown = Shutdown()
        http = lambda: Http(lambda: InProcessTransport(answer), loopback=False)  # noqa: E731
        access = Credentials(self.api, self.key)
        means = Services(ledger, http, access, clock, self.events.append, self.shutdown, self.host)
        return await execute(batch, means, limits, options, command=command.word)

    def _agreed(
        self, manifest: Manifest, batch: Batch, command: Command, known: LedgerReader, now_s: float
    ) -> tuple[Marks, RunLimits, PlanOptions]:
        """What is decided, and what may be paid: everything that the plan shows, and no more."""
        order = self._order(command)
        limits = order.limits(manifest.settings, now_s)
        options = PlanOptions(limits.retries, submits=order.submits)
        decided = self._decided(batch, command, limits.retries, known, now_s)
        if decided:
            batch, options = _marked(batch, decided.marks), replace(options, only=decided.only)
        options, seen = chosen(order, batch, limits, options)
        again = replaced((each.job, each.history, each.step) for each in seen)
        submits = {each.identity.name: each.step for each in seen if each.step.action is Action.SUBMIT}
        try:
            check_plan(order, seen, terms(batch, limits, self.api, again, sends_of(batch, seen, self.api)))
            if submits:
                check_replaced(order, again)
        except UsageError as error:
            raise Declined(str(error)) from error
        options = replace(options, agreed=frozenset(submits))
        most = total(submits.values()).high_usd * (1 + limits.retries) if submits else NOTHING
        limits = replace(limits, run_usd=most if limits.run_usd is None else min(most, limits.run_usd))
        return decided.marks if decided else (), limits, options

    def _order(self, command: Command) -> RunOptions:
        return RunOptions(
            self.manifest,
            command.word,
            no_canary=True,
            max_cost=None if command.clips is None else command.clips * PRICE_USD,
            max_replace=None if command.max_replace is None else max_replace(command.max_replace),
            plan=command.plan,
            submits=command.word != "fetch",
            marking=DecisionKind(command.word) if command.word in set(DecisionKind) else None,
        )

    def _decided(
        self, batch: Batch, command: Command, retries: int, ledger: LedgerReader, now_s: float
    ) -> Decided | None:
        if command.word not in {"retry", "redo"}:
            return None
        kind, seen = DecisionKind(command.word), batch.first_steps(PlanOptions(), None)
        to_come = batch.first_steps(PlanOptions(retries=retries), None)
        orders = unfinished(to_come, kind, ledger.last_ended_run(batch.name, batch.profile))
        return decide(matching(Selection(named=command.names), seen), kind, orders, now_s)

    def _write_receipts(self, writer: ReceiptsWriter, name: str) -> None:
        with suppress(Kill):
            writer.whole(name)


PRICE_USD = Decimal("2.576")  # 8 seconds of 720p


def _marked(batch: Batch, marks: Marks) -> Batch:
    memories = dict(batch.histories)
    for who, mark in marks:
        memories[who] = replace(memories[who], decisions=(*memories[who].decisions, mark))
    return replace(batch, histories=memories)
