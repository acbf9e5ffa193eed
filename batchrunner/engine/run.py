"""One run: what all its jobs share, and how each learns what to do next."""

import asyncio
import math
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.event import Event, EventKind, Listener, RunEvent
from batchrunner.domain.job import Job, JobId
from batchrunner.domain.settings import AUTO
from batchrunner.domain.step import HoldReason, Step
from batchrunner.domain.text import duration
from batchrunner.engine.guards.circuit_breaker import CircuitBreaker
from batchrunner.engine.scheduling.adaptive_limit import AdaptiveLimit, slots_of_tier
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.engine.scheduling.poll_policy import RunningTask
from batchrunner.engine.scheduling.poll_queue import PollQueue
from batchrunner.engine.scheduling.rate_limiter import OutageGuard, RateLimiter
from batchrunner.engine.scheduling.request_gate import RequestGate
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.shutdown import Shutdown
from batchrunner.io.clock import Clock
from batchrunner.io.download import Partial
from batchrunner.io.http import Http
from batchrunner.planning.batch import Batch, RunLimits
from batchrunner.planning.inputs import PlanOptions, StopReason
from batchrunner.planning.planner import next_step
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.modellix import Modellix
from batchrunner.providers.modellix import RateLimitHeaders as Told
from batchrunner.storage.clips import ClipStore
from batchrunner.storage.interface import Ledger
from batchrunner.storage.receipts import ReceiptsWriter

# Source: rule 8 of the design: what may be uncertain at one moment is bounded.
_POSTS_ON_THE_WIRE = 4
_DOWNLOADS_AT_ONCE = 4
MOST_CHECKS = 5
# A model of which nobody has seen a clip gets one job first when more than so many would follow.
_CANARY_FOR = 20
# Whoever wants to leave sits out no longer pause than this.
_LONGEST_PAUSE_OF_A_DRAIN_S = 60.0
# Source: the service's limits, the lowest tier.
_LEAST_RATE_PER_MIN = 100


@dataclass(frozen=True, slots=True)
class Services:
    """What a run works with; a test hands in its own. `host` is the name of this machine."""

    ledger: Ledger
    make_http: Callable[[], Http]
    access: Credentials
    clock: Clock
    listener: Listener
    shutdown: Shutdown
    host: str = field(default_factory=socket.gethostname)


@dataclass(slots=True)
class TrackedTask:
    """What a run keeps in mind about one task, and no ledger needs: when to look, the secret link, what has come."""

    since_s: float
    task: RunningTask
    polls: int = 0
    failed_polls: int = 0
    empty_successes: int = 0
    failed_fetches: int = 0
    link: str | None = None
    part: Partial | None = None
    said: str = ""
    stop: StopReason | None = None


@dataclass(frozen=True, slots=True)
class SuspectedOvercharge:
    """A clip that was weighed seems to cost more than was agreed to."""

    identity: JobId
    reason: str


@dataclass(slots=True)
class RunStats:
    """What a run asked of the service."""

    submits: int = 0
    polls: int = 0
    refused_429: int = 0


def _capacity(limits: RunLimits, remembered: int | None) -> AdaptiveLimit:
    """The number that somebody gave, or what is learned from the account."""
    if limits.concurrency == AUTO:
        return AdaptiveLimit(remembered, known=remembered) if remembered else AdaptiveLimit()
    return AdaptiveLimit(limits.concurrency, limits.concurrency)


def _pace(limits: RunLimits) -> RateLimiter:
    """The rate that somebody gave, or what the service says that it allows; before it says so, the least of all."""
    if limits.rate_per_min == AUTO:
        return RateLimiter(_LEAST_RATE_PER_MIN)
    return RateLimiter(limits.rate_per_min, limits.rate_per_min)


class Run:
    """What all jobs of one run share. Everything in it belongs to one event loop; nothing needs a lock."""

    def __init__(
        self, batch: Batch, means: Services, http: Http, limits: RunLimits, options: PlanOptions, run_id: int
    ) -> None:
        self.batch = batch
        self.ledger = means.ledger
        self.receipts = ReceiptsWriter(batch.project, means.ledger, self.say)
        self.access = means.access
        self.clock = means.clock
        self.http = http
        self.clips = ClipStore(batch.project, means.ledger, means.clock)
        self.limits = limits
        self.submits = options.submits
        self.run_id = run_id
        self.service = Modellix(http, self.access.base_url, self.access.key, self.clock)
        self.budget = batch.budget(limits)
        self.changed = asyncio.Event()
        self.wakeup = Wakeup()
        self.slots = SlotQueue(
            _capacity(limits, self._remembered_slots()), self.changed.set, speculates=limits.concurrency == AUTO
        )
        self.gate = RequestGate(_pace(limits), self.clock, self.wakeup)
        self.polls = PollQueue(self.gate.rate, self.changed.set)
        self.latencies = LatencyModels(batch.all_histories())
        self.outage = OutageGuard()
        self.probes: dict[str, JobId] = {}
        self.failures = 0
        self.breakers: dict[str, CircuitBreaker] = {}
        self.checks_left = MOST_CHECKS if self.submits else 0
        self.suspected_overcharge: SuspectedOvercharge | None = None
        self.suspicion = ""
        self.overcharges: dict[int, tuple[Decimal, Decimal]] = {}
        self.pictures_in_trouble: set[str] = set()
        self.is_broke = False
        self.is_long_full = False
        self.is_slow = False
        self.stats = RunStats()
        self.in_flight_submits = asyncio.Semaphore(_POSTS_ON_THE_WIRE)
        self.download_gate = asyncio.Semaphore(_DOWNLOADS_AT_ONCE)
        self.submit_lock = asyncio.Lock()
        self.posts: set[asyncio.Task[Outcome]] = set()
        self.steps: dict[JobId, Step] = {}
        self.renders_s: list[float] = []
        self.finished: set[JobId] = set()
        self._options = options
        self._listener = means.listener
        self._watches: dict[int, TrackedTask] = {}
        self._stop: StopReason | None = None
        self._model_stops: dict[str, StopReason] = {}
        self._job_stops: dict[JobId, StopReason] = {}
        self._folder_stops: dict[Path, StopReason] = {}
        self.upload_locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asking_stop: StopReason | None = None
        self._ahead_s = 0.0

    # deciding

    def decide(self, identity: JobId) -> Step:
        """The job's next step, from what the ledger remembers at this moment."""
        job = self.batch.jobs.get(identity)
        memory, facts = self.batch.look(identity, self.ledger.history)
        facts = replace(
            facts,
            room_usd=self.budget.room_usd,
            stop=self.stop_of(job) if job else None,
            task_stop=self._asking_stop or self._stop_among(memory.attempts),
        )
        step = next_step(job, memory, facts, self._options)
        self.steps[identity] = step
        return step

    def _stop_among(self, attempts: Iterable[Attempt]) -> StopReason | None:
        watches = (self._watches.get(attempt.id) for attempt in attempts)
        return next((watch.stop for watch in watches if watch and watch.stop), None)

    def watch(self, attempt: Attempt) -> TrackedTask:
        """What this run keeps in mind about an attempt's task."""
        if attempt.id not in self._watches:
            now_s = self.clock.monotonic_s()
            age_s = max(self.clock.wall_s() - attempt.opened_at_s, 0.0)
            task = RunningTask(self.latencies.of(attempt.request), now_s - age_s, now_s - age_s)
            self._watches[attempt.id] = TrackedTask(since_s=now_s, task=task)
        return self._watches[attempt.id]

    def keep_watch(self, attempt_id: int, task: RunningTask) -> None:
        """A task was just accepted."""
        self._watches[attempt_id] = TrackedTask(since_s=task.submitted_at_s, task=task)

    def _remembered_slots(self) -> int | None:
        return self.ledger.account.slots(self.access.key_digest)

    def remember_slots(self) -> None:
        """Puts on record what was learned of the account's limit, if that is news."""
        limit = self.slots.limit.limit
        is_learned = self.limits.concurrency == AUTO and self.stats.submits
        if is_learned and limit != self._remembered_slots():
            self.ledger.account.record_slots(self.run_id, self.access.key_digest, limit, self.clock.wall_s())

    # stopping

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is submitted."""
        return self._stop is not None

    @property
    def is_drained(self) -> bool:
        """Whether somebody wants to leave as soon as what runs is finished."""
        return self._stop is not None and self._stop.hold_reason is HoldReason.DRAIN

    @property
    def is_asking_over(self) -> bool:
        """Whether nobody waits for another look at a task: somebody leaves, or the service takes none."""
        return self.is_drained or self._asking_stop is not None

    @property
    def stop_reason(self) -> str:
        """Why nothing more is submitted; empty while something is."""
        return self._stop.reason if self._stop else ""

    def stop_of(self, job: Job) -> StopReason | None:
        """Why a job is not submitted any more in this run; None while it may be."""
        of_model = self._model_stops.get(job.request.model)
        return self._stop or self._job_stops.get(job.identity) or of_model or self._folder_stop(job)

    def _folder_stop(self, job: Job) -> StopReason | None:
        if not self._folder_stops:
            return None
        final = self.batch.project.output(job.output)
        return next((stop for folder, stop in self._folder_stops.items() if final.is_relative_to(folder)), None)

    def stop(self, block: HoldReason, reason: str) -> None:
        """Nothing more is submitted; what runs is finished. The first reason is the one that is told."""
        if self._stop is None:
            self._stop = StopReason(block, reason)
            self.slots.close()
            self.nudge()
            self.tell(RunEvent(EventKind.HALT, f"no more submits: {reason}"))
            self._leave_pause()

    def heed_deadline(self) -> float:
        """Nothing more is submitted when it is over; gives the seconds until then, by the clock on the wall."""
        if self.limits.deadline_s is None:
            return math.inf
        left_s = self.limits.deadline_s - self.clock.wall_s()
        if left_s <= 0:
            self.stop(HoldReason.DEADLINE, "the deadline is reached: what runs is finished")
        return left_s

    def stop_model(self, model: str, block: HoldReason, reason: str) -> None:
        """Nothing more is submitted to one model."""
        if model not in self._model_stops:
            self._model_stops[model] = StopReason(block, reason)
            self.nudge()
            self.tell(RunEvent(EventKind.HALT, f"no more submits to {model}: {reason}"))

    def stop_folder(self, folder: Path, reason: str) -> None:
        """Nothing more is submitted whose clip would go into this folder, or below it."""
        if folder not in self._folder_stops:
            self._folder_stops[folder] = StopReason(HoldReason.HALT, f"clips in {folder}: {reason}")
            self.nudge()
            self.tell(RunEvent(EventKind.HALT, f"no more submits for clips in {folder}: {reason}"))

    def breaker_of(self, model: str) -> CircuitBreaker:
        """What this run thinks of a model."""
        if model not in self.breakers:
            wanted = (job for job in self.batch.jobs.values() if job.request.model == model)
            agreed = self._options.agreed
            follow = sum(1 for job in wanted if agreed is None or job.name in agreed)
            is_new = self.limits.canary and follow > _CANARY_FOR and not self.batch.has_clip_of(model)
            self.breakers[model] = CircuitBreaker(is_proven=not is_new)
        return self.breakers[model]

    def stop_job(self, identity: JobId, stop: StopReason) -> None:
        """One job is not submitted in this run."""
        self._job_stops[identity] = stop

    def stop_asking(self, block: HoldReason, reason: str) -> None:
        """No task is asked for any more; all stay as they are."""
        self._asking_stop = self._asking_stop or StopReason(block, reason)
        self.polls.close()
        self.nudge()
        self.stop(block, reason)

    @property
    def is_asking(self) -> bool:
        """Whether tasks are still asked for."""
        return self._asking_stop is None

    def _leave_pause(self) -> None:
        """Whoever wants to leave does not wait for a pause that the service asked for."""
        pause_s = self.gate.rate.pause_s(self.clock.monotonic_s())
        if self.is_drained and self.is_asking and pause_s > _LONGEST_PAUSE_OF_A_DRAIN_S:
            said = f"the service wants no requests for another {duration(pause_s)}: the same command asks again"
            self.stop_asking(HoldReason.DRAIN, said)

    # waiting

    def waits_for_reuse(self, identity: JobId, step: Step) -> bool:
        """Whether a job of this run will still bring the clip that this one waits for."""
        kin = self.batch.reusable.get(identity)
        is_coming = kin is not None and kin.identity in self.steps and kin.identity not in self.finished
        return step.hold_reason is HoldReason.WAITS_FOR_REUSE and is_coming

    def nudge(self) -> None:
        """Something changed for everyone."""
        self.changed.set()
        self.wakeup.notify_all()

    def heed(self, told: Told, *, refused: bool) -> None:
        """What a reply says of the account's pace; a pause beyond the deadline ends the submits."""
        self.stats.refused_429 += refused
        if self.service.distrust:
            self.stop_asking(HoldReason.HALT, self.service.distrust)
        if told.sent_at_s is not None:
            self._ahead_s = told.sent_at_s - self.clock.wall_s()
        if told.per_min and (slots := slots_of_tier(told.per_min)):
            self.slots.limit.expect(slots)
        wait_s = self.gate.heed(told, refused=refused)
        if not self.is_slow and (slowness := self.gate.slowness()):
            self.is_slow = True
            self.say(slowness)
        self._leave_pause()
        deadline_s = self.limits.deadline_s
        if wait_s > 0 and deadline_s is not None and self.clock.wall_s() + wait_s > deadline_s:
            self.stop(HoldReason.DEADLINE, f"the service wants us to wait {duration(wait_s)}, beyond the deadline")

    def service_s(self) -> float:
        """The time of the service, as its last dated reply told it: ours may be wrong."""
        return self.clock.wall_s() + self._ahead_s

    # telling

    def tell(self, event: Event) -> None:
        """Lets the listener know."""
        self._listener(event)

    def say(self, text: str) -> None:
        """Lets the listener know something about the run as a whole."""
        self.tell(RunEvent(EventKind.NOTE, text))

    # money

    def book(self, change_usd: Decimal, run_id: int) -> None:
        """An attempt, made by that run, counts more now, or less."""
        self.budget.book(change_usd, by_this_run=run_id == self.run_id)
        if change_usd < 0:
            self.nudge()
