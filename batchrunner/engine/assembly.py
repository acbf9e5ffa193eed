"""How the parts of a run are put together: each gets what it uses, and nothing more."""

from batchrunner.domain.settings import AUTO
from batchrunner.domain.step import Action
from batchrunner.engine.attempt_log import AttemptLog
from batchrunner.engine.balance_reader import BalanceReader
from batchrunner.engine.decider import Decider
from batchrunner.engine.downloader import Downloader
from batchrunner.engine.early_exit import EarlyExit
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.fetch import Fetcher
from batchrunner.engine.guards.balance import BalanceGuard
from batchrunner.engine.guards.canary import CanaryGate
from batchrunner.engine.guards.full_account import FullAccountGuard
from batchrunner.engine.guards.outage import OutageGuard
from batchrunner.engine.guards.price import PriceGuard
from batchrunner.engine.guards.rejections import RejectionGuard
from batchrunner.engine.guards.submit_guard import SubmitGuard
from batchrunner.engine.in_flight import InFlightSubmits
from batchrunner.engine.job_loop import JobLoop, StepHandler
from batchrunner.engine.limit_memory import LimitMemory
from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.engine.poll import Poller
from batchrunner.engine.progress_beat import ProgressBeat, Waiting
from batchrunner.engine.run_stats import RunStats
from batchrunner.engine.scheduling.hint_listener import HintListener, hints_of
from batchrunner.engine.scheduling.latency_models import LatencyModels
from batchrunner.engine.scheduling.poll_queue import PollQueue
from batchrunner.engine.scheduling.rate_limiter import RateLimiter
from batchrunner.engine.scheduling.request_gate import RequestGate
from batchrunner.engine.scheduling.scheduler import Scheduler
from batchrunner.engine.scheduling.slots import SlotQueue
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.services import Services
from batchrunner.engine.stops import Stops
from batchrunner.engine.submit import Submitter
from batchrunner.engine.task_tracker import TaskTracker
from batchrunner.engine.upload import Uploader
from batchrunner.io.http import Http
from batchrunner.planning.batch import Batch
from batchrunner.planning.effective_limits import EffectiveLimits
from batchrunner.planning.inputs import PlanOptions
from batchrunner.providers.provider import Provider
from batchrunner.storage.clips import ClipStore
from batchrunner.storage.receipts import ReceiptsWriter

# A model of which nobody has seen a clip gets one job first when more than so many would follow.
CANARY_FOR = 20


class Assembly:
    """The parts of one run, each made once. They belong to one event loop; nothing in them needs a lock.

    It puts them together and is handed to none of them: whoever leads the run takes from it what it speaks to.
    """

    def __init__(
        self, batch: Batch, services: Services, http: Http, limits: EffectiveLimits, options: PlanOptions, run_id: int
    ) -> None:
        self._ledger, self._credentials, self._clock = services.ledger, services.access, services.clock
        self._limits, self._options, self._run_id = limits, options, run_id
        self._batch, self._account_limits = batch, services.account_limits
        self._scheduling = Wakeup()
        self._wakeup = Wakeup(self._scheduling)
        self._budget = batch.budget(limits)
        self.events = EventSink(services.listener)
        self.stats = RunStats()
        output_of = lambda job: batch.project.output(job.output)  # noqa: E731
        self.stops = Stops(limits.deadline_s, output_of, self._clock, self._wakeup, self.events)
        self.tracker = TaskTracker(LatencyModels(batch.all_histories(), batch.catalog.latency_kind), self._clock)
        change = services.observer.stands
        self.decider = Decider(batch, self._ledger, self._budget, self.stops, self.tracker, options, on_change=change)
        self.clips = ClipStore(batch.project, self._ledger, self._clock)
        self._connect(services.make_provider(http, self._credentials, self._clock))
        self._guard()
        self._handle(http)

    def _connect(self, provider: Provider) -> None:
        """The provider, behind slots, turns and the rate of the account."""
        account, key_digest, clock = self._ledger.account, self._credentials.key_digest, self._clock
        concurrency = None if self._limits.concurrency == AUTO else self._limits.concurrency
        rate, wake, stops = _rate(self._limits, provider.limits.rate_per_min), self._scheduling.notify_all, self.stops
        own, credentials = self._account_limits, self._credentials
        self.limit_memory = LimitMemory(own, account, self._run_id, credentials, clock, concurrency=concurrency)
        limit = self.limit_memory.limit()
        self.slots = SlotQueue(limit, lambda: stops.is_stopped, wake, speculates=concurrency is None)
        self._polls = PollQueue(rate, lambda: not stops.is_polling, wake)
        self.scheduler = Scheduler(self.slots, self._polls, self._scheduling, clock)
        self.provider = LimitedProvider(
            provider=provider,
            gate=RequestGate(rate, clock, self._wakeup),
            limit=limit,
            stops=stops,
            stats=self.stats,
            clock=clock,
            events=self.events,
        )
        self.hints = HintListener(
            hints_of(provider, self._batch), self.provider.gate, self._polls, self._scheduling, clock
        )
        self.balance = BalanceReader(self.provider, account, self._run_id, key_digest, clock)
        self._in_flight = InFlightSubmits(self._wakeup)
        self._log = AttemptLog(
            run_id=self._run_id,
            credentials=self._credentials,
            ledger=self._ledger,
            receipts=ReceiptsWriter(self._batch.project, self._ledger, self.events.note),
            budget=self._budget,
            stats=self.stats,
            stops=stops,
            wakeup=self._wakeup,
            clock=clock,
            events=self.events,
        )

    def _guard(self) -> None:
        """What may hold a submit back, in the order in which it is asked."""
        stops, wakeup, clock, events = self.stops, self._wakeup, self._clock, self.events
        self._canary = CanaryGate(
            is_new=lambda model: self._limits.canary and _is_new(model, self._batch, self._options),
            halt_failures=self._limits.halt_failures,
            run_id=self._run_id,
            stops=stops,
            wakeup=wakeup,
            clock=clock,
            events=events,
        )
        self._full_account = FullAccountGuard(self.slots, self.decider.steps, clock, events)
        waits = self._limits.waits_for_balance
        self._balance_guard = BalanceGuard(self.balance, self._batch.cost, stops, wakeup, events, waits=waits)
        self._outage = OutageGuard(self._credentials.base_url, self.balance, stops, wakeup, clock, events)
        self.price = PriceGuard(
            run_id=self._run_id,
            cost_of=self._batch.estimates.cost,
            balance=self.balance,
            in_flight=self._in_flight,
            is_outage=lambda: self._outage.exclusive,
            stops=stops,
            wakeup=wakeup,
            events=events,
            submits=self._options.submits,
        )

    def _handle(self, http: Http) -> None:
        """What is done for each kind of step."""
        stops, wakeup, clock, events = self.stops, self._wakeup, self._clock, self.events
        uploader = Uploader(self.provider, self._ledger.uploads, self._credentials, stops, wakeup, clock)
        submitter, poller = self._submitter(uploader), self._poller()
        fetcher = self._fetcher(http, poller)
        self.job_loop = JobLoop(
            decider=self.decider,
            handlers=_handlers(submitter, poller, fetcher),
            in_flight=self._in_flight,
            slots=self.slots,
            canary=self._canary,
            price=self.price,
            wakeup=wakeup,
        )
        self.early_exit = EarlyExit(self.decider, self.provider, self._in_flight, self.stats, stops, events)
        self.beat = ProgressBeat(
            waiting=self._waiting(uploader),
            decider=self.decider,
            budget=self._budget,
            slots=self.slots,
            stats=self.stats,
            stops=stops,
            clock=clock,
            events=events,
        )

    def _submitter(self, uploader: Uploader) -> Submitter:
        return Submitter(
            provider=self.provider,
            log=self._log,
            in_flight=self._in_flight,
            slots=self.slots,
            canary=self._canary,
            guards=self._guards(),
            uploads=uploader,
            tracker=self.tracker,
            decider=self.decider,
            stops=self.stops,
            clock=self._clock,
            events=self.events,
        )

    def _poller(self) -> Poller:
        return Poller(
            task_timeout_s=self._limits.task_timeout_s,
            provider=self.provider,
            log=self._log,
            polls=self._polls,
            slots=self.slots,
            tracker=self.tracker,
            decider=self.decider,
            canary=self._canary,
            price=self.price,
            stops=self.stops,
            clock=self._clock,
            events=self.events,
        )

    def _guards(self) -> tuple[SubmitGuard, ...]:
        rejections = RejectionGuard(self.stops)
        return rejections, self._balance_guard, self._outage, self.price, self._canary, self._full_account

    def _waiting(self, uploader: Uploader) -> tuple[Waiting, ...]:
        """What may hold the next submit up, what is worth telling first."""
        guards = (self._canary, self._full_account, self._outage)
        return self._balance_guard, self.price, self.provider, *guards, uploader

    def _fetcher(self, http: Http, poller: Poller) -> Fetcher:
        return Fetcher(
            download=Downloader(http, self._limits.download_limit_bytes, may_be_plain=self._credentials.is_loopback),
            clips=self.clips,
            log=self._log,
            poller=poller,
            provider=self.provider,
            tracker=self.tracker,
            decider=self.decider,
            stops=self.stops,
            wakeup=self._wakeup,
            clock=self._clock,
            events=self.events,
        )


def _handlers(submitter: Submitter, poller: Poller, fetcher: Fetcher) -> dict[Action, StepHandler]:
    return {
        Action.SUBMIT: submitter.submit,
        Action.POLL: poller.wait_and_poll,
        Action.FETCH: fetcher.fetch,
        Action.SETTLE: fetcher.settle,
        Action.RESTORE: fetcher.restore,
        Action.ADOPT: fetcher.adopt,
    }


def _is_new(model: str, batch: Batch, options: PlanOptions) -> bool:
    """Whether nobody has seen a clip of this model and many of its jobs would follow the first."""
    wanted = (job for job in batch.jobs.values() if job.request.model == model)
    follow = sum(1 for job in wanted if options.agreed is None or job.name in options.agreed)
    return follow > CANARY_FOR and not batch.has_clip_of(model)


def _rate(limits: EffectiveLimits, least_per_min: int) -> RateLimiter:
    """The rate that somebody gave, or what the service says that it allows; before it says so, the least of all."""
    if limits.rate_per_min == AUTO:
        return RateLimiter(least_per_min)
    return RateLimiter(limits.rate_per_min, limits.rate_per_min)
