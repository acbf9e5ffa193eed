"""A run as somebody else sees it who watches its ledger: the same events as it tells itself, for what a look costs.

All that is in the ledger comes from there; what the run waits for, and when it expects to end, it says beside its lock.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from batchrunner.app.active_run import ActiveRun, active_run
from batchrunner.catalog import PriceList
from batchrunner.domain.event import Event, EventKind, Progress, RunEvent
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.money import NOTHING
from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.status import Status
from batchrunner.domain.step import Step
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import load_batch
from batchrunner.planning.inputs import PlanOptions
from batchrunner.planning.job_records import JobSet, remembered
from batchrunner.planning.planner import next_step
from batchrunner.storage.interface import LedgerReader
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.records import RunRecord
from batchrunner.storage.run_beat import RunBeat

_FIRST_FINISHED = 3
_OPTIONS = PlanOptions()
_KINDS = {Status.DONE: EventKind.DONE, Status.FAILED: EventKind.FAILED, Status.UNKNOWN: EventKind.UNKNOWN}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A job at the last look: `text` is its clip's path, or why there is none."""

    status: Status
    counts: bool
    error_class: ErrorClass | None
    spent_usd: Decimal
    text: str
    done_at_s: float


class RunWatch:
    """One run, watched. `prices` are those of its manifest's models.

    At the beginning it reads all that is known; each look reads the jobs of which something was recorded since the one
    before, and no others. A clip that somebody takes away meanwhile is not missed.
    """

    def __init__(
        self, project: ProjectPaths, name: str, ledger: LedgerReader, prices: PriceList, run: RunRecord, clock: Clock
    ) -> None:
        self._ledger, self._run, self._clock = ledger, run, clock
        self._mark = ledger.mark()  # before all is read: nothing falls between the two
        wanted = JobSet(name, run.profile, remembered(name, run.jobs, prices.catalog), catalog=prices.catalog)
        self._batch = load_batch(project, wanted, ledger, prices, clock.wall_s(), run.id)
        self._counts: Counter[Status] = Counter()
        self._failures: Counter[ErrorClass] = Counter()
        self._spent_usd = NOTHING
        self._seen: dict[JobId, _Seen] = {}
        for each in self._batch.first_steps(_OPTIONS, None):
            self._renew(each.identity, self._told(each.identity, each.history, each.step))

    def first_events(self) -> Iterator[Event]:
        """The clips of this run that came last before it was watched."""
        ended = ((each.done_at_s, who.name, each.text) for who, each in self._seen.items() if self._is_of_run(each))
        for _, name, path in sorted(ended)[-_FIRST_FINISHED:]:
            yield RunEvent(EventKind.DONE, path, name)

    def events(self, active: ActiveRun) -> Iterator[Event]:
        """What has happened since the last look, and how far the run is; `active` is what it says of itself.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        self._mark, touched = self._ledger.touched_since(self._mark)
        for who in sorted(touched & self._seen.keys()):
            history, inputs = self._batch.look(who, self._ledger.history)
            step = next_step(self._batch.jobs.get(who), history, inputs, _OPTIONS)
            before, now = self._seen[who], self._told(who, history, step)
            self._renew(who, now)
            if now.status is not before.status and now.status in _KINDS:
                yield RunEvent(_KINDS[now.status], now.text, who.name)
        yield self._progress(active.beat)

    def _told(self, who: JobId, history: JobHistory, step: Step) -> _Seen:
        attempt = step.attempt
        clip = attempt.clip if attempt and step.status is Status.DONE else None
        failure = attempt.failure if attempt else None
        explained = (
            failure.explained(is_free=attempt is not None and not attempt.booked_usd) if failure else step.reason
        )
        return _Seen(
            status=step.status,
            counts=who in self._batch.jobs or not step.is_last,
            error_class=attempt.error_class if attempt and step.status is Status.FAILED else None,
            spent_usd=sum((each.booked_usd for each in history.attempts if each.run_id == self._run.id), NOTHING),
            text=clip.path if clip else explained,
            done_at_s=(attempt.settled_at_s or 0.0) if clip and attempt else 0.0,
        )

    def _renew(self, who: JobId, now: _Seen) -> None:
        """Counts a job as it stands now, and no longer as it stood."""
        for each, sign in ((self._seen.get(who), -1), (now, 1)):
            if each is None:
                continue
            self._spent_usd += sign * each.spent_usd
            if each.counts:
                self._counts[each.status] += sign
            if each.counts and each.error_class:
                self._failures[each.error_class] += sign
        self._seen[who] = now

    def _is_of_run(self, seen: _Seen) -> bool:
        return seen.status is Status.DONE and seen.done_at_s >= self._run.started_at_s

    def _progress(self, beat: RunBeat | None) -> Progress:
        now_s = self._clock.wall_s()
        known = Progress(
            counts=+self._counts,
            spent_usd=self._spent_usd,
            elapsed_s=max(now_s - self._run.started_at_s, 0.0),
            waits_for="",
            failures=+self._failures,
        )
        if beat is None:
            return known
        age_s = max(now_s - beat.at_s, 0.0)
        return replace(
            known,
            waits_for=beat.waits_for,
            waits_s=beat.waits_s + age_s,
            left_s=None if beat.left_s is None else max(beat.left_s - age_s, 0.0),
            limit_usd=beat.limit_usd,
            slots_used=beat.slots_used,
            slots_known=beat.slots_known,
        )


def watched(
    project: ProjectPaths, name: str, ledger: LedgerReader, prices: PriceList, clock: Clock
) -> Iterator[tuple[Event, ...]]:
    """What happens in the run that is alive, look by look, until it has ended; the pause between two is the caller's.

    While it has not begun, as somebody is still asked, a look gives nothing.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    watch: RunWatch | None = None
    first = active = active_run(project, name)
    while first and active and active.owner == first.owner:
        if watch is None:
            run = ledger.last_run(name)
            if run is not None and run.ended_at_s is None:
                watch = RunWatch(project, name, ledger, prices, run, clock)
                yield tuple(watch.first_events())
        yield tuple(watch.events(active)) if watch else ()
        active = active_run(project, name)
