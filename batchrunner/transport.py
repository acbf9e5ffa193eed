"""The only file that knows httpx: clients, timeouts, what each of its errors means, and a way without sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

# httpx logs every address it asks, signed links included.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_CONNECT_S = 15.0
_GET_READ_S = 60.0
_SUBMIT_READ_S = 120.0
_LARGEST_REPLY_BYTES = 8 << 20
# An account of 1,000 requests a minute, when each is on the way for a second.
_API_ON_THE_WIRE = 16


class Fate(StrEnum):
    """What is known of a request that got no whole answer."""

    NOT_SENT = "not-sent"
    UNCLEAR = "unclear"


class TransportError(Exception):
    """A request without a whole answer; `fate` says whether it may have arrived."""

    def __init__(self, fate: Fate, message: str) -> None:
        super().__init__(message)
        self.fate = fate


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


# The first class in this table of which an error is an instance tells its fate.
# Source: the error tree in httpx 0.28's documentation; that it is complete is tested.
ERRORS: tuple[tuple[type[Exception], Fate, str], ...] = (
    (httpx.ConnectTimeout, Fate.NOT_SENT, "no connection in time"),
    (httpx.PoolTimeout, Fate.NOT_SENT, "no free connection"),
    (httpx.ConnectError, Fate.NOT_SENT, "no connection"),
    (httpx.ProxyError, Fate.NOT_SENT, "the proxy refused"),
    (httpx.LocalProtocolError, Fate.NOT_SENT, "the request could not be written"),
    # our own address was checked before: these two speak of one in the answer
    (httpx.UnsupportedProtocol, Fate.UNCLEAR, "the answer leads to no usable address"),
    (httpx.InvalidURL, Fate.UNCLEAR, "the answer leads to no usable address"),
    (httpx.ReadTimeout, Fate.UNCLEAR, "no answer in time"),
    (httpx.WriteTimeout, Fate.UNCLEAR, "the request was not taken in time"),
    (httpx.HTTPError, Fate.UNCLEAR, "the connection was cut"),
    (httpx.StreamError, Fate.UNCLEAR, "the answer could not be read"),
    (httpx.CookieConflict, Fate.UNCLEAR, "the answer could not be read"),
)


def explained(error: Exception) -> TransportError:
    """The one place in which a foreign error becomes ours. The words of httpx are kept; addresses are not in them."""
    for kind, fate, words in ERRORS:
        if isinstance(error, kind):
            return TransportError(fate, f"{words} ({type(error).__name__})")
    raise error


class Http:
    """Three clients that share nothing: paid submits, other API requests, downloads.

    Submits never reuse a connection: one that the other side has just closed would make the outcome unknown.
    No client follows redirects, so that a key reaches only the address it was meant for.
    """

    def __init__(
        self, make_transport: "Callable[[], httpx.AsyncBaseTransport] | None" = None, *, loopback: bool
    ) -> None:
        def client(read_s: float, limits: httpx.Limits) -> httpx.AsyncClient:
            return httpx.AsyncClient(
                transport=make_transport() if make_transport else None,
                timeout=httpx.Timeout(read_s, connect=_CONNECT_S, pool=None),
                limits=limits,
                trust_env=not loopback,  # a proxy in the environment does not reach this machine's own ports
            )

        self._submits = client(_SUBMIT_READ_S, httpx.Limits(max_keepalive_connections=0))
        self._api = client(_GET_READ_S, httpx.Limits(max_connections=2 * _API_ON_THE_WIRE))
        self._files = client(_GET_READ_S, httpx.Limits())
        # Below the pool's size: httpx's pool loses slots and turns unfair when it has to queue.
        self._gate = asyncio.Semaphore(_API_ON_THE_WIRE)

    async def post(self, url: str, headers: Mapping[str, str], json: object) -> Reply:
        """The paid request, on a connection of its own.

        Raises:
            TransportError: there was no whole answer; its `fate` says whether it may have been paid.
        """
        return await _whole(self._submits, "POST", url, headers, json=json)

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """A free request.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await _whole(self._api, "GET", url, headers)

    async def probe(self, url: str) -> Reply:
        """Whether something is served at an address: HEAD, then the first bytes; redirects are followed, no key sent.

        Raises:
            TransportError: there was no answer.
        """
        _check(url)
        async with self._gate:
            try:
                head = await self._files.head(url, follow_redirects=True)
                if head.status_code < 400:
                    return Reply(head.status_code, _headers(head), b"")
                ranged = {"Range": "bytes=0-1023"}
                async with self._files.stream("GET", url, headers=ranged, follow_redirects=True) as response:
                    return Reply(response.status_code, _headers(response), b"")
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict) as error:
                raise explained(error) from error

    async def notify(self, url: str, json: object) -> Reply:
        """A word to an address that is not the service's: it carries no key.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await _whole(self._api, "POST", url, {}, json=json)

    async def delete(self, url: str, headers: Mapping[str, str]) -> Reply:
        """Another free request.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await _whole(self._api, "DELETE", url, headers)

    async def upload(self, url: str, headers: Mapping[str, str], name: str, data: bytes) -> Reply:
        """A file as a form's field `file`: free, so it may be sent again.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await _whole(self._api, "POST", url, headers, files={"file": (name, data)})

    @asynccontextmanager
    async def stream(self, url: str) -> AsyncIterator[Stream]:
        """A download; it carries no key.

        Raises:
            TransportError: there was no whole answer.
        """
        _check(url)
        try:
            async with self._files.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
                yield Stream(response.status_code, _headers(response), _translated(response.aiter_raw()))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise explained(error) from error

    async def close(self) -> None:
        """Closes every connection."""
        for client in (self._submits, self._api, self._files):
            await client.aclose()


def is_address(url: str) -> bool:
    """Whether anything can be sent there at all."""
    try:
        parts = urlsplit(url)
        httpx.URL(url)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        return False


def _check(url: str) -> None:
    """An address that is none is found out before anything is sent, and can be nothing else afterwards."""
    if not is_address(url):
        raise TransportError(Fate.NOT_SENT, "the address is not valid")


async def _whole(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str],
    json: object = None,
    files: Mapping[str, tuple[str, bytes]] | None = None,
) -> Reply:
    _check(url)
    try:
        async with client.stream(method, url, headers=dict(headers), json=json, files=files) as response:
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST_REPLY_BYTES:
                    raise TransportError(Fate.UNCLEAR, "the answer is too large to be one")
            return Reply(response.status_code, _headers(response), body)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict) as error:
        raise explained(error) from error


async def _translated(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in chunks:
            yield chunk
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise explained(error) from error


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def is_loopback(url: str) -> bool:
    """Whether an address is this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Answered(Protocol):
    """What a service in this very process gives back. `chunks` raises ConnectionResetError where it is cut."""

    @property
    def status(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def chunks(self) -> AsyncIterator[bytes]: ...  # noqa: D102


Answering = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answered]]


class InProcess(httpx.AsyncBaseTransport):
    """Requests go to a function instead of a socket: streamed, cut, and timed by the loop's clock."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request; both kinds of silence and cuts come out as a socket would give them."""
        read_s = request.extensions.get("timeout", {}).get("read")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.aread()
        target = request.url.raw_path.decode("ascii")
        try:
            async with asyncio.timeout(read_s):
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
                async with asyncio.timeout(self._read_s):
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
