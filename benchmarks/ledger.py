"""How long a project with a long history takes to be planned and told, and how much memory.

    python benchmarks/ledger.py

20,000 clips on disk; a thousand of them failed first, five hundred were edited and rendered twice. Each measurement
is a process of its own, the best of three; they take turns. The first is what is compared with: reading the
manifest, which every command does. The parts beyond it have goals: 2 s for `plan`, half a second for `status`, and
0.2 s for a look of `status --watch`.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from batchrunner.app.active_run import active_run
from batchrunner.app.job_set import wanted_of
from batchrunner.app.manifest_plan import planned_of
from batchrunner.app.manifest_status import report_of
from batchrunner.app.run_watch import RunWatch
from batchrunner.app.session import in_flight_run, known_ledger
from batchrunner.catalog import shipped_prices
from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.event import Progress
from batchrunner.domain.job import Job
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.request import Request
from batchrunner.domain.status import Status
from batchrunner.io.clock import Clock
from batchrunner.manifest.load import Manifest, load
from batchrunner.planning.batch import Batch, load_batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import as_record
from batchrunner.reports.formats.registry import render
from batchrunner.reports.next_steps import next_commands
from batchrunner.reports.plan_table import plan_table
from batchrunner.storage.paths import find_project
from batchrunner.storage.records import Claim, NewRun
from batchrunner.storage.run_lock import run_lock
from batchrunner.storage.sqlite.ledger import SqliteLedger

COUNT = 20_000
FAILED_FIRST = 1_000
EDITED = 500
RUNS = 5
CHANGED = 100
ROUNDS = 3
CLIP_BYTES = 4_000_000
START_S = 1_795_456_800.0
API = "https://api.modellix.ai"
COMMAND = Path(sys.executable).with_name("batchrunner")

HEAD = "version: 1\nname: bench\nmodel: google/veo-3.1-i2v\njobs:\n"
JOB = """\
  - id: shot-{number:05}
    prompt: Shot {number}, the camera moves slowly past the red kettle towards the window
    image: https://example.com/frames/{number}.jpg
    negativePrompt: blurry, low quality
    aspectRatio: "16:9"
    durationSeconds: "8"
    resolution: 1080p
    tags: [scene-{scene}]
"""


@dataclass
class Author:
    """Writes the past of one job after the other."""

    ledger: SqliteLedger
    folder: Path
    sha256: str
    run_id: int = 0
    now_s: float = START_S

    def tick(self) -> float:
        """A second later."""
        self.now_s += 1.0
        return self.now_s

    def accept(self, job: Job, request: Request, number: int) -> Attempt:
        """A try that the service took."""
        claim = Claim(
            job.identity, number, self.run_id, request, job.output, API, "digest", "0001", Decimal("2.576"), self.tick()
        )
        attempt_id = self.ledger.claim(claim)
        answer = Answer(self.tick(), Outcome.ACCEPTED, f"task-{attempt_id}", http_status=200)
        self.ledger.record_answer(attempt_id, answer)
        attempt = Attempt(
            attempt_id, self.run_id, number, request, job.output, API, "digest", Decimal("2.576"), self.now_s
        )
        self.ledger.observe(attempt, Observation(self.tick(), TaskState.WAITING, "running"), settles=False)
        return attempt

    def fail(self, job: Job) -> None:
        """A try whose task failed."""
        failure = Failure(ErrorClass.PROVIDER, "the render broke")
        seen = Observation(self.tick(), TaskState.FAILED, "failed", failure)
        self.ledger.observe(self.accept(job, job.request, 1), seen, settles=True)

    def render(self, job: Job, request: Request, number: int) -> int:
        """A try that gave a clip."""
        attempt = self.accept(job, request, number)
        self.ledger.observe(attempt, Observation(self.tick(), TaskState.SUCCESS, "success"), settles=False)
        self.put(attempt.id, job.output, ClipRole.FINAL)
        self.ledger.settle(attempt.id, self.tick())
        return attempt.id

    def put(self, attempt_id: int, path: str, role: ClipRole) -> None:
        """A clip under a name."""
        self.ledger.record_clip(attempt_id, Clip(self.tick(), role, path, CLIP_BYTES, self.sha256))
        lay(self.folder / path)

    def tell(self, number: int, job: Job) -> None:
        """The whole past of one job."""
        if number < FAILED_FIRST:
            self.fail(job)
            self.render(job, job.request, 2)
        elif number < FAILED_FIRST + EDITED:
            first = self.render(job, replace(job.request, fields={**job.request.fields, "prompt": "Before"}), 1)
            self.put(first, str(Path(job.output).parent / "versions" / f"{job.name}.v1.mp4"), ClipRole.VERSION)
            self.render(job, job.request, 2)
        else:
            self.render(job, job.request, 1)


def lay(path: Path) -> None:
    """A file of a clip's size, which takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(CLIP_BYTES)


def build(folder: Path) -> None:
    """The project: a manifest, its ledger of several runs, its clips."""
    path = folder / "bench.yaml"
    path.write_text(HEAD + "".join(JOB.format(number=number, scene=number % 40) for number in range(COUNT)))
    manifest = read(path)
    with SqliteLedger.writing(find_project(path).ledger) as ledger:
        ledger._db.execute("PRAGMA synchronous = OFF")  # noqa: SLF001  # the disk's syncs are not what is measured
        write_past(Author(ledger, folder, hashlib.sha256(bytes(CLIP_BYTES)).hexdigest()), manifest)


def write_past(author: Author, manifest: Manifest) -> None:
    """Several runs, each of which rendered its share."""
    records = [as_record(job) for job in manifest.jobs]
    share = COUNT // RUNS
    for number in range(RUNS):
        run = NewRun(manifest.name, "", "run", "bench.yaml", API, "studio", 4711, "0.1.0", records, author.tick())
        author.run_id = author.ledger.begin_run(run)
        for position in range(number * share, (number + 1) * share):
            author.tell(position, manifest.jobs[position])
        author.ledger.end_run(author.run_id, 0, author.tick())


def read(path: Path) -> Manifest:
    """The manifest, which must be valid."""
    manifest = load(path)
    if manifest.problems or len(manifest.jobs) != COUNT:
        raise AssertionError(manifest.problems[:1])
    return manifest


def known_batch(path: Path, manifest: Manifest) -> Batch:
    """All that is known, as `plan` and `status` gather it."""
    project = find_project(path)
    with known_ledger(project) as book:
        flying = in_flight_run(project, book, manifest.name)
        return load_batch(project, wanted_of(manifest), book, shipped_prices(), time.time(), flying)


def manifest_alone(path: Path) -> float:
    """Seconds for reading and validating."""
    began = time.perf_counter()
    read(path)
    return time.perf_counter() - began


def plan_beyond(path: Path) -> float:
    """Seconds that `plan` takes when the manifest is read."""
    manifest = read(path)
    began = time.perf_counter()
    batch = known_batch(path, manifest)
    seen = batch.first_steps(PlanOptions(), None)
    limits = EffectiveLimits(concurrency=2, rate_per_min=100, task_timeout_s=1800, retries=0, budget_usd=None)
    table = plan_table(planned_of(batch, limits, 2, seen, "https://api.modellix.ai", time.time()))
    seconds = time.perf_counter() - began
    if table.splitlines()[-1] != "nothing to pay":
        raise AssertionError(table[-200:])
    return seconds


def status_beyond(path: Path) -> float:
    """Seconds that `status` takes when the manifest is read."""
    manifest = read(path)
    began = time.perf_counter()
    batch = known_batch(path, manifest)
    report = report_of(batch, batch.first_steps(PlanOptions(), None), time.time())
    text = render(report, "table")
    hints = next_commands(report.rows, str(path))
    seconds = time.perf_counter() - began
    if f"{COUNT} done" not in text or hints:
        raise AssertionError(text[-200:])
    return seconds


def look_of_watch(path: Path) -> float:
    """Seconds that `status --watch` takes for a look in which something was recorded of a hundred jobs."""
    manifest, project = read(path), find_project(path)
    changed = [(job.identity, Decision(time.time(), DecisionKind.RETRY, 1)) for job in manifest.jobs[-CHANGED:]]
    with run_lock(project.folder, manifest.name, ""), SqliteLedger.reading(project.ledger) as book:
        active, last = active_run(project, manifest.name), book.last_run(manifest.name)
        if active is None or last is None:
            raise AssertionError("no run")
        watch = RunWatch(project, manifest.name, book, shipped_prices(), last, Clock())
        with SqliteLedger.writing(project.ledger) as writer:
            writer.decide(changed)
        began = time.perf_counter()
        *_, progress = watch.events(active)
        seconds = time.perf_counter() - began
    if not isinstance(progress, Progress) or progress.counts != {Status.DONE: COUNT}:
        raise AssertionError(progress)
    return seconds


def whole(*arguments: str) -> Callable[[Path], float]:
    """Seconds of an installed command from its start to its end."""

    def seconds(path: Path) -> float:
        began = time.perf_counter()
        environment = {**os.environ, "MODELLIX_API_KEY": ""}
        subprocess.run([COMMAND, *arguments, str(path)], check=True, capture_output=True, env=environment)
        return time.perf_counter() - began

    return seconds


MEASURED: dict[str, tuple[Callable[[Path], float], float | None]] = {
    "the manifest alone": (manifest_alone, None),
    "plan, beyond the manifest": (plan_beyond, 2.0),
    "status, beyond the manifest": (status_beyond, 0.5),
    "a look of status --watch": (look_of_watch, 0.2),
    "batchrunner validate": (whole("validate"), None),
    "batchrunner plan": (whole("plan"), None),
    "batchrunner status": (whole("status"), None),
}


def measure(name: str, path: Path) -> None:
    """Measures one in this process, and prints seconds and MB."""
    seconds = MEASURED[name][0](path)
    whose = resource.RUSAGE_CHILDREN if name.startswith("batchrunner ") else resource.RUSAGE_SELF
    peak = resource.getrusage(whose).ru_maxrss
    print(json.dumps([seconds, (peak if sys.platform == "darwin" else peak * 1024) / 1e6]))


def measured(name: str, path: Path) -> tuple[float, float]:
    """The same in a process of its own, the start of the interpreter not counted."""
    command = [sys.executable, __file__, name, str(path)]
    seconds, peak_mb = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return seconds, peak_mb


def main() -> None:
    """Prints one line a measurement: seconds, peak memory, the ratio to the manifest alone, and the goal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        build(folder)
        print(f"a project of {COUNT:,} jobs with history, built in {time.perf_counter() - began:.0f} s")
        rounds = [{each: measured(each, folder / "bench.yaml") for each in MEASURED} for _ in range(ROUNDS)]
    best = {each: min(found[each] for found in rounds) for each in MEASURED}
    alone_s = best["the manifest alone"][0]
    print(f"{'measured':30} {'seconds':>8} {'peak MB':>8} {'x alone':>8} {'goal s':>7}")
    for each, (seconds, peak_mb) in best.items():
        goal_s = MEASURED[each][1]
        print(f"{each:30} {seconds:8.2f} {peak_mb:8.0f} {seconds / alone_s:8.2f} {goal_s or '':>7}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
