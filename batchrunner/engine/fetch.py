"""The step that ends a job well: a link becomes a verified file, written down, and then under its final name."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.event import EventKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import FILE_GONE, Observation, TaskState
from batchrunner.domain.step import HoldReason, Step
from batchrunner.engine.attempt_log import AttemptLog
from batchrunner.engine.decider import Decider
from batchrunner.engine.disk_fault import stop_for
from batchrunner.engine.event_sink import EventSink
from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.engine.poll import BETWEEN_GONE_S, NO_VIDEO, Poller, attempt_of
from batchrunner.engine.scheduling.backoff import backoff_s
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops
from batchrunner.engine.task_tracker import TaskTracker, TrackedTask
from batchrunner.engine.unverified import keep, kept
from batchrunner.io.clock import Clock
from batchrunner.io.dir_fd import Refused
from batchrunner.io.download import DownloadedFile, DownloadError, DownloadFault
from batchrunner.io.files import temporary
from batchrunner.io.partial_file import Partial
from batchrunner.planning.inputs import StopReason
from batchrunner.providers.provider import TaskReplyKind
from batchrunner.storage.clips import ClipStore

_MOST_TRIES = 6
# A success without a video is asked for during some 11 minutes; by later runs for some seconds.
_MOST_ASKS = 16
_MOST_ASKS_LATER = 4
# Some 25 minutes without anybody there: an outage ends, and what was paid for is worth the wait.
_MOST_TRIES_IN_AN_OUTAGE = 30

Download = Callable[[str, Partial], Awaitable[DownloadedFile]]


@dataclass(slots=True, kw_only=True, eq=False)
class Fetcher:
    """Brings clips to their places: by a download, from the versions, or from another job that has the same clip."""

    download: Download
    clips: ClipStore
    log: AttemptLog
    poller: Poller
    provider: LimitedProvider
    tracker: TaskTracker
    decider: Decider
    stops: Stops
    wakeup: Wakeup
    clock: Clock
    events: EventSink

    async def fetch(self, identity: JobId, step: Step) -> None:
        """One try to bring a rendered clip to its place; what fails is tried again, without ever being submitted."""
        attempt = attempt_of(step)
        tracked = self.tracker.track(attempt)
        final = self._where(identity, attempt)
        if final is None:
            return
        path = self.clips.take_over(attempt, final)
        if path is not None:
            self.events.emit(EventKind.DONE, path, identity.name)
            return
        copy = self.clips.copy_of_source(attempt, final)
        if copy is not None:
            self._place(identity, attempt, copy, final)
            return
        if tracked.link is None:
            await self._ask_for_link(identity, attempt, tracked)
            return
        root = self.decider.batch.project.safe
        part, tracked.part = tracked.part or Partial(root, temporary(final)), None
        try:
            if not part.is_made:
                root.remove_temporaries(final)
            verified = await self.download(tracked.link, part)
        except DownloadError as error:
            if error.odd:
                self._keep_odd(identity, tracked, error, error.odd, final)
            self._failed(identity, attempt, tracked, error)
            await self._before_the_next_try(tracked, part)
        except OSError as error:
            tracked.stop = stop_for(error, final, self.stops)
        else:
            self._place(identity, attempt, verified, final)

    async def _before_the_next_try(self, tracked: TrackedTask, part: Partial) -> None:
        """Waits a while; what came of the file stays for the next try, and for no longer."""
        if tracked.stop is None and tracked.failed_fetches > 1:
            try:
                await self.wakeup.sleep_unless(backoff_s(tracked.failed_fetches - 1), lambda: not self.stops.is_drained)
            except asyncio.CancelledError:
                part.forget()
                raise
        if tracked.stop is None and part.goes_on:
            tracked.part = part
        elif part.goes_on:
            part.forget()

    def _keep_odd(
        self, identity: JobId, tracked: TrackedTask, error: DownloadError, odd: DownloadedFile, final: Path
    ) -> None:
        """What came whole and cannot be verified: tried again for a while, then kept for a person to look at."""
        root = self.decider.batch.project.safe
        if tracked.failed_fetches + 1 < _MOST_TRIES and not kept(odd, final):
            root.remove(odd.path)
            return
        try:
            path = keep(root, odd, final)
        except OSError as fault:
            tracked.stop = stop_for(fault, final, self.stops)
            return
        name = self.decider.batch.project.written(path)
        then = f"look at it: `batchrunner accept` makes it the clip of {identity.name}; the next run downloads it again"
        tracked.stop = StopReason(HoldReason.FETCH_FAILED, f"{error}; it is kept as {name}. {then}")
        self.events.note(f"kept as {name}: {then}", identity.name)

    async def adopt(self, identity: JobId, step: Step) -> None:
        """A clip that was paid for under another name is this job's, too, from now on."""
        attempt = attempt_of(step)
        self.log.adopt(identity, attempt)
        self.events.note(step.reason, identity.name)

    async def restore(self, identity: JobId, step: Step) -> None:
        """A clip that was paid for before goes back from the versions to its final name."""
        attempt = attempt_of(step)
        final = self._where(identity, attempt)
        if final is not None:
            self._place(identity, attempt, self.clips.stored(attempt), final)

    async def settle(self, identity: JobId, step: Step) -> None:
        """The file is in place already: a run ended just before it could write that down."""
        attempt = attempt_of(step)
        self.log.settle(attempt)
        self.events.emit(EventKind.DONE, attempt.clip.path if attempt.clip else "", identity.name)

    def final_path(self, identity: JobId, attempt: Attempt) -> Path:
        """Where a clip belongs: as the manifest says today, or as it said when the job was submitted."""
        project, job = self.decider.batch.project, self.decider.batch.jobs.get(identity)
        return project.output(job.output) if job else project.found(attempt.output)

    def _where(self, identity: JobId, attempt: Attempt) -> Path | None:
        """The same; None where the ledger names a place outside the project: this job has to wait for a person."""
        try:
            return self.final_path(identity, attempt)
        except Refused as error:
            self.tracker.track(attempt).stop = StopReason(HoldReason.FETCH_FAILED, f"its clip is not written: {error}")
            return None

    async def _ask_for_link(self, identity: JobId, attempt: Attempt, tracked: TrackedTask) -> None:
        await self.wakeup.sleep_unless(
            tracked.task.not_before_s - self.clock.monotonic_s(), lambda: not self.stops.is_polling_over
        )
        if not await self.provider.acquire(lambda: self.stops.is_polling):
            return
        reply = await self.poller.poll(identity, attempt)
        if tracked.link is not None or tracked.stop is not None or reply.kind is TaskReplyKind.RATE:
            return
        tracked.failed_fetches += 1
        if attempt.is_gone and reply.kind is not TaskReplyKind.STATE:
            tracked.stop = _still_gone(reply.message)
        elif reply.kind is TaskReplyKind.STATE:
            self._give_up_the_video(attempt, tracked)
        else:
            why = f"its link could not be requested: {reply.message}"
            self._give_up(tracked, why, is_outage=reply.kind is TaskReplyKind.RETRY)

    def _give_up_the_video(self, attempt: Attempt, tracked: TrackedTask) -> None:
        """Success and no video, for minutes: closed, so that a person may pay again; each run still asks."""
        most = _MOST_ASKS if attempt.is_open else _MOST_ASKS_LATER
        if tracked.empty_successes < most and not self.stops.is_drained:
            return
        if attempt.is_open and not self.stops.is_drained:
            self.log.settle(attempt)
        then = "the next run checks again, free; `batchrunner redo` pays again"
        tracked.stop = StopReason(HoldReason.FETCH_FAILED, f"paid, but {NO_VIDEO}: {then}")

    def _failed(self, identity: JobId, attempt: Attempt, tracked: TrackedTask, error: DownloadError) -> None:
        tracked.failed_fetches += 1
        if str(error) != tracked.reported:
            tracked.reported = str(error)
            self.events.note(f"download: {error}", identity.name)
        if error.fault is DownloadFault.NOT_ALLOWED:
            tracked.stop = StopReason(HoldReason.FETCH_FAILED, f"its clip is not downloaded: {error}")
            return
        if error.fault is DownloadFault.LINK_OVER:
            tracked.link = None
            tracked.task.not_before_s = self.clock.monotonic_s()
            self._note_gone(attempt, tracked, error)
        is_outage = error.fault is DownloadFault.UNREACHED
        self._give_up(tracked, f"its clip could not be downloaded: {error}", is_outage=is_outage)

    def _note_gone(self, attempt: Attempt, tracked: TrackedTask, error: DownloadError) -> None:
        """The file server itself says that the file is gone: after the retention that is the end of it, in the end."""
        if error.status not in (404, 410) or self.provider.now_s() < attempt.is_over_at_s:
            return
        if attempt.is_gone:
            tracked.stop = _still_gone(error)
            return
        seen = Observation(self.provider.now_s(), TaskState.GONE, f"{FILE_GONE}{error.status}")
        self.log.observe(attempt, seen)
        tracked.task.not_before_s += BETWEEN_GONE_S

    def _give_up(self, tracked: TrackedTask, reason: str, *, is_outage: bool = False) -> None:
        """The end of the tries: soon, but for an outage that nobody wants to leave before."""
        most = _MOST_TRIES_IN_AN_OUTAGE if is_outage and not self.stops.is_drained else _MOST_TRIES
        if tracked.failed_fetches >= most and tracked.stop is None:
            tracked.stop = StopReason(HoldReason.FETCH_FAILED, f"{reason}: the next run tries again")

    def _place(self, identity: JobId, attempt: Attempt, verified: DownloadedFile, final: Path) -> None:
        """Puts a file under its final name; what keeps it from there stops this job."""
        tracked = self.tracker.track(attempt)
        try:
            path = self.clips.store(identity, attempt, verified, final)
            self.log.write_receipt(identity, attempt.id)
        except FileExistsError as error:
            if not final.parent.is_dir():
                tracked.stop = stop_for(error, final, self.stops)
                return
            tracked.failed_fetches += 1  # something came to lie there meanwhile: the next decision says so
            self._give_up(tracked, f"{final.name} is taken")
        except OSError as error:
            tracked.stop = stop_for(error, final, self.stops)
        else:
            self.events.emit(EventKind.DONE, path, identity.name)


def _still_gone(why: object) -> StopReason:
    return StopReason(HoldReason.EXPIRED, f"checked once more, and still gone: {why}")
