import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from batchrunner.sandbox import Behaviour, Fault, Server, record, serve

from .imitation import IMAGE_BODY, KEY, SUBMIT, HandClock, is_whole_mp4

Conversation = Callable[["Wire"], Awaitable[None]]


class Wire:
    """A raw connection: bytes out, answers in."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def ask(self, method: str, target: str, body: bytes = b"", host: str = "", *more: str) -> None:
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {host or self.server.base_url.removeprefix('http://')}",
            f"Content-Length: {len(body)}",
            *more,
        ]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def submit(self) -> None:
        more = (f"Authorization: Bearer {KEY}", "Content-Type: application/json")
        await self.ask("POST", SUBMIT, json.dumps(IMAGE_BODY).encode(), "", *more)

    async def read(self) -> tuple[int, dict[str, str], bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        start, *lines = head.rstrip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return int(start.split()[1]), headers, body

    async def is_closed(self) -> bool:
        return await self._reader.read(1) == b""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.jsonl"


def converse(state: Path, conversation: Conversation, options: Behaviour | None = None) -> None:
    """Starts a server, opens one connection, has one conversation."""

    async def whole() -> None:
        chosen = options or Behaviour(latency_s=0)
        async with Server(state=state, clock=HandClock(), options=chosen) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                await conversation(Wire(server, reader, writer))
            finally:
                writer.close()

    asyncio.run(whole())


def test_one_connection_carries_many_requests(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        for _ in range(3):
            await wire.submit()
            status, headers, body = await wire.read()
            assert (status, headers["connection"]) == (200, "keep-alive")
            assert json.loads(body)["data"]["get_result"]["url"].startswith(wire.server.base_url)

    converse(state, conversation)
    assert len(record(state).charges) == 3


def test_requests_may_arrive_in_bits_or_ahead(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        await wire.send(b"GET /nowhere HT")
        await asyncio.sleep(0)
        await wire.send(b"TP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [(await wire.read())[0] for _ in range(2)] == [404, 404]

    converse(state, conversation)


@pytest.mark.parametrize(
    ("garbage", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000, 431),
    ],
)
def test_garbage_is_answered_then_the_connection_closed(state: Path, garbage: bytes, status: int) -> None:
    async def conversation(wire: Wire) -> None:
        await wire.send(garbage)
        answered, headers, _ = await wire.read()
        assert (answered, headers["connection"]) == (status, "close")
        assert await wire.is_closed()

    converse(state, conversation)


def test_a_client_that_wants_to_close_is_closed(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        await wire.ask("GET", "/", b"", "", "Connection: close")
        assert (await wire.read())[0] == 404
        assert await wire.is_closed()

    converse(state, conversation)


@pytest.mark.parametrize(("fault", "charges"), [(Fault.SUBMIT_CUT_BEFORE, 0), (Fault.SUBMIT_CUT_AFTER, 1)])
def test_a_cut_is_a_reset_on_the_wire(state: Path, fault: Fault, charges: int) -> None:
    async def conversation(wire: Wire) -> None:
        await wire.submit()
        with pytest.raises(ConnectionResetError):
            await wire.read()

    converse(state, conversation, Behaviour(faults={fault: 1}))
    assert len(record(state).charges) == charges


def test_a_hanging_request_does_not_keep_the_server_from_closing(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        await wire.submit()
        while not record(state).charges:  # noqa: ASYNC110 - a file raises no event
            await asyncio.sleep(0)

    converse(state, conversation, Behaviour(faults={Fault.SUBMIT_HANG_AFTER: 1}))
    assert len(record(state).charges) == 1


async def finished_link(wire: Wire) -> str:
    await wire.submit()
    task_id = json.loads((await wire.read())[2])["data"]["task_id"]
    await wire.ask("GET", f"/api/v1/tasks/{task_id}", b"", "", f"Authorization: Bearer {KEY}")
    return str(json.loads((await wire.read())[2])["data"]["result"]["resources"][0]["url"])


def test_a_clip_comes_from_a_host_of_another_name(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        link = await finished_link(wire)
        assert link.startswith(f"http://localhost:{wire.server.port}/")
        target = link.removeprefix(wire.server.files_url)
        await wire.ask("GET", target, b"", f"localhost:{wire.server.port}")
        status, headers, body = await wire.read()
        assert (status, headers["content-type"]) == (200, "video/mp4")
        assert is_whole_mp4(body)
        assert record(state).leaks == ()
        await wire.ask("GET", target, b"", f"localhost:{wire.server.port}", f"Authorization: Bearer {KEY}")
        assert (await wire.read())[0] == 200

    converse(state, conversation)
    assert len(record(state).leaks) == 1


def test_a_download_is_cut_after_some_of_it_came(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        target = (await finished_link(wire)).removeprefix(wire.server.files_url)
        await wire.ask("GET", target, b"", "localhost")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await wire.read()

    converse(state, conversation, Behaviour(latency_s=0, faults={Fault.DOWNLOAD_CUT: 1}))


def test_a_foreign_link_names_the_third_address(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        assert (await finished_link(wire)).startswith(f"http://127.0.0.2:{wire.server.port}/")

    converse(state, conversation, Behaviour(latency_s=0, faults={Fault.FOREIGN_DOWNLOAD: 1}))


def test_a_head_is_answered_without_a_body(state: Path) -> None:
    async def conversation(wire: Wire) -> None:
        await wire.send(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await wire.read()
        assert caught.value.partial == b""

    converse(state, conversation)


def test_the_same_port_and_state_serve_again_after_a_close(state: Path) -> None:
    async def twice() -> list[str]:
        server = await serve(state=state, clock=HandClock(), options=Behaviour())
        await server.close()
        async with Server(state=state, clock=HandClock(), options=Behaviour(), port=server.port) as again:
            return [server.base_url, again.base_url]

    first, second = asyncio.run(twice())
    assert first == second


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1"])
def test_only_the_loopback_is_served(state: Path, host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Server(state=state, clock=HandClock(), options=Behaviour(), host=host)


def test_a_damaged_state_file_leaves_no_port_open(state: Path) -> None:
    state.write_text("garbage\n")

    with pytest.raises(ValueError, match="line 1"):
        asyncio.run(serve(state=state, clock=HandClock(), options=Behaviour()))
