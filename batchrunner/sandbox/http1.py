"""HTTP/1.1 on asyncio streams: bytes to a request within bounds, an answer to bytes."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from batchrunner.sandbox.exchange import HttpAnswer, HttpRequest
from batchrunner.sandbox.media_files import MAX_BYTES

MAX_HEAD_BYTES = 32 * 1024
# An upload of the largest file still has its form around it.
MAX_BODY_BYTES = MAX_BYTES + 64 * 1024

_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) (/[!-~]*) HTTP/1\.([01])")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
_LENGTH = re.compile(r"[0-9]{1,12}")


class BadRequestError(Exception):
    """What arrived is no request that can be answered properly; the connection is of no more use."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_request(reader: asyncio.StreamReader) -> tuple[HttpRequest, bool] | None:
    """One request, and whether the connection is kept after it; None where the client is gone.

    Raises:
        BadRequestError: garbage, or more than the bounds allow.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").lstrip("\r\n").split("\r\n")
        headers = _headers(lines)
        method, target, version = _start(start)
        body = await reader.readexactly(_body_bytes(headers))
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequestError(431, "HeadersTooLarge: the headers have no end within bounds") from error
    if version == "1" and "host" not in headers:
        raise BadRequestError(400, "BadRequest: HTTP/1.1 needs a host")
    kept = version == "1" and headers.get("connection", "").lower() != "close"
    return HttpRequest(method, target, headers, body), kept


def _start(line: str) -> tuple[str, str, str]:
    parts = _REQUEST_LINE.fullmatch(line)
    if parts is None:
        raise BadRequestError(400, "BadRequest: this is not an HTTP/1.1 request")
    return cast("tuple[str, str, str]", parts.groups())


def _headers(lines: list[str]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        parts = _HEADER.fullmatch(line)
        if parts is None:
            raise BadRequestError(400, "BadRequest: a header has no name")
        name, value = parts[1].lower(), parts[2].strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _body_bytes(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequestError(411, "LengthRequired: send the body with a content-length")
    length = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length):
        raise BadRequestError(400, "BadRequest: content-length is not a number")
    if int(length) > MAX_BODY_BYTES:
        raise BadRequestError(413, f"PayloadTooLarge: a body may have at most {MAX_BODY_BYTES} bytes")
    return int(length)


async def write_answer(writer: asyncio.StreamWriter, answer: HttpAnswer, *, kept: bool) -> None:
    """Sends an answer piece by piece.

    Raises:
        ConnectionResetError: the answer's body is cut; what came before it is sent.
    """
    reason = HTTPStatus(answer.status).phrase
    headers = {**answer.headers, "connection": "keep-alive" if kept else "close"}
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    await writer.drain()
    async for chunk in answer.chunks:
        writer.write(chunk)
        await writer.drain()
