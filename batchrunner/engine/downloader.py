"""Downloads, a few at a time: a link becomes a verified file beside its final name."""

import asyncio

from batchrunner.io.download import Bounds, DownloadedFile, download
from batchrunner.io.http import Http
from batchrunner.io.partial_file import Partial

_AT_ONCE = 4


class Downloader:
    """Files of at most `most_bytes`; `may_be_plain` allows links without TLS, to this machine only."""

    def __init__(self, http: Http, most_bytes: int, *, may_be_plain: bool) -> None:
        self._http = http
        self._bounds = Bounds(most_bytes)
        self._may_be_plain = may_be_plain
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, link: str, part: Partial) -> DownloadedFile:
        """One try.

        Raises:
            DownloadError: what came is no clip, or nothing came; it says whether a next try may do better.
            OSError: the disk does not take it.
        """
        async with self._room:
            return await download(self._http, link, part, may_be_plain=self._may_be_plain, bounds=self._bounds)
