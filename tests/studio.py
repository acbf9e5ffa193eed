"""A batch in a folder, the sandbox behind it, and a run between them, in moved time and without a socket."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchrunner.catalog import shipped_prices
from batchrunner.events import Event
from batchrunner.ledger import Ledger
from batchrunner.manifest.load import Manifest, load
from batchrunner.nouns.status import Status
from batchrunner.plan import Options
from batchrunner.runner import (
    Access,
    Batch,
    Ended,
    Limits,
    Means,
    Project,
    Seen,
    Signals,
    conduct,
    find_project,
    gather,
)
from batchrunner.sandbox import Options as SandboxOptions
from batchrunner.sandbox import Record, Sandbox, record
from batchrunner.transport import Http, InProcess
from tests.moved_time import EVENING_S, MovedClock, in_moved_time

API = "https://api.modellix.test"
FILES = "https://file.modellix.test"
KEY = "mdlx-test-0001"

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


class DeafSignals(Signals):
    """Signals that a test sends by calling `receive`."""

    def listen(self, drain: Callable[[str], None]) -> None:
        self._drain = drain

    def deafen(self) -> None:
        pass


@dataclass
class Studio:
    """One folder and one account. Each `run` is a new process as far as the code can tell."""

    folder: Path
    options: SandboxOptions = field(
        default_factory=lambda: SandboxOptions(latency_s=60, concurrency=10, balance_usd=Decimal(100_000))
    )
    key: str = KEY
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    clock_s: float = EVENING_S
    events: list[Event] = field(default_factory=list)
    signals: DeafSignals | None = None
    on_request: Callable[[str, str], None] = lambda _method, _target: None

    @property
    def manifest(self) -> Path:
        return self.folder / "batch.yaml"

    @property
    def state(self) -> Path:
        return self.folder / "service.jsonl"

    @property
    def project(self) -> Project:
        return find_project(self.manifest)

    def write(self, text: str) -> Manifest:
        """Saves the manifest, and loads it to be sure that it is valid."""
        self.manifest.write_text(text, encoding="utf-8")
        manifest = load(self.manifest)
        assert not manifest.errors, manifest.errors
        return manifest

    def run(self, **wishes: Any) -> Ended:
        """`batchrunner run`, agreed to, until it ends; the clock goes on where the last run left it.

        Wishes: limits by name (`concurrency`, `run_usd`, …), `submits`, `only`.
        """
        return in_moved_time(lambda clock: self.go(clock, **wishes), self.clock_s)

    async def go(self, clock: MovedClock, **wishes: Any) -> Ended:
        """The same, on a loop that a test has made."""
        manifest = load(self.manifest)
        names = ("concurrency", "rate_per_min", "task_timeout_s", "retries", "budget_usd", "run_usd")
        said = {name: wishes.pop(name) for name in names if name in wishes}
        settings = manifest.settings
        limits = Limits(
            **{
                "concurrency": settings.concurrency,
                "rate_per_min": settings.rate_per_min,
                "task_timeout_s": settings.task_timeout_s,
                "retries": settings.retries,
                "budget_usd": settings.budget_usd,
                **said,
            }
        )
        access = Access(API, self.key)
        options = Options(access.key_digest, limits.retries, **wishes)
        self.signals = DeafSignals()
        answer = self.sandbox(clock)
        try:
            with Ledger.writing(self.project.ledger, self.connect) as ledger:
                means = Means(
                    ledger,
                    lambda: Http(lambda: InProcess(answer), loopback=False),
                    access,
                    clock,
                    self.events.append,
                    self.signals,
                )
                return await conduct(self.batch(manifest, ledger), means, limits, options, command="run")
        finally:
            self.clock_s = clock.wall_s()

    def sandbox(self, clock: MovedClock) -> Callable[..., Any]:
        """The service, as it is after each of its restarts."""
        service = Sandbox(state=self.state, clock=clock, base_url=API, files_url=FILES, options=self.options)

        async def answer(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
            self.on_request(method, target)
            return await service.answer(method, target, headers, body)

        return answer

    def batch(self, manifest: Manifest, ledger: Ledger) -> Batch:
        return gather(self.project, manifest.name, manifest.jobs, ledger, shipped_prices())

    def seen(self) -> list[Seen]:
        """Every job as it stands, as `status` sees it."""
        manifest = load(self.manifest)
        with Ledger.reading(self.project.ledger) as ledger:
            return self.batch(manifest, ledger).first_steps(Options(), None)

    def statuses(self) -> dict[str, Status]:
        return {seen.identity.name: seen.step.status for seen in self.seen()}

    def record(self) -> Record:
        """What the service itself knows: the witness."""
        return record(self.state)

    def known_tasks(self) -> frozenset[str]:
        with Ledger.reading(self.project.ledger) as ledger:
            return ledger.task_ids()

    def booked_usd(self) -> Decimal:
        return sum((a.booked_usd for seen in self.seen() for a in seen.memory.attempts), Decimal(0))


__all__ = ["API", "KEY", "DeafSignals", "Studio", "asyncio", "manifest_text"]
