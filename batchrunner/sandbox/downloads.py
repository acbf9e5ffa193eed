"""The files host: finished clips by signed link, uploaded images by their address."""

import asyncio
import base64
import hashlib
import re
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from batchrunner.io.resources import read_bytes
from batchrunner.sandbox.account import TeamAccount
from batchrunner.sandbox.exchange import HttpAnswer, HttpRequest, content, page, pieces, refused
from batchrunner.sandbox.faults import DOWNLOADING, Fault, FaultInjector
from batchrunner.sandbox.media_files import UPLOADS, Uploads
from batchrunner.sandbox.signed_links import RESULTS, Links
from batchrunner.sandbox.tasks import COVER, VIDEO, State

_CHUNK_BYTES = 1024
_REST = re.compile(r"bytes=([0-9]{1,12})-")
_ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def clip_of(task_id: str) -> bytes:
    """A valid MP4 that no other task has: the shipped clip, and the id in a box that players skip.

    The shipped one is H.264 (libx264), 320x180, 24 frames in 1 second, with its index in front.
    """
    mark = task_id.encode()
    return read_bytes("sandbox/clip.mp4") + struct.pack(">I4s", 8 + len(mark), b"free") + mark


@dataclass(frozen=True, slots=True)
class Downloads:
    """Answers all that is asked of the files host. No key is wanted here."""

    account: TeamAccount
    uploads: Uploads
    links: Links
    faults: FaultInjector
    hang_s: float

    def answer(self, request: HttpRequest, now_s: float) -> HttpAnswer:
        """The file, or why not."""
        if request.method != "GET":
            return refused(405, "MethodNotAllowed: files are only read here", {"allow": "GET"})
        match request.segments:
            case (folder, name) if folder == RESULTS:
                return self._result(request, name, now_s)
            case (folder, name) if folder == UPLOADS:
                return self._upload(name, now_s)
            case _:
                return refused(404, "NotFound: no such file")

    def _upload(self, name: str, now_s: float) -> HttpAnswer:
        image = self.uploads.read(name, now_s)
        if image is None:
            return refused(404, "NotFound: no such file")
        return content(image, f"image/{name.rpartition('.')[2]}")

    def _result(self, request: HttpRequest, name: str, now_s: float) -> HttpAnswer:
        task_id, dot, suffix = name.rpartition(".")
        if not self.account.knows(task_id) or dot + suffix not in {VIDEO, COVER}:
            return refused(404, "NotFound: no such file")
        task = self.account.task(task_id, now_s)
        if task is None:
            return refused(410, "Gone: the result is past its retention")
        if not self.links.is_good(request, now_s):
            return refused(403, "AccessDenied: the link has expired or its signature does not match")
        if task.state(now_s) is not State.SUCCESS:
            return refused(404, "NotFound: no such file")
        return content(_ONE_PIXEL, "image/png") if dot + suffix == COVER else self._clip(request, clip_of(task_id))

    def _clip(self, request: HttpRequest, clip: bytes) -> HttpAnswer:
        first, headers = _asked_part(request, clip)
        rest = clip[first:]
        whole = replace(content(rest, "video/mp4", 206 if first else 200, headers), chunks=pieces(rest, _CHUNK_BYTES))
        match self.faults.first(DOWNLOADING):
            case Fault.DOWNLOAD_CUT:
                return replace(whole, chunks=_cut(rest[: len(rest) // 2], silence_s=0))
            case Fault.DOWNLOAD_HANG:
                return replace(whole, chunks=_cut(rest[:_CHUNK_BYTES], silence_s=self.hang_s))
            case Fault.DOWNLOAD_SHORT:
                return content(clip[: len(clip) // 2], "video/mp4")
            case Fault.DOWNLOAD_HTML:
                return page(200, "Sign in to continue")
            case _:
                return whole


def _asked_part(request: HttpRequest, clip: bytes) -> tuple[int, Mapping[str, str]]:
    """Where the part begins that is asked for: not at 0 where the asker has the beginning of this very file."""
    tag = f'"{hashlib.sha256(clip).hexdigest()[:16]}"'
    headers = {"etag": tag, "accept-ranges": "bytes"}
    asked = _REST.fullmatch(request.headers.get("range", ""))
    first = int(asked[1]) if asked and request.headers.get("if-range", tag) == tag else 0
    if not 0 < first < len(clip):
        return 0, headers
    return first, headers | {"content-range": f"bytes {first}-{len(clip) - 1}/{len(clip)}"}


async def _cut(sent: bytes, silence_s: float) -> AsyncIterator[bytes]:
    """The beginning of a body, silence, the end of the connection."""
    async for piece in pieces(sent, _CHUNK_BYTES):
        yield piece
    await asyncio.sleep(silence_s)
    raise ConnectionResetError("cut in mid-body")
