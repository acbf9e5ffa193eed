"""Local pictures on their way: uploaded when their job's turn comes, once per content, for free."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from batchrunner.domain.image import LocalImage
from batchrunner.domain.job import Job
from batchrunner.domain.step import HoldReason
from batchrunner.domain.uploaded_image import Upload
from batchrunner.engine.run import Run
from batchrunner.engine.scheduling.rate_limiter import backoff_s
from batchrunner.planning.inputs import StopReason
from batchrunner.providers.modellix import UploadReply, UploadReplyKind

# Some 25 minutes: it is rather the service that has a bad time than the picture.
_MOST_TRIES = 30


class UploadFailed(Exception):  # ends one job's submit in this run, never the run
    """A picture that could not be uploaded, in words."""


async def sendable(run: Run, job: Job, is_wanted: Callable[[], bool]) -> Mapping[str, object] | None:
    """The body that the service gets: each local picture by its address there. None where one is not to be had."""
    try:
        return {name: await _sendable(run, value, is_wanted) for name, value in job.body.items()}
    except UploadFailed as error:
        if is_wanted():
            run.stop_job(job.identity, StopReason(HoldReason.UPLOAD, str(error)))
        return None


async def _sendable(run: Run, value: object, is_wanted: Callable[[], bool]) -> object:
    match value:
        case LocalImage():
            return await _address(run, value, is_wanted)
        case list():
            return [await _sendable(run, item, is_wanted) for item in value]
        case _:
            return value


async def _address(run: Run, image: LocalImage, is_wanted: Callable[[], bool]) -> str:
    """Where the service has this picture. Jobs that need the same one wait for the same upload."""
    async with run.upload_locks[image.sha256]:
        known = run.ledger.uploads.find(image.sha256, run.access.base_url, run.access.key_digest)
        if known is None or not known.is_usable(run.clock.wall_s()):
            try:
                known = await _upload(run, image, is_wanted)
            finally:
                run.pictures_in_trouble.discard(image.sha256)
            run.ledger.uploads.record(known, run.access.base_url, run.access.key_digest)
        return known.url


async def _upload(run: Run, image: LocalImage, is_wanted: Callable[[], bool]) -> Upload:
    """The picture, sent until it is taken: an upload costs nothing."""
    data, failed = _bytes(image), 0
    while await run.gate.acquire(is_wanted):
        reply = await run.service.upload(Path(image.path).name, data)
        run.heed(reply.limits, refused=reply.kind is UploadReplyKind.RATE)
        match reply.kind:
            case UploadReplyKind.TAKEN:
                return Upload(image.sha256, len(data), reply.file_id, reply.url, run.clock.wall_s())
            case UploadReplyKind.REFUSED:
                raise UploadFailed(_refusal(image, reply))
            case UploadReplyKind.KEY:
                run.stop(HoldReason.KEY, f"the service refuses the key: {reply.message}")
                raise UploadFailed(reply.message)
            case UploadReplyKind.RETRY | UploadReplyKind.RATE:
                failed += 1
                if failed >= _MOST_TRIES:
                    raise UploadFailed(f"{image.path} could not be uploaded: {reply.message}")
                run.pictures_in_trouble.add(image.sha256)
                await run.wakeup.sleep_unless(backoff_s(failed), is_wanted)
    raise UploadFailed(f"{image.path} was not uploaded: nobody wants it any more")


def _bytes(image: LocalImage) -> bytes:
    """The picture's bytes, which must be those that were checked."""
    try:
        data = Path(image.path).read_bytes()
    except OSError as error:
        raise UploadFailed(f"{image.path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise UploadFailed(f"{image.path} was changed while the run went on: start it again")
    return data


def _refusal(image: LocalImage, reply: UploadReply) -> str:
    said = f"the service does not take {image.path}: {reply.message}"
    return f"{said}; `batchrunner uploads --prune` makes room" if "quota" in reply.message.lower() else said
