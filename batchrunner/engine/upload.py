"""Local images on their way: uploaded when their job's turn comes, once per content, for free."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from batchrunner.domain.image import LocalImage
from batchrunner.domain.job import Job
from batchrunner.domain.step import HoldReason
from batchrunner.domain.uploaded_image import Upload
from batchrunner.engine.limited_provider import LimitedProvider
from batchrunner.engine.scheduling.backoff import backoff_s
from batchrunner.engine.scheduling.wakeup import Wakeup
from batchrunner.engine.stops import Stops
from batchrunner.io.clock import Clock
from batchrunner.planning.inputs import StopReason
from batchrunner.providers.credentials import Credentials
from batchrunner.providers.provider import UploadReply, UploadReplyKind
from batchrunner.storage.interface import UploadLog

# Some 25 minutes: it is rather the service that has a bad time than the image.
_MOST_TRIES = 30


class UploadFailed(Exception):  # ends one job's submit in this run, never the run
    """An image that could not be uploaded, in words."""


class Uploader:
    """Uploads images, and remembers where the service has them."""

    def __init__(
        self,
        provider: LimitedProvider,
        uploads: UploadLog,
        credentials: Credentials,
        stops: Stops,
        wakeup: Wakeup,
        clock: Clock,
    ) -> None:
        self._provider = provider
        self._uploads = uploads
        self._credentials = credentials
        self._stops = stops
        self._wakeup = wakeup
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failing: set[str] = set()

    @property
    def reason(self) -> str:
        """An image that the service has not accepted yet."""
        return "an image upload failed; retrying" if self._failing else ""

    async def sendable(self, job: Job, is_wanted: Callable[[], bool]) -> Mapping[str, object] | None:
        """The body that the service gets: each local image by its address there. None where one is not to be had."""
        try:
            return {name: await self._sendable(value, is_wanted) for name, value in job.body.items()}
        except UploadFailed as error:
            if is_wanted():
                self._stops.stop_job(job.identity, StopReason(HoldReason.UPLOAD, str(error)))
            return None

    async def _sendable(self, value: object, is_wanted: Callable[[], bool]) -> object:
        match value:
            case LocalImage():
                return await self._address(value, is_wanted)
            case list():
                return [await self._sendable(item, is_wanted) for item in value]
            case _:
                return value

    async def _address(self, image: LocalImage, is_wanted: Callable[[], bool]) -> str:
        """Where the service has this image. Jobs that need the same one wait for the same upload."""
        base_url, key_digest = self._credentials.base_url, self._credentials.key_digest
        async with self._locks[image.sha256]:
            known = self._uploads.find(image.sha256, base_url, key_digest)
            if known is None or not known.is_usable(self._clock.wall_s()):
                try:
                    known = await self._upload(image, is_wanted)
                finally:
                    self._failing.discard(image.sha256)
                self._uploads.record(known, base_url, key_digest)
            return known.url

    async def _upload(self, image: LocalImage, is_wanted: Callable[[], bool]) -> Upload:
        """The image, sent until it is accepted: an upload costs nothing."""
        data, failed = _bytes(image), 0
        while reply := await self._provider.upload(Path(image.path).name, data, is_wanted):
            match reply.kind:
                case UploadReplyKind.TAKEN:
                    return Upload(image.sha256, len(data), reply.file_id, reply.url, self._clock.wall_s())
                case UploadReplyKind.REFUSED:
                    raise UploadFailed(_refusal(image, reply))
                case UploadReplyKind.KEY:
                    self._stops.stop(HoldReason.KEY, f"the service refuses the API key: {reply.message}")
                    raise UploadFailed(reply.message)
                case UploadReplyKind.RETRY | UploadReplyKind.RATE:
                    failed += 1
                    if failed >= _MOST_TRIES:
                        raise UploadFailed(f"{image.path} could not be uploaded: {reply.message}")
                    self._failing.add(image.sha256)
                    await self._wakeup.sleep_unless(backoff_s(failed), is_wanted)
        raise UploadFailed(f"{image.path} was not uploaded: no job needs it any more")


def _bytes(image: LocalImage) -> bytes:
    """The image's bytes, which must be those that were checked."""
    try:
        data = Path(image.path).read_bytes()
    except OSError as error:
        raise UploadFailed(f"{image.path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise UploadFailed(f"{image.path} was changed during the run: run again")
    return data


def _refusal(image: LocalImage, reply: UploadReply) -> str:
    said = f"the service refuses {image.path}: {reply.message}"
    return f"{said}; `batchrunner uploads --prune` frees space" if "quota" in reply.message.lower() else said
