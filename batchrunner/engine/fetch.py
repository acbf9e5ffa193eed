"""The step that ends a job well: a link becomes a verified file, written down, and then under its final name."""

import asyncio
import errno
from contextlib import suppress
from pathlib import Path

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.event import EventKind, RunEvent
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import FILE_GONE, Observation, TaskState
from batchrunner.domain.step import HoldReason, Step
from batchrunner.engine.poll import BETWEEN_GONE_S, NO_VIDEO, attempt_of, poll_once, with_observation
from batchrunner.engine.run import Run, TrackedTask
from batchrunner.engine.scheduling.rate_limiter import backoff_s
from batchrunner.engine.unverified import keep, kept
from batchrunner.io.download import Bounds, DownloadedFile, DownloadError, DownloadFault, Partial, download
from batchrunner.io.files import Refused, temporary
from batchrunner.planning.inputs import StopReason
from batchrunner.planning.planner import settles
from batchrunner.providers.modellix import TaskReplyKind
from batchrunner.storage.clip_files import is_sound
from batchrunner.storage.output_folders import nearest

_MOST_TRIES = 6
_THE_WHOLE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
# A success without a video is asked for during some 11 minutes; by later runs for some seconds.
_MOST_ASKS = 16
_MOST_ASKS_LATER = 4
# Some 25 minutes without anybody there: an outage ends, and what was paid for is worth the wait.
_MOST_TRIES_IN_AN_OUTAGE = 30


async def fetch(run: Run, identity: JobId, step: Step) -> None:
    """One try to bring a rendered clip to its place; what fails is tried again, without ever being submitted."""
    attempt = attempt_of(step)
    watch = run.watch(attempt)
    final = _where(run, identity, attempt)
    if final is None:
        return
    path = run.clips.take_over(attempt, final)
    if path is not None:
        run.tell(RunEvent(EventKind.DONE, path, identity.name))
        return
    copy = _copied(run, attempt, final)
    if copy is not None:
        _place(run, identity, attempt, copy, final)
        return
    if watch.link is None:
        await _ask_for_link(run, identity, attempt, watch)
        return
    root, bounds = run.batch.project.safe, Bounds(run.limits.download_limit_bytes)
    part, watch.part = watch.part or Partial(root, temporary(final)), None
    try:
        if not part.is_made:
            root.remove_temporaries(final)
        async with run.download_gate:
            verified = await download(run.http, watch.link, part, may_be_plain=run.access.is_loopback, bounds=bounds)
    except DownloadError as error:
        if error.odd:
            _keep_odd(run, identity, watch, error, error.odd, final)
        _failed(run, identity, attempt, watch, error)
        await _before_the_next_try(run, watch, part)
    except OSError as error:
        _not_taken(run, watch, final, error)
    else:
        _place(run, identity, attempt, verified, final)


async def _before_the_next_try(run: Run, watch: TrackedTask, part: Partial) -> None:
    """Waits a while; what came of the file stays for the next try, and for no longer."""
    if watch.stop is None and watch.failed_fetches > 1:
        try:
            await run.wakeup.sleep_unless(backoff_s(watch.failed_fetches - 1), lambda: not run.is_drained)
        except asyncio.CancelledError:
            part.forget()
            raise
    if watch.stop is None and part.goes_on:
        watch.part = part
    elif part.goes_on:
        part.forget()


def _keep_odd(
    run: Run, identity: JobId, watch: TrackedTask, error: DownloadError, odd: DownloadedFile, final: Path
) -> None:
    """What came whole and cannot be verified: tried again for a while, then kept for a person to look at."""
    root = run.batch.project.safe
    if watch.failed_fetches + 1 < _MOST_TRIES and not kept(odd, final):
        root.remove(odd.path)
        return
    try:
        path = keep(root, odd, final)
    except OSError as fault:
        _not_taken(run, watch, final, fault)
        return
    name = run.batch.project.written(path)
    then = f"look at it: `batchrunner accept` takes it as the clip of {identity.name}, and the next run asks again"
    watch.stop = StopReason(HoldReason.FETCH_FAILED, f"{error}; it is kept as {name}. {then}")
    run.tell(RunEvent(EventKind.NOTE, f"kept as {name}: {then}", identity.name))


def _copied(run: Run, attempt: Attempt, final: Path) -> DownloadedFile | None:
    """A copy of the file that another job has of this very clip; None where there is none to copy."""
    project = run.batch.project
    for clip in reversed(attempt.sources):
        path = temporary(final)
        with suppress(OSError):
            source = project.found(clip.path)
            is_it = source.stat().st_size == clip.size_bytes and is_sound(project, clip)
            if is_it and project.safe.copy(source, path) == clip.sha256:
                return DownloadedFile(path, clip.size_bytes, clip.sha256)
        with suppress(OSError):
            project.safe.remove(path)
    return None


async def adopt(run: Run, identity: JobId, step: Step) -> None:
    """A clip that was paid for under another name is this job's, too, from now on."""
    attempt = attempt_of(step)
    number = run.ledger.history(identity).next_number
    run.ledger.adopt(identity, number, attempt.id, run.run_id, run.clock.wall_s())
    run.tell(RunEvent(EventKind.NOTE, step.reason, identity.name))


async def restore(run: Run, identity: JobId, step: Step) -> None:
    """A clip that was paid for before goes back from the versions to its final name."""
    attempt = attempt_of(step)
    final = _where(run, identity, attempt)
    if final is not None:
        _place(run, identity, attempt, run.clips.stored(attempt), final)


async def settle(run: Run, identity: JobId, step: Step) -> None:
    """The file is in place already: a run ended just before it could write that down."""
    attempt = attempt_of(step)
    run.ledger.settle(attempt.id, run.clock.wall_s())
    run.tell(RunEvent(EventKind.DONE, attempt.clip.path if attempt.clip else "", identity.name))


def final_path(run: Run, identity: JobId, attempt: Attempt) -> Path:
    """Where a clip belongs: as the manifest says today, or as it said when the job was submitted."""
    project, job = run.batch.project, run.batch.jobs.get(identity)
    return project.output(job.output) if job else project.found(attempt.output)


def _where(run: Run, identity: JobId, attempt: Attempt) -> Path | None:
    """The same; None where the ledger names a place outside the project: this job has to wait for a person."""
    try:
        return final_path(run, identity, attempt)
    except Refused as error:
        run.watch(attempt).stop = StopReason(HoldReason.FETCH_FAILED, f"its clip is not written: {error}")
        return None


async def _ask_for_link(run: Run, identity: JobId, attempt: Attempt, watch: TrackedTask) -> None:
    await run.wakeup.sleep_unless(watch.task.not_before_s - run.clock.monotonic_s(), lambda: not run.is_asking_over)
    if not await run.gate.acquire(lambda: run.is_asking):
        return
    reply = await poll_once(run, identity, attempt)
    if watch.link is not None or watch.stop is not None or reply.kind is TaskReplyKind.RATE:
        return
    watch.failed_fetches += 1
    if attempt.is_gone and reply.kind is not TaskReplyKind.STATE:
        watch.stop = _still_gone(reply.message)
    elif reply.kind is TaskReplyKind.STATE:
        _give_up_the_video(run, attempt, watch)
    else:
        why = f"its link could not be asked for: {reply.message}"
        _give_up(run, watch, why, is_outage=reply.kind is TaskReplyKind.RETRY)


def _give_up_the_video(run: Run, attempt: Attempt, watch: TrackedTask) -> None:
    """Success and no video, for minutes: closed, so that a person may pay again, and asked for by each run still."""
    most = _MOST_ASKS if attempt.is_open else _MOST_ASKS_LATER
    if watch.empty_successes < most and not run.is_drained:
        return
    if attempt.is_open and not run.is_drained:
        run.ledger.settle(attempt.id, run.clock.wall_s())
    then = "the next run asks again, free; `batchrunner redo` pays again"
    watch.stop = StopReason(HoldReason.FETCH_FAILED, f"paid, but {NO_VIDEO}: {then}")


def _failed(run: Run, identity: JobId, attempt: Attempt, watch: TrackedTask, error: DownloadError) -> None:
    watch.failed_fetches += 1
    if str(error) != watch.said:
        watch.said = str(error)
        run.tell(RunEvent(EventKind.NOTE, f"download: {error}", identity.name))
    if error.fault is DownloadFault.NOT_ALLOWED:
        watch.stop = StopReason(HoldReason.FETCH_FAILED, f"its clip is not fetched: {error}")
        return
    if error.fault is DownloadFault.LINK_OVER:
        watch.link = None
        watch.task.not_before_s = run.clock.monotonic_s()
        _note_gone(run, attempt, watch, error)
    is_outage = error.fault is DownloadFault.UNREACHED
    _give_up(run, watch, f"its clip could not be fetched: {error}", is_outage=is_outage)


def _note_gone(run: Run, attempt: Attempt, watch: TrackedTask, error: DownloadError) -> None:
    """The file server itself says that the file is gone: after the retention that is the end of it, in the end."""
    if error.status not in (404, 410) or run.service_s() < attempt.is_over_at_s:
        return
    if attempt.is_gone:
        watch.stop = _still_gone(error)
        return
    seen = Observation(run.service_s(), TaskState.GONE, f"{FILE_GONE}{error.status}")
    run.ledger.observe(attempt, seen, settles=settles(with_observation(attempt, seen)))
    watch.task.not_before_s += BETWEEN_GONE_S


def _still_gone(why: object) -> StopReason:
    return StopReason(HoldReason.EXPIRED, f"asked for once more, and still gone: {why}")


def _give_up(run: Run, watch: TrackedTask, reason: str, *, is_outage: bool = False) -> None:
    """The end of the tries: soon, but for an outage that nobody wants to leave before."""
    most = _MOST_TRIES_IN_AN_OUTAGE if is_outage and not run.is_drained else _MOST_TRIES
    if watch.failed_fetches >= most and watch.stop is None:
        watch.stop = StopReason(HoldReason.FETCH_FAILED, f"{reason}: the next run tries again")


def _not_taken(run: Run, watch: TrackedTask, final: Path, error: OSError) -> None:
    """This clip has to wait; nothing more is paid for that the same disk or folder would not take."""
    why = str(error) if isinstance(error, Refused) else error.strerror or str(error)
    watch.stop = StopReason(HoldReason.FETCH_FAILED, f"the disk does not take its clip: {why}")
    if error.errno in _THE_WHOLE_DISK or isinstance(error, Refused):
        run.stop(
            HoldReason.HALT, f"the disk takes no more clips in {final.parent}: {why}; mend that, and start it again"
        )
        return
    folder = final.parent if error.errno == errno.ENAMETOOLONG else nearest(final.parent)[0]
    run.stop_folder(folder, f"{final.name} could not be put there: {why}; mend that, and start it again")


def _place(run: Run, identity: JobId, attempt: Attempt, verified: DownloadedFile, final: Path) -> None:
    """Puts a file under its final name; what keeps it from there stops this job."""
    watch = run.watch(attempt)
    try:
        path = run.clips.store(identity, attempt, verified, final)
        run.receipts.submit(identity, attempt.id)
    except FileExistsError as error:
        if not final.parent.is_dir():
            _not_taken(run, watch, final, error)
            return
        watch.failed_fetches += 1  # something came to lie there meanwhile: the next decision says so
        _give_up(run, watch, f"{final.name} is taken")
    except OSError as error:
        _not_taken(run, watch, final, error)
    else:
        run.tell(RunEvent(EventKind.DONE, path, identity.name))
