"""A batch: all that is known before anything is done, for the plan, the run and the status alike."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from batchrunner.catalog import Catalog, PriceList
from batchrunner.domain.attempt import Outcome
from batchrunner.domain.budget import Budget
from batchrunner.domain.history import NO_MEMORY, Damage, JobHistory
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.money import FREE, NOTHING, Cost
from batchrunner.domain.status import Status
from batchrunner.domain.step import Step
from batchrunner.planning.billed_prices import Estimates, estimates
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import FileState, PlanInputs, PlanOptions, ReusableAttempt
from batchrunner.planning.job_records import JobSet
from batchrunner.planning.outgoing import NO_SOURCES, Sources
from batchrunner.planning.planner import plan_all
from batchrunner.planning.retention import with_retention
from batchrunner.planning.reuse import ReusableRef, describe, find_reusable, find_suspects
from batchrunner.storage.clip_files import on_disk, owner_of
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.records import Rivals


@dataclass(frozen=True, slots=True)
class JobState:
    """One job as it stands: wanted (None: it left the manifest), remembered, and its next step.

    `older` is the path of an older clip of the job that lies under its final name while the wanted one does not.
    """

    identity: JobId
    job: Job | None
    history: JobHistory
    step: Step
    older: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A manifest's jobs under one profile, with all that is known of them.

    `histories` holds those that left it, and those of its other profiles: they share its budget. `reusable` are clips
    that were paid for under another name, `other_histories` those of other manifests that have some of them.
    `foreign_jobs` are jobs of manifests that nobody is at work on, with open tasks that this batch waits for: it brings
    them to their end.
    `rivals` tell which paths belong to others, `suspects` in which damaged rows a job's clip may hide.
    """

    project: ProjectPaths
    name: str
    profile: str
    jobs: Mapping[JobId, Job]
    histories: Mapping[JobId, JobHistory]
    estimates: Estimates
    in_flight_run: int | None = None
    reusable: Mapping[JobId, ReusableRef] = field(default_factory=dict)
    foreign_jobs: tuple[JobId, ...] = ()
    other_histories: Mapping[JobId, JobHistory] = field(default_factory=dict)
    sources: Sources = NO_SOURCES
    rivals: Rivals = field(default_factory=Rivals)
    suspects: Mapping[JobId, tuple[Damage, ...]] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The models that its jobs may name."""
        return self.prices.catalog

    @property
    def prices(self) -> PriceList:
        """The list of prices, dated by those of the models that its jobs ask."""
        return self.estimates.prices

    def identities(self) -> list[JobId]:
        """Every identity that matters: the manifest's order, then those that left it, by name."""
        ours = ((who, history) for who, history in self.histories.items() if who.profile == self.profile)
        known = (who for who, history in ours if history.attempts or history.damage)
        return [*self.jobs, *sorted(who for who in known if who not in self.jobs), *self.foreign_jobs]

    def awaited(self) -> dict[str, tuple[JobId, ...]]:
        """The jobs of other manifests whose open tasks this batch waits for, by manifest."""
        found: dict[str, tuple[JobId, ...]] = {}
        for reusable in self.reusable.values():
            attempt = self._history(reusable.identity).open_attempt
            if reusable.identity.manifest != self.name and attempt is not None and attempt.outcome is Outcome.ACCEPTED:
                found[reusable.identity.manifest] = (*found.get(reusable.identity.manifest, ()), reusable.identity)
        return found

    def look(self, identity: JobId, recall: Callable[[JobId], JobHistory]) -> tuple[JobHistory, PlanInputs]:
        """What is true of a job just now: its history as the disk confirms it, and what no ledger holds."""
        job = self.jobs.get(identity)
        recalled = with_retention(recall(identity), self.catalog)
        history, present = on_disk(self.project, self._suspecting(identity, recalled))
        opened = history.open_attempt
        inputs = PlanInputs(
            files=self._disk(identity, job, history, present),
            cost=self.cost(job) if job else FREE,
            in_flight=opened is not None and opened.run_id == self.in_flight_run,
            reusable=self._reusable_attempt(identity, recall),
        )
        return history, inputs

    def _suspecting(self, identity: JobId, history: JobHistory) -> JobHistory:
        damage = {(each.table, each.row): each for each in (*history.damage, *self.suspects.get(identity, ()))}
        return replace(history, damage=tuple(damage.values())) if damage else history

    def _disk(self, identity: JobId, job: Job | None, history: JobHistory, present: frozenset[int]) -> FileState:
        """Whose file it is that lies where the job's clip belongs, and whose will."""
        if job is None:
            return FileState(present)
        claimed = self._claimed(identity, job) if self.rivals.opened else ""
        if not os.path.lexists(os.path.join(self.project.base, job.output)):  # noqa: PTH118  # of every job at every look
            return FileState(present, claimed=claimed)
        path = self.project.output(job.output)
        owner, written = owner_of(self.project, path, history, present), self.project.written(path)
        holder = self._holder(identity, written) if owner is None or owner.clip is None else None
        if owner and (holder is None or self._is_past(holder)):
            return FileState(present, own=owner.id, claimed=claimed)
        return FileState(present, foreign=written, owner=self._described(holder, identity) if holder else "")

    def _claimed(self, identity: JobId, job: Job) -> str:
        """Who puts a clip where this job's belongs, in words; empty where nobody does."""
        other = self.rivals.opened.get(self.project.written(self.project.output(job.output)))
        return self._described(other, identity) if other and other != identity else ""

    def _holder(self, identity: JobId, path: str) -> JobId | None:
        """The other job whose clip was put under a path last."""
        found = (
            who
            for who, history in self.histories.items()
            if any(a.clip and a.clip.path == path for a in history.attempts)
        )
        return self.rivals.stored.get(path) or next((who for who in found if who != identity), None)

    def _is_past(self, other: JobId) -> bool:
        """Whether nobody wants another job any more: it left this manifest, or had an earlier name of it."""
        is_ours = (other.manifest, other.profile) == (self.name, self.profile)
        return other not in self.jobs if is_ours else other.manifest in self.rivals.former

    def _described(self, other: JobId, identity: JobId) -> str:
        return describe(other, identity, is_wanted=other in self.jobs)

    def stands(self, identity: JobId, step: Step) -> JobState:
        """A job after the last step of a run."""
        history, inputs = self.look(identity, self._history)
        return self.seen(identity, history, inputs.files, step)

    def seen(self, identity: JobId, history: JobHistory, files: FileState, step: Step) -> JobState:
        """A job with this next step, by what `look` has found."""
        own = next((a for a in history.attempts if a.id == files.own), None)
        is_older = own is not None and not own.is_open and step.status is not Status.DONE
        return JobState(
            identity, self.jobs.get(identity), history, step, own.clip.path if own and own.clip and is_older else None
        )

    def _reusable_attempt(self, identity: JobId, recall: Callable[[JobId], JobHistory]) -> ReusableAttempt | None:
        """The clip that a job may take over, as its owner's history has it just now."""
        reusable = self.reusable.get(identity)
        attempts = recall(reusable.identity).attempts if reusable else ()
        found = next((a for a in attempts if reusable and a.id == reusable.attempt_id), None)
        if reusable is None or found is None:
            return None
        return ReusableAttempt(self._described(reusable.identity, identity), found)

    def _history(self, identity: JobId) -> JobHistory:
        return self.histories.get(identity) or self.other_histories.get(identity, NO_MEMORY)

    def cost(self, job: Job) -> Cost:
        """The estimate for one clip of a job."""
        return self.estimates.cost(job.request)

    def is_priced(self, job: Job) -> bool:
        """Whether that estimate is one."""
        return self.estimates.knows(job.request)

    def lifetime_usd(self) -> Decimal:
        """What the manifest has cost so far, reservations included."""
        return sum((a.booked_usd for m in self.histories.values() for a in m.attempts), NOTHING)

    def budget(self, limits: EffectiveLimits) -> Budget:
        """What the caps leave at the start of a run."""
        return Budget(limits.budget_usd, limits.run_usd, lifetime_usd=self.lifetime_usd())

    def has_clip_of(self, model: str) -> bool:
        """Whether any clip of a model is known."""
        return any(a.clips and a.request.model == model for history in self.all_histories() for a in history.attempts)

    def all_histories(self) -> tuple[JobHistory, ...]:
        """What is remembered of this manifest's jobs, and of those of others as far as they matter."""
        return (*self.histories.values(), *self.other_histories.values())

    def first_steps(self, options: PlanOptions, room_usd: Decimal | None) -> list[JobState]:
        """What would be done with each job next."""
        who = self.identities()
        looks = [self.look(identity, self._history) for identity in who]
        jobs = (self.jobs.get(identity) for identity in who)
        steps = plan_all(((job, *look) for job, look in zip(jobs, looks, strict=True)), options, room_usd)
        return [
            self.seen(identity, history, inputs.files, step)
            for identity, (history, inputs), step in zip(who, looks, steps, strict=True)
        ]


def load_batch(
    project: ProjectPaths,
    wanted: JobSet,
    ledger: LedgerReader,
    prices: PriceList,
    now_s: float,
    in_flight_run: int | None = None,
    *,
    agreed: Estimates | None = None,
) -> Batch:
    """All that is known of these jobs. `in_flight_run` is a run that is alive: what it waits for is not unknown.

    The bills of the last weeks correct the prices, unless somebody has `agreed` to estimates already: these stay.
    """
    jobs = {job.identity: job for job in wanted.jobs}
    rivals = ledger.rivals(wanted.name, wanted.profile, project.written(project.manifest))
    histories = ledger.histories(wanted.name)
    fixed = agreed or Estimates(prices.asked_by({job.request.model for job in wanted.jobs}))
    batch = Batch(project, wanted.name, wanted.profile, jobs, histories, fixed, in_flight_run, sources=wanted.sources)
    batch = replace(batch, rivals=rivals)
    is_known = all(histories.get(who, NO_MEMORY).has_asked_for(job.request) for who, job in jobs.items())
    if not is_known or ledger.damage:  # else every job has a memory of its own, and nobody else's is needed
        batch = _with_others(batch, ledger)
    return batch if agreed else replace(batch, estimates=estimates(batch.prices, batch.all_histories(), now_s))


def renewed(batch: Batch, ledger: LedgerReader) -> Batch:
    """The batch with what others have done since: a clip to take over, a path that is theirs."""
    rivals = ledger.rivals(batch.name, batch.profile, batch.project.written(batch.project.manifest))
    return _with_others(replace(batch, rivals=rivals), ledger)


def _with_others(batch: Batch, ledger: LedgerReader) -> Batch:
    everybody = ledger.all_histories()
    suspects = find_suspects(batch.jobs, everybody, ledger.damage)
    return replace(batch, reusable=find_reusable(batch.jobs, everybody), other_histories=everybody, suspects=suspects)
