"""What the service publishes about its models, fetched without a key, or read from files that somebody kept."""

import asyncio
import stat
from collections.abc import Iterable
from pathlib import Path

from batchrunner.catalog.published_document import MOST_BYTES
from batchrunner.errors import UsageError
from batchrunner.io.http import Http, TransportError

# Source: the service's own clients, which ask it there without a key, 2026-08.
SITE = "https://www.modellix.ai"
_DONE = 200


def schema_page(slug: str) -> str:
    """Where a model's schema is published."""
    return f"{SITE}/models/{slug}/api_schema"


async def fetch_pages(addresses: Iterable[str], http: Http) -> dict[str, bytes | str]:
    """What is at each address, or in a sentence why there is nothing; each is asked once."""
    listed = list(dict.fromkeys(addresses))
    try:
        found = await asyncio.gather(*(_page(address, http) for address in listed))
    finally:
        await http.close()
    return dict(zip(listed, found, strict=True))


async def _page(address: str, http: Http) -> bytes | str:
    try:
        reply = await http.page(address, MOST_BYTES)
    except TransportError as error:
        return f"{address}: {error}"
    return reply.body if reply.status == _DONE else f"{address}: it answered {reply.status}"


def kept_schema(kept: Path, slug: str) -> bytes | str:
    """A document that somebody kept: `kept` is its file, or a folder with PROVIDER/NAME.json; or why there is none."""
    path = kept / f"{slug}.json" if kept.is_dir() else kept
    try:
        return read_kept(path)
    except UsageError as error:
        return str(error)


def read_kept(path: Path) -> bytes:
    """The bytes of a file that a person named, no more of them than are ever published.

    Raises:
        UsageError: there is no such file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
            raise UsageError(f"{path} is not a file")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be read: {why}") from error
