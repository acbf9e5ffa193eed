"""Answers, whole or still coming; what is too large, packed or broken off is an error."""

import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx

from batchrunner.io.http.addresses import is_address
from batchrunner.io.http.deadline import within
from batchrunner.io.http.delivery import FOREIGN, Delivery, TransportError, map_error

# The service's replies have some kilobytes.
_LARGEST_REPLY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is still coming."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


def check_address(url: str) -> None:
    """An address that is none is found out before anything is sent, and can be nothing else afterwards."""
    if not is_address(url):
        raise TransportError(Delivery.NOT_SENT, "the address is not valid")


async def whole_reply(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    total_s: float,
    json: object = None,
    files: Mapping[str, tuple[str, bytes]] | None = None,
    most_bytes: int = _LARGEST_REPLY_BYTES,
) -> Reply:
    """An answer with all of its body.

    Raises:
        TransportError: there was none, or none within its bounds of bytes and seconds.
    """
    check_address(url)
    body = bytearray()
    try:
        with within(total_s):
            async with client.stream(method, url, headers=dict(headers), json=json, files=files) as response:
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > most_bytes:
                        raise TransportError(Delivery.UNCLEAR, "the answer is too large", bytes(body))
                if response.headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
                    raise TransportError(
                        Delivery.UNCLEAR, "the answer is compressed, which was not requested", _unpacked(body)
                    )
                return Reply(response.status_code, headers_of(response), bytes(body))
    except FOREIGN as error:
        raise map_error(error, bytes(body)) from error


def _unpacked(body: bytearray) -> bytes:
    """The beginning of what was packed, within bounds: it may name what was paid for."""
    try:
        return zlib.decompressobj(wbits=47).decompress(body, _LARGEST_REPLY_BYTES // 16)  # 47: zlib or gzip
    except zlib.error:
        return b""


async def translated(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, whose errors are ours."""
    try:
        async for chunk in chunks:
            yield chunk
    except FOREIGN as error:
        raise map_error(error) from error


def headers_of(response: httpx.Response) -> dict[str, str]:
    """The headers, their names in lower case."""
    return {name.lower(): value for name, value in response.headers.items()}
