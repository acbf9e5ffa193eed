"""A way without sockets: requests go to a function, and behave as on a wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol

import httpx

from batchrunner.io.http import deadline


class Answered(Protocol):
    """What a service in this very process gives back. `chunks` raises ConnectionResetError where it is cut."""

    @property
    def status(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def chunks(self) -> AsyncIterator[bytes]: ...  # noqa: D102


Responder = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answered]]


class InProcessTransport(httpx.AsyncBaseTransport):
    """Requests go to a function instead of a socket: streamed, cut, and timed by the loop's clock."""

    def __init__(self, answer: Responder) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request; both kinds of silence and cuts come out as a socket would give them."""
        read_s = request.extensions.get("timeout", {}).get("read")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.aread()
        target = request.url.raw_path.decode("ascii")
        try:
            async with asyncio.timeout(deadline.left_s(read_s)):
                answered = await self._answer(request.method, target, headers, body)
        except TimeoutError as error:
            raise httpx.ReadTimeout("", request=request) from error
        except ConnectionRefusedError as error:
            raise httpx.ConnectError("", request=request) from error
        except ConnectionResetError as error:
            raise httpx.ReadError("", request=request) from error
        return httpx.Response(
            answered.status,
            headers=dict(answered.headers),
            stream=_Body(answered.chunks, read_s),
            request=request,
        )


class _Body(httpx.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes], read_s: float | None) -> None:
        self._chunks = chunks
        self._read_s = read_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(deadline.left_s(self._read_s)):
                    chunk = await anext(self._chunks)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise httpx.ReadTimeout("") from error
            except ConnectionResetError as error:
                raise httpx.ReadError("") from error
            yield chunk

    async def aclose(self) -> None:
        close: Any = getattr(self._chunks, "aclose", None)
        if close:
            await close()
