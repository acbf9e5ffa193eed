"""How close runs come to what an account allows: whole runs of 500 clips against the sandbox, in moved time.

    python benchmarks/limits.py [--quick] [--only=learned,cold] [--trip=SECONDS] [--verbose]

Each run is the real runner: forecasts, slots, looks and pace. The ledger knows 300 earlier clips and the account's
slots, except in the cold rows. The makespan is compared with that of a scheduler that knows all: it fills each slot
at the very moment at which it comes free, in the order of the submits, as fast as the account's requests allow. A
slot's idle time is from a clip's end to the acceptance of the next. The other strategies run on the same pace: fixed
polling asks for each task every N seconds, and is told the slots; "known" is told the distribution and learns nothing.
"""

import heapq
import math
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import NormalDist, mean
from unittest.mock import patch

from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.observation import Observation, TaskState
from batchrunner.domain.request import Request
from batchrunner.domain.settings import AUTO
from batchrunner.domain.status import Status
from batchrunner.engine.scheduling.latency_model import LatencyModel
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.io.http import Answered, Responder
from batchrunner.planning.job_records import as_record
from batchrunner.providers.credentials import Credentials
from batchrunner.sandbox import Behaviour as SandboxOptions
from batchrunner.sandbox import Charged
from batchrunner.sandbox.exchange import HttpAnswer as Sent
from batchrunner.sandbox.exchange import pieces
from batchrunner.storage.open import open_ledger
from batchrunner.storage.records import Claim, NewRun
from tests.moved_time import EVENING_S
from tests.studio import API, KEY, Studio, manifest_text

JOBS = 500
PAST = 300
TIERS = ((2, 100), (10, 100), (20, 200), (50, 500), (100, 1000))
QUICK_TIERS = ((10, 100), (100, 1000))
SKEWED = NormalDist(4.5, 0.55)  # of the logarithm: half of them take more than 90 s
SHAPES = ("uniform", "skewed")
STRATEGIES = ("learned", "known", "cold", "every 2 s", "every 5 s", "every 10 s")
GOALS = {
    "uniform": {2: 1.03, 10: 1.05, 20: 1.04, 50: 1.03, 100: 1.025},
    "skewed": {2: 1.03, 10: 1.03, 20: 1.03, 50: 1.03, 100: 1.03},
}
PROCESSES = 2
WINDOW_S = 60.0


def latency_s(shape: str, share: float) -> float:
    """How long the task takes that is at this place, 0 to 1, among all of its kind."""
    if shape == "uniform":
        return 40.0 + 40.0 * share
    return min(max(math.exp(SKEWED.inv_cdf(min(max(share, 1e-9), 1 - 1e-9))), 30.0), 360.0)


def latencies_s(shape: str, count: int, seed: int) -> tuple[float, ...]:
    """What the service will take for each task."""
    rng = Random(seed)
    return tuple(latency_s(shape, rng.random()) for _ in range(count))


class Known(LatencyModel):
    """Is told how long tasks take, and learns nothing."""

    def __init__(self, shape: str) -> None:
        self._is_told = False
        ends_s = [latency_s(shape, (number + 0.5) / 2000) for number in range(2000)]
        Random(0).shuffle(ends_s)
        super().__init__((end_s, end_s) for end_s in ends_s)
        self._is_told = True

    def waited(self, from_s: float, to_s: float) -> None:
        """Learned only in the beginning."""
        if not self._is_told:
            super().waited(from_s, to_s)

    def ended(self, low_s: float, high_s: float) -> None:
        """Learned only in the beginning."""
        if not self._is_told:
            super().ended(low_s, high_s)


class Every(LatencyModel):
    """Asks for a task every few seconds, whatever is known, and never expects a slot to have come free unseen."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def ended_by(self, age_s: float, waiting_at_s: float) -> float:  # noqa: ARG002 - it is never asked for
        """Never hopes."""
        return 0.0

    def idle_s(self, age_s: float, waiting_at_s: float) -> float:
        """More than any look has to find, once its time has come; who is most overdue comes first."""
        overdue_s = age_s - max(waiting_at_s, 0.0) - self._seconds
        return 1.0 + overdue_s if overdue_s >= 0.0 else 0.0

    def age_of_idle(self, idle_s: float, waiting_at_s: float) -> float:  # noqa: ARG002 - the clock decides
        """When its time comes."""
        return max(waiting_at_s, 0.0) + self._seconds


class TheOne(LatencyModels):
    """The same latency model for every kind of task."""

    def __init__(self, latency: LatencyModel) -> None:
        super().__init__((), lambda request: (request.model,))
        self._latency = latency

    def of(self, request: Request) -> LatencyModel:  # noqa: ARG002 - there is one kind here
        """The one."""
        return self._latency


class Counting:
    """Stands at the way to the service, and counts what it refuses."""

    def __init__(self) -> None:
        self.refused: list[tuple[float, str]] = []

    def way(self, answer: Responder, studio: "Bench") -> Responder:
        """Lets everything through."""

        async def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            found = await answer(method, target, headers, body)
            if found.status != 429:
                return found
            text = b"".join([chunk async for chunk in found.chunks])
            self.refused.append((studio.now_s(), "concurrent" if b"concurrent" in text else "rate"))
            return Sent(found.status, found.headers, pieces(text))

        return answered


class Bench(Studio):
    """A studio that knows when its last request left."""

    def now_s(self) -> float:
        """When the last request left."""
        return self.asked[-1].at_s


@dataclass(frozen=True)
class Cell:
    """What one run is to be."""

    shape: str
    slots: int
    per_min: int
    strategy: str
    trip_s: float = 0.1


@dataclass(frozen=True)
class Found:
    """What became of it."""

    makespan: float
    submits_span: float
    idle_s: float
    polls: float
    requests: float
    concurrent: int
    rate_early: int
    rate_late: int
    fullest: int
    cpu_s: float


def best_s(lasting_s: tuple[float, ...], slots: int, per_min: int) -> float:
    """When the last clip is ready if each slot is filled as soon as it is free, and each start is one request."""
    free_s = [0.0] * slots
    start_s = -WINDOW_S / per_min
    last_s = 0.0
    for lasts_s in lasting_s:
        start_s = max(start_s + WINDOW_S / per_min, heapq.heappop(free_s))
        heapq.heappush(free_s, start_s + lasts_s)
        last_s = max(last_s, start_s + lasts_s)
    return last_s


def mean_idle_s(charges: tuple[Charged, ...], slots: int) -> float:
    """From a clip's end to the acceptance that took its slot; slots are taken in the order in which they came free."""
    ends_s: list[float] = []
    idle_s: list[float] = []
    for charge in charges:
        if len(ends_s) == slots:
            idle_s.append(charge.at_s - heapq.heappop(ends_s))
        heapq.heappush(ends_s, charge.at_s + charge.latency_s)
    return mean(idle_s)


def most_in_a_minute(times_s: list[float]) -> int:
    """The fullest window of sixty seconds, wherever it begins."""
    return max(bisect_left(times_s, at_s + WINDOW_S) - number for number, at_s in enumerate(times_s))


def remember(studio: Bench, cell: Cell) -> None:
    """Writes earlier clips of the same kind into the ledger, and the account's slots."""
    manifest = studio.write(manifest_text(*(f"past{number}" for number in range(PAST))))
    access = Credentials(API, KEY)
    lasting_s = latencies_s(cell.shape, PAST, seed=1)
    at_s = EVENING_S - 7200.0
    with open_ledger(studio.project.ledger) as ledger:
        records = [as_record(job) for job in manifest.jobs]
        run_id = ledger.begin_run(NewRun("batch", "", "run", "batch.yaml", API, "here", 1, "0", records, at_s))
        for job, lasts_s in zip(manifest.jobs, lasting_s, strict=True):
            claim = Claim(
                job.identity,
                1,
                run_id,
                job.request,
                job.output,
                API,
                access.key_digest,
                access.key_last4,
                Decimal(1),
                at_s,
            )
            attempt_id = ledger.claim(claim)
            ledger.record_answer(attempt_id, Answer(at_s, Outcome.ACCEPTED, f"past-{attempt_id}", http_status=200))
            attempt = Attempt(attempt_id, run_id, 1, job.request, job.output, API, access.key_digest, Decimal(1), at_s)
            ledger.observe(
                attempt, Observation(at_s + lasts_s, TaskState.SUCCESS, "success", took_s=lasts_s), settles=False
            )
            ledger.record_clip(attempt_id, Clip(at_s + lasts_s, ClipRole.FINAL, job.output, 3, "0" * 64))
            ledger.settle(attempt_id, at_s + lasts_s)
            path = studio.folder / job.output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"mp4")
        ledger.account.record_slots(run_id, access.key_digest, cell.slots, at_s)
        ledger.end_run(run_id, 0, at_s)


def stand_in(cell: Cell) -> LatencyModel | None:
    """What a strategy expects, where it is not what is learned."""
    if cell.strategy.startswith("every"):
        return Every(float(cell.strategy.split()[1]))
    return Known(cell.shape) if cell.strategy == "known" else None


def given(latency: LatencyModel | None) -> AbstractContextManager[object]:
    """Within it runs use this latency model; the learned ones where there is none."""
    if latency is None:
        return nullcontext()
    return patch("batchrunner.engine.assembly.LatencyModels", lambda *_: TheOne(latency))


def measure(cell: Cell) -> Found:
    """One whole run."""
    lasting_s = latencies_s(cell.shape, JOBS, seed=2)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        options = SandboxOptions(
            latencies_s=lasting_s,
            concurrency=cell.slots,
            rate_per_min=cell.per_min,
            balance_usd=Decimal(1_000_000),
        )
        studio, counting = Bench(Path(name), options), Counting()
        studio.travel_s = cell.trip_s
        studio.way = lambda answer: counting.way(answer, studio)
        if cell.strategy != "cold":
            remember(studio, cell)
        studio.write(manifest_text(*(f"job{number:03}" for number in range(JOBS))))
        # who polls by the clock is told the slots, and keeps to them
        with given(stand_in(cell)):
            ended = studio.run(concurrency=cell.slots if cell.strategy.startswith("every") else AUTO)
        charges = studio.record().charges
        done = Counter(step.status for who, step in ended.steps.items() if who.job.startswith("job"))
    if done != {Status.DONE: JOBS} or len(charges) != JOBS:
        raise AssertionError(done)
    asked = [each for each in studio.asked if each.is_api]
    kinds = Counter((kind, at_s > EVENING_S + WINDOW_S) for at_s, kind in counting.refused)
    best = best_s(lasting_s, cell.slots, cell.per_min)
    last_end_s = max(charge.at_s + charge.latency_s for charge in charges)
    return Found(
        makespan=ended.seconds / best,
        submits_span=(last_end_s - EVENING_S) / best,
        idle_s=mean_idle_s(charges, cell.slots),
        polls=sum(each.is_poll for each in asked) / JOBS,
        requests=len(asked) / JOBS,
        concurrent=kinds["concurrent", False] + kinds["concurrent", True],
        rate_early=kinds["rate", False],
        rate_late=kinds["rate", True],
        fullest=most_in_a_minute([each.at_s for each in asked]),
        cpu_s=time.process_time() - began,
    )


def line(cell: Cell, found: Found) -> str:
    """A row of the table."""
    goal = GOALS[cell.shape][cell.slots]
    missed = " (!)" if cell.strategy == "learned" and found.makespan > goal else ""
    rate = f"{found.rate_early} + {found.rate_late}" if found.rate_early or found.rate_late else "0"
    return (
        f"| {cell.shape} | {cell.slots} / {cell.per_min} | {cell.strategy} | {found.makespan:.3f}{missed} "
        f"| {found.idle_s:.2f} | {found.polls:.2f} | {found.requests:.2f} | {found.concurrent} | {rate} "
        f"| {found.fullest} |"
    )


def summary(found: Mapping[Cell, Found], strategies: Sequence[str]) -> str:
    """One row for each account and shape, as docs/speed.md shows it; the numbers beside the ratios are of the first."""
    rows = [
        f"| slots / requests a minute | latencies | {' | '.join(strategies)} | idle s | requests a clip | 429s |",
        f"|---|---|{'--:|' * (len(strategies) + 3)}",
    ]
    accounts = dict.fromkeys((cell.shape, cell.slots, cell.per_min, cell.trip_s) for cell in found)
    for shape, slots, per_min, trip_s in accounts:
        cells = [found[Cell(shape, slots, per_min, strategy, trip_s)] for strategy in strategies]
        ratios = " | ".join(f"{each.makespan:.3f}" for each in cells)
        first = cells[0]
        refused = first.concurrent + first.rate_early + first.rate_late
        account = f"{slots} / {per_min:,} | {shape}"
        rows.append(f"| {account} | {ratios} | {first.idle_s:.1f} | {first.requests:.1f} | {refused} |")
    return "\n".join(rows)


def main() -> None:
    """Prints the table in Markdown, a row as soon as it is known, and that of docs/speed.md in the end."""
    tiers = QUICK_TIERS if "--quick" in sys.argv else TIERS
    only = [each.removeprefix("--only=").split(",") for each in sys.argv if each.startswith("--only=")]
    strategies = only[0] if only else STRATEGIES
    trip_s = next((float(each.removeprefix("--trip=")) for each in sys.argv if each.startswith("--trip=")), 0.1)
    cells = [Cell(shape, *tier, strategy, trip_s) for shape in SHAPES for tier in tiers for strategy in strategies]
    print("| latencies | slots / requests a minute | strategy | x best | idle s | polls | requests | 429 slots", end="")
    print(" | 429 rate | most in a minute |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|")
    all_found: dict[Cell, Found] = {}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for cell, found in zip(cells, pool.map(measure, cells), strict=True):
            print(line(cell, found), flush=True)
            all_found[cell] = found
            if "--verbose" in sys.argv:
                print(f"    until the last clip's end {found.submits_span:.3f}, CPU {found.cpu_s:.1f} s", flush=True)
    print(f"\n{sum(found.cpu_s for found in all_found.values()):.0f} s of CPU\n\n{summary(all_found, strategies)}")


if __name__ == "__main__":
    main()
