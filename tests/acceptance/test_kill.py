"""Sixty jobs, every fault at once, forty kills: nothing is paid twice, nothing paid is lost."""

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchrunner.sandbox import Charged, Fault
from batchrunner.sandbox.downloads import clip_of
from batchrunner.sandbox.faults import AFTER_ACCEPTING, BEFORE_ACCEPTING

from .conftest import Open, new_user
from .service import Asked, Moment, Service
from .user import KEY, Report, Said, User, prompt_of, read_report

pytestmark = pytest.mark.untraced

SEED = int(os.environ.get("KILL_SEED", "2611"))  # another seed, another forty moments
JOBS = tuple(f"shot-{number:02}" for number in range(1, 61))
KILLS = 40
MOST_FURTHER_REQUESTS = 12
KILLS_BETWEEN_LOOKS = 5  # then a person looks into the web console …
RESOLVED_AT_A_LOOK = 3  # … and says of some unknown jobs which task they became
MOST_LAST_TRIES = 10
LAST_TIMEOUT_S = 120.0

# A run that asks nothing for so long waits out a pause, which its next start forgets: it is killed all the same.
QUIET_S = 2.5

SETTINGS = "settings: {concurrency: 8, rate: 6000/min}"
RATES = (
    dict.fromkeys(Fault, 0.02)
    | dict.fromkeys(BEFORE_ACCEPTING, 0.005)
    | dict.fromkeys(AFTER_ACCEPTING, 0.03)
    # a video that is missing is asked for during minutes, which are real ones here
    | {Fault.RATE_LIMITED: 0.002, Fault.TASK_FAILED: 0.04, Fault.TASK_MODERATED: 0.04, Fault.NO_VIDEO: 0.0}
)
FAILING = {Fault.TASK_FAILED, Fault.TASK_MODERATED}

KILLED = -9
LEGAL_ENDS = {0, 1, 4, 5}
SETTLED = {"done", "failed", "unknown"}


@dataclass(frozen=True)
class End:
    """How one run ended, and the request at which it was killed, if it was and not for its silence."""

    said: Said
    killed_at: Asked | None = None
    moment: Moment | None = None

    def __str__(self) -> str:
        if self.killed_at is None:
            return f"exit {self.said.code}"
        return f"killed at {self.killed_at.method} {self.killed_at.path}: {self.moment}"


@dataclass(frozen=True)
class Aftermath:
    """What the runner says in the end, and what the service knows better."""

    ends: tuple[End, ...]
    report: Report
    charges: tuple[Charged, ...]
    leaks: int
    folder: Path

    @property
    def charges_by_job(self) -> dict[str, list[Charged]]:
        found: dict[str, list[Charged]] = {job: [] for job in JOBS}
        by_prompt = {prompt_of(job): job for job in JOBS}
        for charge in self.charges:
            found[by_prompt[str(charge.body["prompt"])]].append(charge)
        return found

    def wrongs(self) -> Iterator[str]:
        """Every broken promise, with the job that shows it."""
        yield from self._wrong_ends()
        yield from self._wrong_reach()
        for job in JOBS:
            yield from (f"{job}: {wrong}" for wrong in self._wrongs_of(job))
        yield from self._wrong_files()
        yield from self._leaks()

    def _wrong_ends(self) -> Iterator[str]:
        for end in self.ends:
            if end.said.code not in LEGAL_ENDS | {KILLED}:
                yield f"a run ended in no legal way: {end.said.text}"

    def _wrong_reach(self) -> Iterator[str]:
        if Counter(end.said.code for end in self.ends)[KILLED] < KILLS:
            yield "there was too little work for so many kills"
        if sum(self.report.counts.values()) != len(JOBS) or not set(self.report.counts) <= SETTLED:
            yield f"the jobs do not add up: {self.report.counts}"

    def _wrongs_of(self, job: str) -> Iterator[str]:
        charges = self.charges_by_job[job]
        told = self.report.jobs[job]
        status = told["status"]
        if len(charges) > 1:
            yield f"paid {len(charges)} times"
        if status == "unknown":
            return
        if [told["task_id"]] != [charge.task_id for charge in charges]:
            yield f"{status} with task {told['task_id']}, which is not what was charged"
        must_fail = any(charge.traits & FAILING for charge in charges)
        if must_fail != (status == "failed"):
            yield f"{status}, although its task {'fails' if must_fail else 'succeeds'}"
        if status == "done" and (self.folder / told["file"]).read_bytes() != clip_of(told["task_id"]):
            yield "done, but its file is not its task's clip"

    def _wrong_files(self) -> Iterator[str]:
        try:
            User(self.folder, url="").check_clips(self.report)
        except AssertionError as error:
            yield f"the files are not those of the report: {error}"

    def _leaks(self) -> Iterator[str]:
        if self.leaks:
            yield "the key went to a foreign host"
        said = [end.said.text.encode() for end in self.ends]
        kept = [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]
        for secret in (KEY, "signature="):
            if any(secret.encode() in text for text in [*said, *kept]):
                yield f"{secret!r} stands where it can be read"

    def story(self) -> str:
        """What a person needs to find out why."""
        return "\n".join(
            [
                f"KILL_SEED={SEED}",
                *(f"run {number}: {end}" for number, end in enumerate(self.ends, start=1)),
                *(f"{job}: {line}" for job in JOBS for line in self._life(job)),
            ]
        )

    def _life(self, job: str) -> Iterator[str]:
        """One job by all witnesses, if there is anything odd about it."""
        if not list(self._wrongs_of(job)):
            return
        for charge in self.charges_by_job[job]:
            yield f"charged {charge.task_id} at {charge.at_s:.3f}, {sorted(charge.traits)}"
        yield f"reported {dict(self.report.jobs[job])}"
        with closing(sqlite3.connect(self.folder / ".batchrunner" / "ledger.db")) as ledger:
            attempts = "SELECT id FROM attempt WHERE job = ?"
            yield f"attempts {ledger.execute('SELECT * FROM attempt WHERE job = ?', (job,)).fetchall()}"
            for table in ("answer", "observation", "clip"):
                rows = ledger.execute(f"SELECT * FROM {table} WHERE attempt_id IN ({attempts})", (job,))
                yield f"{table} {rows.fetchall()}"


def run_until(user: User, service: Service, further: int, moment: Moment) -> End:
    """A run that is killed when the so-manieth further request stands at a moment, or when it falls silent."""
    with user.starts_a_run("-q") as running:
        trap = service.set_trap(further, moment, running.kill)
        while not trap.sprung_by and not running.has_ended and service.stirs(trap, QUIET_S):
            pass
        running.kill()
        return End(running.end(), trap.sprung_by, moment)


def run_under_fire(user: User, service: Service) -> Iterator[End]:
    """Forty runs that are killed somewhere, those between them that end before, and now and then a person."""
    chance = random.Random(SEED)
    kills = 0
    while kills < KILLS:
        further, moment = chance.randint(1, MOST_FURTHER_REQUESTS), chance.choice(list(Moment))
        end = run_until(user, service, further, moment)
        yield end
        kills += end.said.code == KILLED
        if kills % KILLS_BETWEEN_LOOKS == 0 or end.said.code != KILLED:
            resolved = resolve_some(user, service)
            if end.said.code != KILLED and not resolved:
                return


def resolve_some(user: User, service: Service) -> list[str]:
    """What a person can do who knows the tasks from the web console: only those, never \"it was not submitted\"."""
    tasks = {str(charge.body["prompt"]): charge.task_id for charge in service.record.charges}
    unknown = [job for job, status in user.sees().statuses.items() if status == "unknown"]
    known = [job for job in unknown if prompt_of(job) in tasks][:RESOLVED_AT_A_LOOK]
    for job in known:
        said = user.types("resolve", "shots.yaml", job, "--task", tasks[prompt_of(job)])
        assert said.code == 0, said.text
    return known


def run_to_the_end(user: User, service: Service) -> Iterator[End]:
    """The same command, left alone, until nothing but unknown jobs is left."""
    service.faults[Fault.RATE_LIMITED] = 0  # its reset is up to a minute ahead, and would be waited for
    for _ in range(MOST_LAST_TRIES):
        with user.starts_a_run("-q") as running:
            said = running.end(LAST_TIMEOUT_S)
        yield End(said)
        if is_settled(read_report(said.out)):
            return


def is_settled(report: Report) -> bool:
    return set(report.counts) <= SETTLED


def test_forty_kills_under_every_fault_pay_nothing_twice_and_lose_nothing(open_service: Open, tmp_path: Path) -> None:
    service = open_service(latency_s=0.3, hang_s=1.0, concurrency=10, faults=RATES, seed=SEED)
    user = new_user(tmp_path, service)
    user.writes(*JOBS, head=SETTINGS)

    ends = [*run_under_fire(user, service), *run_to_the_end(user, service)]

    known = service.record
    aftermath = Aftermath(tuple(ends), user.sees(), known.charges, len(known.leaks), user.folder)
    wrongs = list(aftermath.wrongs())
    assert not wrongs, "\n".join([*wrongs, aftermath.story()])
