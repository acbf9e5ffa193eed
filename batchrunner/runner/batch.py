"""The composition root: all that is known before anything is done, for the plan, the run and the status alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchrunner.catalog import PriceList, request_of
from batchrunner.files import sha256_of
from batchrunner.ledger import Ledger
from batchrunner.nouns.facts import NO_MEMORY, Attempt, Clip, Memory
from batchrunner.nouns.job import Identity, Job
from batchrunner.nouns.money import FREE, NOTHING, Cost
from batchrunner.nouns.step import Step
from batchrunner.places import Place
from batchrunner.plan import Disk, Facts, Options, Purse, plan_all
from batchrunner.runner.project import Project


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do: tasks at once, requests a minute, patience, retries and money."""

    concurrency: int
    rate_per_min: int
    task_timeout_s: float
    retries: int
    budget_usd: Decimal | None
    run_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One job as it stands: wanted (None: it left the manifest), remembered, and its next step."""

    identity: Identity
    job: Job | None
    memory: Memory
    step: Step


@dataclass(frozen=True, slots=True)
class Batch:
    """A manifest's jobs under one profile, with all that is known of them.

    `memories` holds those that left it, and those of its other profiles: they share its budget.
    """

    project: Project
    name: str
    profile: str
    jobs: Mapping[Identity, Job]
    memories: Mapping[Identity, Memory]
    prices: PriceList
    in_flight_run: int | None = None

    def identities(self) -> list[Identity]:
        """Every identity that matters: the manifest's order, then those that left it, by name."""
        known = (who for who, memory in self.memories.items() if who.profile == self.profile and memory.attempts)
        return [*self.jobs, *sorted(who for who in known if who not in self.jobs)]

    def facts(self, identity: Identity, memory: Memory) -> Facts:
        """What is true of a job just now and not in the ledger."""
        job = self.jobs.get(identity)
        output = self.project.output(job.output) if job else None
        opened = memory.open_attempt
        return Facts(
            disk=survey(self.project, output, memory),
            cost=self.cost(job) if job else FREE,
            in_flight=opened is not None and opened.run_id == self.in_flight_run,
        )

    def cost(self, job: Job) -> Cost:
        """The estimate for one clip of a job."""
        return self.prices.cost(job.request)

    def lifetime_usd(self) -> Decimal:
        """What the manifest has cost so far, reservations included."""
        return sum((a.booked_usd for m in self.memories.values() for a in m.attempts), NOTHING)

    def purse(self, limits: Limits) -> Purse:
        """What the caps leave at the start of a run."""
        return Purse(limits.budget_usd, limits.run_usd, lifetime_usd=self.lifetime_usd())

    def first_steps(self, options: Options, room_usd: Decimal | None) -> list[Seen]:
        """What would be done with each job next."""
        who = self.identities()
        memories = [self.memories.get(identity, NO_MEMORY) for identity in who]
        jobs = [self.jobs.get(identity) for identity in who]
        facts = [self.facts(identity, memory) for identity, memory in zip(who, memories, strict=True)]
        steps = plan_all(zip(jobs, memories, facts, strict=True), options, room_usd)
        return [Seen(*parts) for parts in zip(who, jobs, memories, steps, strict=True)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted: a manifest's name, a profile of it (empty: none), and its jobs in their order."""

    name: str
    profile: str
    jobs: tuple[Job, ...]


def gather(
    project: Project, wanted: Wanted, ledger: Ledger, prices: PriceList, in_flight_run: int | None = None
) -> Batch:
    """All that is known of these jobs. `in_flight_run` is a run that is alive: what it waits for is not unknown."""
    jobs = {job.identity: job for job in wanted.jobs}
    memories = ledger.memories(wanted.name)
    return Batch(project, wanted.name, wanted.profile, jobs, memories, prices, in_flight_run)


def survey(project: Project, output: Path | None, memory: Memory) -> Disk:
    """What lies where a job's files belong. An open attempt's file is known by its bytes, a settled one by its size."""
    present = frozenset(attempt.id for attempt in memory.attempts if _is_whole(project, attempt))
    if output is None or not output.exists() or _is_known(project, output, memory):
        return Disk(present)
    return Disk(present, foreign=project.written(output))


def owner_of(project: Project, path: Path, memory: Memory) -> tuple[Attempt, Clip] | None:
    """The attempt whose clip lies under this path; None where the ledger does not know the file."""
    size_bytes = path.stat().st_size
    for attempt, clip in reversed(list(memory.clips())):
        if project.found(clip.path) == path and clip.size_bytes == size_bytes:
            return attempt, clip
    return None


def _is_known(project: Project, path: Path, memory: Memory) -> bool:
    return path.is_file() and owner_of(project, path, memory) is not None


def _is_whole(project: Project, attempt: Attempt) -> bool:
    clip = attempt.clip
    if clip is None:
        return False
    path = project.found(clip.path)
    if not path.is_file() or path.stat().st_size != clip.size_bytes:
        return False
    return not attempt.is_open or sha256_of(path) == clip.sha256


def as_record(job: Job) -> dict[str, Any]:
    """A job as the ledger keeps it with each run, so that `status` and `fetch` need no manifest."""
    who = job.identity
    return {
        "job": who.job,
        "take": who.take,
        "profile": who.profile,
        "request": job.request.as_json(),
        "output": job.output,
        "tags": list(job.tags),
        "file": job.place.file,
        "line": job.place.line,
    }


def remembered(manifest: str, records: Iterable[Mapping[str, Any]]) -> tuple[Job, ...]:
    """The jobs of an earlier run. They can be told and fetched, not submitted: their signed links are not kept."""
    return tuple(_job(manifest, record) for record in records)


def _job(manifest: str, record: Mapping[str, Any]) -> Job:
    request = request_of(record["request"]["model"], record["request"]["fields"])
    who = Identity(manifest, record["profile"], record["job"], record["take"])
    place = Place(record["file"], record["line"], 1)
    return Job(who, request.fields, request, record["output"], tuple(record["tags"]), place)
