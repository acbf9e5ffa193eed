"""A link becomes a verified file: streamed to a hidden neighbour of its final name, and checked there.

The file server is a stranger: what it sends is bounded in bytes, in time and in slowness, and believed when it was
looked at. What broke off goes on where it was, if the server can tell that it still has the same file.
"""

import asyncio
import errno
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from batchrunner.domain.settings import DEFAULT_DOWNLOAD_BYTES
from batchrunner.io import mp4
from batchrunner.io.clock import Clock
from batchrunner.io.files import sha256_of
from batchrunner.io.http import AddressRefused, Http, Stream, TransportError, Untrusted, redirected
from batchrunner.io.partial_file import Partial

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LINK_IS_OVER = frozenset({401, 403, 404, 410})
_LENGTH = re.compile(r"[0-9]{1,15}")
_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)")
# What goes back to the server in a header, as it came.
_VALIDATOR = re.compile(r'"[!#-~]{1,200}"|[A-Z][a-z]{2}, [ -~]{20,30}')
# The ledger needs some room, too.
_ROOM_LEFT_BYTES = 16 << 20


class DownloadFault(StrEnum):
    """What a caller can do about it: ask for a new link, try again, wait until somebody is there again, or nothing."""

    LINK_OVER = "link-over"
    AGAIN = "again"
    UNREACHED = "unreached"
    NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A whole, checked file that waits under `path` for its final name."""

    path: Path
    size_bytes: int
    sha256: str


class DownloadError(Exception):
    """There is no verified file; nothing lies under the final name. The message holds no link.

    `odd` is a file that begins as a film does, came whole, and could not be verified: it lies where it came.
    """

    def __init__(
        self, fault: DownloadFault, message: str, status: int | None = None, odd: DownloadedFile | None = None
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.status = status
        self.odd = odd


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be, how slow in any `window_s`, and how long one try may take."""

    most_bytes: int = DEFAULT_DOWNLOAD_BYTES
    least_bytes_per_s: float = 1024.0
    window_s: float = 60.0
    total_s: float = 3600.0


async def download(
    http: Http, link: str, part: Partial, *, may_be_plain: bool, bounds: Bounds = Bounds()
) -> DownloadedFile:
    """Brings what the link serves to the path of `part`, whole and checked.

    `may_be_plain`: http is good enough, as for a service on this very machine. What broke off stays there for the next
    try, where `part.goes_on`; else nothing does.

    Raises:
        DownloadError: it is not a whole video.
        OSError: the disk does not take it.
    """
    try:
        await _received(http, link, part, may_be_plain=may_be_plain, bounds=bounds)
        return await _verified(part)
    except DownloadError as error:
        if error.odd is None and not part.goes_on:
            part.forget()
        raise
    except BaseException:
        part.forget()
        raise


async def _received(http: Http, link: str, part: Partial, *, may_be_plain: bool, bounds: Bounds) -> None:
    for _ in range(_MOST_REDIRECTS + 1):
        _check_link(link, may_be_plain=may_be_plain)
        try:
            async with http.stream(link, part.headers) as stream:
                if stream.status not in _REDIRECTS:
                    await _receive(stream, part, bounds)
                    return
                link = redirected(link, stream.headers.get("location", ""))
        except AddressRefused as error:
            raise DownloadError(DownloadFault.NOT_ALLOWED, f"the link to {urlsplit(link).hostname}: {error}") from error
        except TransportError as error:
            fault = DownloadFault.NOT_ALLOWED if isinstance(error, Untrusted) else DownloadFault.UNREACHED
            raise DownloadError(fault, str(error)) from error
    raise DownloadError(DownloadFault.AGAIN, "the link redirects without end")


def _check_link(link: str, *, may_be_plain: bool) -> None:
    try:
        parts = urlsplit(link)
        _ = parts.port  # a bad one is found out only when it is asked for
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise DownloadError(DownloadFault.NOT_ALLOWED, "the service gave an invalid link")
    if parts.scheme == "http" and not may_be_plain:
        raise DownloadError(DownloadFault.NOT_ALLOWED, f"the link to {parts.hostname} is not https")


async def _receive(stream: Stream, part: Partial, bounds: Bounds) -> None:
    if stream.status in _LINK_IS_OVER:
        said = f"the link has expired: {stream.status}"
        raise DownloadError(DownloadFault.LINK_OVER, said, stream.status)
    rest = _RANGE.fullmatch(stream.headers.get("content-range", "")) if stream.status == 206 and part.goes_on else None
    if rest is not None and int(rest[1]) == part.size_bytes:
        whole = None if rest[2] == "*" else int(rest[2])
    elif stream.status == 200:
        part.forget()
        part.validator = _validator(stream.headers)
        length = stream.headers.get("content-length", "")
        whole = int(length) if _LENGTH.fullmatch(length) else None
    else:
        is_ill = stream.status == 429 or stream.status >= 500
        if not is_ill:
            part.forget()  # what was asked for is not understood: the next try asks for all of it
        fault = DownloadFault.UNREACHED if is_ill else DownloadFault.AGAIN
        raise DownloadError(fault, f"the file server answered {stream.status}", stream.status)
    await _save(stream, part, whole, bounds)
    if whole is not None and whole != part.size_bytes:
        said = f"{part.size_bytes} bytes arrived of {whole}"
        part.forget()
        raise DownloadError(DownloadFault.AGAIN, said)


def _validator(headers: Mapping[str, str]) -> str:
    """What tells that a file is the same, to the byte: a strong tag, else when it was made; empty where nothing does.

    Source: RFC 9110, section 13.1.5.
    """
    found = headers.get("etag", "") or headers.get("last-modified", "")
    return found if _VALIDATOR.fullmatch(found) else ""


async def _save(stream: Stream, part: Partial, whole: int | None, bounds: Bounds) -> None:
    with part.open() as file:
        _check_size(part, bounds, whole)
        _check_room(part, whole)
        pace = _Pace(bounds)
        async for chunk in stream.chunks:
            file.write(chunk)
            part.add(chunk)
            _check_size(part, bounds)
            pace.check(len(chunk))


def _check_size(part: Partial, bounds: Bounds, whole: int | None = None) -> None:
    if max(part.size_bytes, whole or 0) > bounds.most_bytes:
        part.forget()
        said = (
            f"it is larger than {_in_words(bounds.most_bytes)}: `download_limit` in the manifest's settings allows more"
        )
        raise DownloadError(DownloadFault.NOT_ALLOWED, said)


def _check_room(part: Partial, whole: int | None) -> None:
    """A disk is not filled to its last byte only to find out that it is too small."""
    free_bytes = shutil.disk_usage(part.path.parent).free
    needed_bytes = (whole or 0) - part.size_bytes
    if whole is not None and needed_bytes + _ROOM_LEFT_BYTES > free_bytes:
        said = f"{_in_words(needed_bytes)} are needed, {_in_words(free_bytes)} are free"
        raise OSError(errno.ENOSPC, said, str(part.path.parent))


class _Pace:
    """Whether a file comes fast enough for anybody to wait for it."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._clock = Clock()
        self._began_s = self._window_s = self._clock.monotonic_s()
        self._window_bytes = 0

    def check(self, more_bytes: int) -> None:
        """More has come."""
        now_s, bounds = self._clock.monotonic_s(), self._bounds
        self._window_bytes += more_bytes
        if now_s - self._began_s > bounds.total_s:
            raise DownloadError(DownloadFault.AGAIN, f"it takes longer than {bounds.total_s / 60:g} minutes")
        took_s = now_s - self._window_s
        if took_s < bounds.window_s:
            return
        if self._window_bytes < bounds.least_bytes_per_s * took_s:
            said = f"it is slower than {_in_words(bounds.least_bytes_per_s)} a second"
            raise DownloadError(DownloadFault.AGAIN, said)
        self._window_s, self._window_bytes = now_s, 0


async def _verified(part: Partial) -> DownloadedFile:
    """The file, as it lies on the disk: whole, and what came."""
    written = await asyncio.to_thread(sha256_of, part.path)
    if written != part.digest.hexdigest():
        part.forget()
        raise DownloadError(DownloadFault.AGAIN, "the file on the disk differs from what was downloaded")
    found = DownloadedFile(part.path, part.size_bytes, written)
    wrong = await asyncio.to_thread(mp4.fault, part.path)
    if wrong:
        odd = found if mp4.is_film(part.path) else None
        part.validator = ""
        raise DownloadError(DownloadFault.AGAIN, f"the download is not a complete video: {wrong}", odd=odd)
    return found


def _in_words(size_bytes: float) -> str:
    units = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
    unit, name = next((each for each in units if size_bytes >= each[0]), (1, "bytes"))
    return f"{size_bytes / unit:.1f}".removesuffix(".0") + f" {name}"
