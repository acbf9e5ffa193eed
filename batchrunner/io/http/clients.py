"""The clients: paid submits, other API requests, and whatever is asked of other hosts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar
from typing import Any

import httpx

from batchrunner.domain import settings
from batchrunner.io.http.addresses import Guard, redirected
from batchrunner.io.http.deadline import within
from batchrunner.io.http.delivery import FOREIGN, Delivery, TransportError, map_error
from batchrunner.io.http.network import Network, Resolve, look_up
from batchrunner.io.http.replies import Reply, Stream, check_address, headers_of, translated, whole_reply

# httpx logs every address it asks, signed links included.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_CONNECT_S = 15.0
_GET_READ_S = 60.0
_SUBMIT_READ_S = 120.0
# From the first byte that is sent to the last one that comes.
_GET_TOTAL_S = 90.0
_SUBMIT_TOTAL_S = 300.0
# The largest picture, 16 MiB, over a line of 250 kbit/s.
_UPLOAD_TOTAL_S = 600.0
# An account of 1,000 requests a minute, when each is on the way for a second.
_API_ON_THE_WIRE = 16

_MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AS_THEY_ARE = {"Accept-Encoding": "identity"}


class _NoCookies(CookieJar):
    """Takes nothing and gives nothing: the service has no use for cookies, and a hostile one has."""

    def extract_cookies(self, response: Any, request: Any) -> None:  # noqa: ANN401  # the standard library's signature
        """Takes nothing."""

    def add_cookie_header(self, request: Any) -> None:  # noqa: ANN401  # the standard library's signature
        """Gives nothing."""


class Http:
    """Three clients that share nothing: paid submits, other API requests, and what is asked of other hosts.

    Submits never reuse a connection: one that the other side has just closed would make the outcome unknown.
    No client follows redirects by itself, so that a key reaches only the address it was meant for; none keeps cookies;
    all ask for bytes as they are. Other hosts are asked only where they are public or `allowed`, unless the service
    itself is on this machine (`loopback`).
    """

    def __init__(
        self,
        make_transport: "Callable[[], httpx.AsyncBaseTransport] | None" = None,
        *,
        loopback: bool,
        allowed: tuple[settings.Network, ...] = (),
        resolve: Resolve = look_up,
    ) -> None:
        self._guard = None if loopback else Guard(allowed)

        def client(read_s: float, limits: httpx.Limits, network: Network) -> httpx.AsyncClient:
            made = httpx.AsyncClient(
                transport=make_transport() if make_transport else None,
                timeout=httpx.Timeout(read_s, connect=_CONNECT_S, pool=None),
                limits=limits,
                headers=_AS_THEY_ARE,
                cookies=_NoCookies(),
                trust_env=not loopback,  # a proxy in the environment does not reach this machine's own ports
            )
            if make_transport is None:
                _connect_by(made, network)
            return made

        self._submits = client(_SUBMIT_READ_S, httpx.Limits(max_keepalive_connections=0), Network())
        self._api = client(_GET_READ_S, httpx.Limits(max_connections=2 * _API_ON_THE_WIRE), Network())
        self._files = client(_GET_READ_S, httpx.Limits(), Network(self._guard, resolve))
        # Below the pool's size: httpx's pool loses slots and turns unfair when it has to queue.
        self._gate = asyncio.Semaphore(_API_ON_THE_WIRE)

    async def post(self, url: str, headers: Mapping[str, str], json: object) -> Reply:
        """The paid request, on a connection of its own.

        Raises:
            TransportError: there was no whole answer; its `fate` says whether it may have been paid.
        """
        return await whole_reply(self._submits, "POST", url, headers, total_s=_SUBMIT_TOTAL_S, json=json)

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """A free request.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await whole_reply(self._api, "GET", url, headers, total_s=_GET_TOTAL_S)

    async def delete(self, url: str, headers: Mapping[str, str]) -> Reply:
        """Another free request.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await whole_reply(self._api, "DELETE", url, headers, total_s=_GET_TOTAL_S)

    async def upload(self, url: str, headers: Mapping[str, str], name: str, data: bytes) -> Reply:
        """A file as a form's field `file`: free, so it may be sent again.

        Raises:
            TransportError: there was no whole answer.
        """
        async with self._gate:
            return await whole_reply(
                self._api, "POST", url, headers, total_s=_UPLOAD_TOTAL_S, files={"file": (name, data)}
            )

    async def notify(self, url: str, json: object) -> Reply:
        """A word to an address that is not the service's: it carries no key.

        Raises:
            TransportError: there was no whole answer.
            AddressRefused: it leads to an address that is not asked.
        """
        self._check(url)
        async with self._gate:
            return await whole_reply(self._files, "POST", url, {}, total_s=_GET_TOTAL_S, json=json)

    async def page(self, url: str, most_bytes: int) -> Reply:
        """What is published at an address that is not the service's: no key is sent, no redirect followed.

        Raises:
            TransportError: there was no whole answer, or a larger one.
            AddressRefused: it leads to an address that is not asked.
        """
        self._check(url)
        async with self._gate:
            return await whole_reply(self._files, "GET", url, {}, total_s=_GET_TOTAL_S, most_bytes=most_bytes)

    async def probe(self, url: str) -> Reply:
        """Whether something is served at an address: HEAD, then the first bytes; redirects are followed, no key sent.

        Raises:
            TransportError: there was no answer.
            AddressRefused: it leads to an address that is not asked.
        """
        async with self._gate:
            head = await self._led("HEAD", url, {})
            return head if head.status < 400 else await self._led("GET", url, {"Range": "bytes=0-1023"})

    async def _led(self, method: str, url: str, headers: Mapping[str, str]) -> Reply:
        """The head of the answer at the end of all redirects."""
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._opened(method, url, headers) as response:
                if response.status_code not in REDIRECTS or "location" not in response.headers:
                    return Reply(response.status_code, headers_of(response), b"")
                url = redirected(url, response.headers["location"])
        raise TransportError(Delivery.UNCLEAR, "the link redirects without end")

    @asynccontextmanager
    async def stream(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Stream]:
        """A download; it carries no key. Its head has to come in time; how long its body may take is the reader's word.

        Raises:
            TransportError: there was no whole answer.
            AddressRefused: it leads to an address that is not asked.
        """
        async with self._opened("GET", url, headers or {}) as response:
            yield Stream(response.status_code, headers_of(response), translated(response.aiter_raw()))

    @asynccontextmanager
    async def _opened(self, method: str, url: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """The answer of another host, whose body is still coming: its head has to come in time."""
        self._check(url)
        try:
            request = self._files.build_request(method, url, headers=dict(headers))
            with within(_GET_TOTAL_S):
                response = await self._files.send(request, stream=True)
        except FOREIGN as error:
            raise map_error(error) from error
        try:
            yield response
        finally:
            await response.aclose()

    def _check(self, url: str) -> None:
        check_address(url)
        if self._guard is not None:
            self._guard.check_host(url)

    async def close(self) -> None:
        """Closes every connection."""
        for client in (self._submits, self._api, self._files):
            await client.aclose()


def _connect_by(client: httpx.AsyncClient, network: Network) -> None:
    """Makes all connections of a client through a network of ours.

    httpx has no argument for it. Through a proxy of the environment no address is checked: it is the proxy that looks
    up names, and it may well stand in a private network itself.
    """
    proxies = [transport for transport in client._mounts.values() if transport is not None]  # noqa: SLF001
    for transport in (client._transport, *proxies):  # noqa: SLF001
        if not isinstance(transport, httpx.AsyncHTTPTransport):
            raise TypeError(transport)
        transport._pool._network_backend = network if transport not in proxies else Network()  # noqa: SLF001
