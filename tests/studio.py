"""A batch in a folder, the sandbox behind it, and a run between them, in moved time and without a socket."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchrunner.app.approval import Approval
from batchrunner.app.endpoint import Endpoint
from batchrunner.app.imitated_models import imitated_models
from batchrunner.app.job_set import wanted_of
from batchrunner.app.run_manifest import RunPorts, execute_approved
from batchrunner.app.run_options import RunOptions
from batchrunner.app.webhook import Notifier
from batchrunner.catalog import price_list, shipped
from batchrunner.domain.event import Event, EventKind, RunEvent
from batchrunner.domain.status import Status
from batchrunner.engine.executor import RunResult
from batchrunner.engine.shutdown import Shutdown, ShutdownReason
from batchrunner.io.http import Answered, Http, InProcessTransport, Responder
from batchrunner.manifest.load import Manifest, load
from batchrunner.planning.batch import Batch, JobState, load_batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.providers.credentials import Credentials
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import ChargeRecord, ImitatedModel, Sandbox, record
from batchrunner.storage.account_limits import NO_LIMITS, AccountLimits
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.paths import ProjectPaths, find_project
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.moved_time import EVENING_S, MovedClock, in_moved_time

API = "https://api.modellix.test"
FILES = "https://file.modellix.test"
KEY = "mdlx-test-0001"
CTRL_C = ShutdownReason.INTERRUPT

JOB = """\
  - id: {id}
    prompt: The character waves, variant {id}
    image: https://example.com/{id}.jpg
    durationSeconds: 8
    resolution: 720p
"""


def manifest_text(*ids: str, head: str = "") -> str:
    """A valid manifest with one job an id; `head` is put before its jobs."""
    jobs = "".join(JOB.format(id=each) for each in ids)
    return f"version: 1\nname: batch\nmodel: google/veo-3.1-i2v\n{head}jobs:\n{jobs}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it left: when, and what for. `path` has no query."""

    at_s: float
    method: str
    path: str

    @property
    def is_submit(self) -> bool:
        return self.method == "POST"

    @property
    def is_poll(self) -> bool:
        return self.path.startswith("/api/v1/tasks/")

    @property
    def is_balance(self) -> bool:
        return self.path == "/api/v1/team/balance"

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def is_download(self) -> bool:
        return not self.is_api


Meanwhile = Callable[[MovedClock], Awaitable[None]]


async def _nothing(_clock: MovedClock) -> None:
    pass


@dataclass
class Studio:
    """One folder and one account. Each `run` is a new process as far as the code can tell.

    `travel_s` is how long a request and its answer are on the way. `way` wraps what answers, for a test that
    stands between the two; `asked` lists all that was asked, of every run.
    """

    folder: Path
    options: SandboxOptions = field(
        default_factory=lambda: SandboxOptions(latency_s=60, concurrency=10, balance_usd=Decimal(100_000))
    )
    key: str = KEY
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    clock_s: float = EVENING_S
    events: list[Event] = field(default_factory=list)
    shutdown: Shutdown | None = None
    api: str = API
    travel_s: float = 0.1
    way: Callable[[Responder], Responder] = lambda answer: answer
    asked: list[Asked] = field(default_factory=list)
    host: str = "first"
    models: tuple[ImitatedModel, ...] = field(default_factory=lambda: imitated_models(shipped()))
    account_limits: AccountLimits = NO_LIMITS

    @property
    def manifest(self) -> Path:
        return self.folder / "batch.yaml"

    @property
    def state(self) -> Path:
        return self.folder / "service.jsonl"

    @property
    def project(self) -> ProjectPaths:
        return find_project(self.manifest)

    def write(self, text: str) -> Manifest:
        """Saves the manifest, and loads it to be sure that it is valid."""
        self.manifest.write_text(text, encoding="utf-8")
        manifest = load(self.manifest)
        assert not manifest.errors, manifest.errors
        return manifest

    def run(self, *, meanwhile: Meanwhile = _nothing, **wishes: Any) -> RunResult:
        """`batchrunner run`, agreed to, until it ends; the clock goes on where the last run left it.

        Wishes: limits by name (`concurrency`, `run_usd`, …), `submits`, `only`, `command`. `meanwhile` goes on beside
        it, for somebody who sends signals or sets the clock.
        """

        async def both(clock: MovedClock) -> RunResult:
            going, beside = asyncio.create_task(self.go(clock, **wishes)), asyncio.ensure_future(meanwhile(clock))
            try:
                await asyncio.wait({going, beside}, return_when=asyncio.FIRST_COMPLETED)
                if beside.done():
                    await beside
                return await going
            finally:
                going.cancel()
                beside.cancel()
                await asyncio.gather(going, beside, return_exceptions=True)

        return in_moved_time(both, self.clock_s)

    async def go(self, clock: MovedClock, **wishes: Any) -> RunResult:
        """The same, on a loop that a test has made."""
        manifest = load(self.manifest)
        said = {field.name: wishes.pop(field.name) for field in fields(EffectiveLimits) if field.name in wishes}
        usual = RunOptions(no_canary=True).limits(manifest.settings, clock.wall_s())
        limits, command = replace(usual, **said), wishes.pop("command", "run")
        approval, ports = Approval(limits, PlanOptions(limits.retries, **wishes)), self.ports(clock)
        try:
            with ports.open_ledger(self.project.ledger) as ledger:
                return await execute_approved(self.batch(manifest, ledger), ledger, approval, command, ports)
        finally:
            self.clock_s = clock.wall_s()

    def ports(self, clock: MovedClock) -> RunPorts:
        """What a run is connected to: the imitated service, somebody who agrees to all of it, the list of events."""
        self.shutdown = Shutdown()
        return RunPorts(
            endpoint=self.endpoint(clock),
            ask=lambda _: None,
            listener=self.events.append,
            notifier=Notifier(None, self.manifest.stem, self.events.append),
            warn=lambda _: None,
            shutdown=self.shutdown,
            clock=clock,
            host=self.host,
            open_ledger=lambda path: SqliteLedger.writing(path, self.connect),
        )

    def endpoint(self, clock: MovedClock) -> Endpoint:
        """The imitated service, and the account."""
        answer = self.sandbox(clock)
        http = lambda: Http(lambda: InProcessTransport(answer), loopback=False)  # noqa: E731
        return Endpoint(Credentials(self.api, self.key), http, account_limits=self.account_limits)

    def sandbox(self, clock: MovedClock) -> Responder:
        """The service, as it is after each of its restarts, at the end of a way that takes time."""
        service = Sandbox(
            state=self.state,
            clock=clock,
            base_url=self.api,
            files_url=FILES,
            options=self.options,
            models=self.models,
        )
        far = self.way(service.answer)

        async def answer(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            self.asked.append(Asked(clock.wall_s(), method, target.partition("?")[0]))
            await asyncio.sleep(self.travel_s / 2)
            answered = await far(method, target, headers, body)
            await asyncio.sleep(self.travel_s / 2)
            return answered

        return answer

    def batch(self, manifest: Manifest, ledger: LedgerReader) -> Batch:
        return load_batch(self.project, wanted_of(manifest), ledger, price_list(manifest.catalog), self.clock_s)

    def seen(self) -> list[JobState]:
        """Every job as it stands, as `status` sees it."""
        manifest = load(self.manifest)
        with SqliteLedger.reading(self.project.ledger) as ledger:
            return self.batch(manifest, ledger).first_steps(PlanOptions(), None)

    def statuses(self) -> dict[str, Status]:
        return {seen.identity.name: seen.step.status for seen in self.seen()}

    def record(self) -> ChargeRecord:
        """What the service itself knows: the witness."""
        return record(self.state)

    def known_tasks(self) -> frozenset[str]:
        with SqliteLedger.reading(self.project.ledger) as ledger:
            return ledger.task_ids()

    def booked_usd(self) -> Decimal:
        return sum((a.booked_usd for seen in self.seen() for a in seen.history.attempts), Decimal(0))

    def told(self, *kinds: EventKind) -> list[RunEvent]:
        """What the runs told of some kinds, in order."""
        return [event for event in self.events if isinstance(event, RunEvent) and event.kind in kinds]

    def submits(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.is_submit]

    def clip(self, name: str) -> Path:
        """Where a job's clip belongs by default."""
        return self.folder / "outputs" / "batch" / f"{name}.mp4"


__all__ = ["API", "CTRL_C", "FILES", "KEY", "Asked", "Meanwhile", "Studio", "manifest_text"]


def send(*reasons: ShutdownReason, studio: Studio, after_s: float) -> Meanwhile:
    """Somebody presses Ctrl-C (or the like) in the midst of a run."""

    async def meanwhile(_clock: MovedClock) -> None:
        await asyncio.sleep(after_s)
        for reason in reasons:
            assert studio.shutdown is not None
            studio.shutdown.request(reason)

    return meanwhile
