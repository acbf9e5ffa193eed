"""The sandbox on a loopback port: sockets, connections, real cuts."""

import asyncio
import logging
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from batchrunner.io.clock import Clock
from batchrunner.sandbox.behaviour import Behaviour
from batchrunner.sandbox.exchange import pieces, refused
from batchrunner.sandbox.http1 import MAX_HEAD_BYTES, BadRequestError, read_request, write_answer
from batchrunner.sandbox.imitated_model import ImitatedModel
from batchrunner.sandbox.service import Sandbox

_LOG = logging.getLogger(__name__)
_FOREIGN_HOST = "127.0.0.2"
_MOST_UNWANTED_PIECES = 4096
_LINGER_0 = struct.pack("ii", 1, 0)


class Server:
    """Serves one sandbox over HTTP/1.1; `async with Server(…) as server:` starts and closes it.

    The same port answers under three names, as three hosts do at the real service: `base_url` (the API),
    `files_url` (`localhost`) and `foreign_url` (127.0.0.2, where the machine can listen there, as Linux does;
    elsewhere a connection to it is refused).

    Args:
        state: the sandbox's state file.
        clock: the sandbox's clock.
        options: the sandbox's options; where they name no `foreign_url`, the server's own is used.
        models: what is imitated beside the built-in models.
        host: an IPv4 loopback address.
        port: 0 takes a free one.

    Raises:
        ValueError: the host is no IPv4 loopback address.
    """

    def __init__(
        self,
        *,
        state: Path,
        clock: Clock,
        options: Behaviour,
        models: Iterable[ImitatedModel] = (),
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        if not IPv4Address(host).is_loopback:
            raise ValueError(f"The sandbox listens on loopback addresses only, and {host} is not one.")
        self._state = state
        self._clock = clock
        self._options = options
        self._models = tuple(models)
        self._host = host
        self.port = port
        self._listeners: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """The API's address."""
        return f"http://{self._host}:{self.port}"

    @property
    def files_url(self) -> str:
        """The address of results and uploads."""
        return f"http://localhost:{self.port}"

    @property
    def foreign_url(self) -> str:
        """A third address, to which no key belongs."""
        return self._options.foreign_url or f"http://{_FOREIGN_HOST}:{self.port}"

    async def start(self) -> None:
        """Binds, opens the sandbox under the addresses it got, then begins to answer.

        Raises:
            OSError: the port is taken.
            ValueError: the state file is damaged.
        """
        listening = [socket.create_server((self._host, self.port))]
        self.port = listening[0].getsockname()[1]
        try:
            listening += self._also_on(_FOREIGN_HOST, "::1")
            self._sandbox = self._open_sandbox()
        except BaseException:
            for bound in listening:
                bound.close()
            raise
        self._listeners = [
            await asyncio.start_server(self._connected, sock=bound, limit=MAX_HEAD_BYTES) for bound in listening
        ]

    async def close(self) -> None:
        """Stops listening, ends every connection, idle or hanging."""
        for listener in self._listeners:
            listener.close()
        await asyncio.sleep(0)  # a connection that has just come must have begun before it can be ended
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _open_sandbox(self) -> Sandbox:
        return Sandbox(
            state=self._state,
            clock=self._clock,
            base_url=self.base_url,
            files_url=self.files_url,
            options=replace(self._options, foreign_url=self.foreign_url),
            models=self._models,
        )

    def _also_on(self, *hosts: str) -> list[socket.socket]:
        """Further sockets on the same port, where the machine has such addresses."""
        bound = []
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with suppress(OSError):
                bound.append(socket.create_server((host, self.port), family=family))
        return bound

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._hold(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first byte to its end, which is never an exception."""
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            _cut(writer)
        except Exception:  # noqa: BLE001 - one broken exchange must not take the others along
            _LOG.exception("a bug of the sandbox cut a connection")
            _cut(writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request after the other until either side has enough."""
        kept = True
        while kept:
            try:
                received = await read_request(reader)
            except BadRequestError as error:
                await write_answer(writer, refused(error.status, error.message), kept=False)
                await _let_finish(reader, writer)
                return
            if received is None:
                return
            request, kept = received
            answer = await self._sandbox.answer(request.method, request.target, request.headers, request.body)
            if request.method == "HEAD":
                answer = replace(answer, chunks=pieces(b""))
            await write_answer(writer, answer, kept=kept)


async def _let_finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads on, within bounds, what a client still sends: closing at once would reset the answer away."""
    writer.write_eof()
    for _ in range(_MOST_UNWANTED_PIECES):
        if not await reader.read(MAX_HEAD_BYTES):
            return


def _cut(writer: asyncio.StreamWriter) -> None:
    """Resets the connection: without lingering the system sends RST instead of FIN."""
    bound = writer.get_extra_info("socket")
    with suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    writer.transport.abort()


async def serve(*, state: Path, clock: Clock, options: Behaviour, host: str = "127.0.0.1", port: int = 0) -> Server:
    """A server that already answers; its `close` is the caller's to call."""
    server = Server(state=state, clock=clock, options=options, host=host, port=port)
    await server.start()
    return server
