"""Connections: a name is looked up once, what it gives is checked, and that very address is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any

import httpcore

from batchrunner.io.http import deadline
from batchrunner.io.http.addresses import AddressRefused, Guard

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# One address that does not answer leaves time for the next one.
_ONE_ADDRESS_S = 5.0


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as this machine finds them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Network(httpcore.AsyncNetworkBackend):
    """Connects for httpx, within the deadline of the request; with a guard, to no address that it refuses.

    The name is not looked up a second time between check and connection: a server of names that changes its mind
    gains nothing.
    """

    def __init__(self, guard: Guard | None = None, resolve: Resolve = look_up) -> None:
        self._guard = guard
        self._resolve = resolve
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection.

        Raises:
            AddressRefused: the guard lets nothing of what the host is lead anywhere.
            ConnectError: there is no such host, or nobody answers there.
            ConnectTimeout: it took too long.
        """

        async def connect(address: str, wait_s: float | None) -> httpcore.AsyncNetworkStream:
            wait_s = deadline.left_s(wait_s)
            try:
                return _DeadlineStream(
                    await self._sockets.connect_tcp(address, port, wait_s, local_address, socket_options)
                )
            except UnicodeError as error:
                raise httpcore.ConnectError from error

        if self._guard is None:
            return await connect(host, timeout)
        *others, last = await self._checked(self._guard, host, port, timeout)
        for address in others:
            try:
                return await connect(address, _ONE_ADDRESS_S)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await connect(last, timeout)

    async def _checked(self, guard: Guard, host: str, port: int, wait_s: float | None) -> list[str]:
        """The addresses of a host that may be asked; at least one."""
        try:
            async with asyncio.timeout(deadline.left_s(wait_s)):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError from error
        refused: AddressRefused | None = None
        good = []
        for address in found:
            try:
                guard.check(ip_address(address.partition("%")[0]))
                good.append(address)
            except AddressRefused as error:
                refused = error
        if not good:
            raise refused or httpcore.ConnectError
        return good

    async def sleep(self, seconds: float) -> None:
        """Waits, between tries of httpcore's own (which are switched off)."""
        await asyncio.sleep(seconds)


class _DeadlineStream(httpcore.AsyncNetworkStream):
    """A connection that keeps to the deadline of whoever uses it."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """What comes next.

        A process that was stopped for long (SIGSTOP, a closed lid) finds its time over and the answer lying in the
        socket at the same moment: so it is looked at once more before it is given up.
        """
        try:
            return await self._stream.read(max_bytes, deadline.left_s(timeout))
        except httpcore.ReadTimeout:
            wait_s = deadline.last_look_s()
            if not wait_s:
                raise
            return await self._stream.read(max_bytes, wait_s)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Sends all of it."""
        await self._stream.write(buffer, deadline.left_s(timeout))

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """The same connection, with TLS on it."""
        return _DeadlineStream(await self._stream.start_tls(ssl_context, server_hostname, deadline.left_s(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's signature
        """What httpcore asks about it."""
        return self._stream.get_extra_info(info)
