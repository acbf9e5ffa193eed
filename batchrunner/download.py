"""A link becomes a verified file: streamed to a hidden neighbour of its final name, and checked there."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from batchrunner import mp4
from batchrunner.files import Root, sha256_of
from batchrunner.transport import AddressRefused, Http, Stream, TransportError, redirected

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LINK_IS_OVER = frozenset({401, 403, 404, 410})


class DownloadFault(StrEnum):
    """What a caller can do about it: ask for a new link, try again, wait until somebody is there again, or nothing."""

    LINK_OVER = "link-over"
    AGAIN = "again"
    UNREACHED = "unreached"
    NOT_ALLOWED = "not-allowed"


class DownloadError(Exception):
    """There is no verified file; nothing lies under the final name. The message holds no link."""

    def __init__(self, fault: DownloadFault, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.status = status


@dataclass(frozen=True, slots=True)
class Verified:
    """A whole, checked file that waits under `path` for its final name."""

    path: Path
    size_bytes: int
    sha256: str


async def download(http: Http, link: str, root: Root, path: Path, *, may_be_plain: bool) -> Verified:
    """Brings what the link serves to a new file at `path`, below `root`, whole and checked.

    `may_be_plain`: http is good enough, as for a service on this very machine.

    Raises:
        DownloadError: it is not a whole video; what had come is removed.
        OSError: the disk does not take it.
    """
    for _ in range(_MOST_REDIRECTS + 1):
        _check_link(link, may_be_plain=may_be_plain)
        try:
            async with http.stream(link) as stream:
                if stream.status not in _REDIRECTS:
                    return await _receive(stream, root, path)
                link = redirected(link, stream.headers.get("location", ""))
        except AddressRefused as error:
            raise DownloadError(DownloadFault.NOT_ALLOWED, f"the link to {urlsplit(link).hostname}: {error}") from error
        except TransportError as error:
            raise DownloadError(DownloadFault.UNREACHED, str(error)) from error
    raise DownloadError(DownloadFault.AGAIN, "the link leads from one address to the next without end")


def _check_link(link: str, *, may_be_plain: bool) -> None:
    try:
        parts = urlsplit(link)
        _ = parts.port  # a bad one is found out only when it is asked for
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise DownloadError(DownloadFault.NOT_ALLOWED, "the service gave a link that is no web address")
    if parts.scheme == "http" and not may_be_plain:
        raise DownloadError(DownloadFault.NOT_ALLOWED, f"the link to {parts.hostname} is not https")


async def _receive(stream: Stream, root: Root, path: Path) -> Verified:
    if stream.status in _LINK_IS_OVER:
        said = f"the link is over: {stream.status}"
        raise DownloadError(DownloadFault.LINK_OVER, said, stream.status)
    if stream.status != 200:
        fault = DownloadFault.UNREACHED if stream.status == 429 or stream.status >= 500 else DownloadFault.AGAIN
        raise DownloadError(fault, f"the file server answered {stream.status}", stream.status)
    with root.create(path) as file:
        try:
            return await _save(stream, file, path)
        except BaseException:
            root.remove(path)
            raise


async def _save(stream: Stream, file: IO[bytes], path: Path) -> Verified:
    digest, size_bytes = hashlib.sha256(), 0
    async for chunk in stream.chunks:
        file.write(chunk)
        digest.update(chunk)
        size_bytes += len(chunk)
    file.flush()
    promised = stream.headers.get("content-length")
    if promised is not None and promised != str(size_bytes):
        raise DownloadError(DownloadFault.AGAIN, f"{size_bytes} bytes came of {promised}")
    wrong = mp4.fault(path)
    if wrong:
        raise DownloadError(DownloadFault.AGAIN, f"what came is not a whole video: {wrong}")
    written = sha256_of(path)  # of what lies there: not of what was meant to
    if written != digest.hexdigest():
        raise DownloadError(DownloadFault.AGAIN, "what lies on the disk is not what came")
    return Verified(path, size_bytes, written)
