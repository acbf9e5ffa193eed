"""A hostile service: replies that trickle, are packed, or hold numbers that nobody can compute with."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest

from batchrunner.modellix import Modellix
from batchrunner.nouns.facts import Outcome
from batchrunner.transport import Fate, Http, TransportError
from tests.moved_time import MovedClock, in_moved_time
from tests.pure.in_process import Service, answered

KEY = {"Authorization": "Bearer mdlx-test-0001"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LAST_LOOK_S = 1.0

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[[Http, str], Awaitable[object]]


async def post(http: Http, url: str) -> object:
    return await http.post(url, KEY, {"prompt": "p"})


async def get(http: Http, url: str) -> object:
    return await http.get(url, KEY)


async def upload(http: Http, url: str) -> object:
    return await http.upload(url, KEY, "a.png", b"picture")


async def delete(http: Http, url: str) -> object:
    return await http.delete(url, KEY)


async def head_of_a_download(http: Http, url: str) -> object:
    async with http.stream(url) as stream:
        return stream.status


def asked(ask: Ask, serve: Serve) -> tuple[object, float]:
    """What comes of a request over a real socket, and when: a reply, or the error. Time is moved all the same."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await serve(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main(clock: MovedClock) -> tuple[object, float]:
        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        http = Http(loopback=True)
        try:
            return await ask(http, f"http://127.0.0.1:{port}/x"), clock.monotonic_s()
        except TransportError as error:
            return error, clock.monotonic_s()
        finally:
            await http.close()
            server.close()

    return in_moved_time(main)


def trickling(text: bytes, then: bytes) -> Serve:
    """All of a text at once, then the other one for ever: a byte every ten seconds."""

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        while True:
            await asyncio.sleep(10)
            writer.write(then)
            await writer.drain()

    return serve


@pytest.mark.parametrize(
    "serve",
    [
        trickling(b"", b"H"),
        trickling(HEAD, b"X"),
        trickling(HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
        trickling(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["status-line", "headers", "body", "chunks"],
)
@pytest.mark.parametrize(("ask", "total_s"), [(post, 300), (get, 90), (delete, 90), (upload, 600)])
def test_a_reply_that_trickles_ends_after_a_time_in_all(ask: Ask, total_s: float, serve: Serve) -> None:
    error, took_s = asked(ask, serve)
    assert isinstance(error, TransportError)
    assert error.fate is Fate.UNCLEAR
    assert total_s <= took_s <= total_s + LAST_LOOK_S


@pytest.mark.parametrize("serve", [trickling(b"", b"H"), trickling(HEAD, b"X")], ids=["status-line", "headers"])
def test_the_head_of_a_download_has_to_come_in_time_too(serve: Serve) -> None:
    error, took_s = asked(head_of_a_download, serve)
    assert isinstance(error, TransportError)
    assert took_s <= 91


def test_a_pool_of_connections_outlives_replies_that_trickle() -> None:
    """Nothing is cancelled from outside: forty of them one after the other leave no slot taken."""

    async def many(http: Http, url: str) -> object:
        results = await asyncio.gather(*(http.get(url, KEY) for _ in range(40)), return_exceptions=True)
        assert all(isinstance(result, TransportError) for result in results)
        return len(http._api._transport._pool.connections)  # type: ignore[attr-defined]

    assert asked(many, trickling(HEAD, b"X"))[0] == 0


# packed replies


def submitted(body: bytes, **headers: str) -> object:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}

    async def ask(clock: MovedClock) -> object:
        http = Service(lambda _: answered(body, headers=sent)).http()
        try:
            return await Modellix(http, "https://api.modellix.test", "mdlx-1", clock).submit("google/veo", {})
        finally:
            await http.close()

    return in_moved_time(ask)


def test_a_small_packed_reply_does_not_become_a_huge_one() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    tracemalloc.start()
    try:
        said = submitted(bomb, content_encoding="gzip")
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said.outcome is Outcome.UNKNOWN  # type: ignore[attr-defined]
    assert most_bytes < 16 << 20


def test_a_packed_reply_to_a_paid_request_is_unknown_and_what_it_names_is_kept() -> None:
    body = json.dumps({"code": 0, "data": {"task_id": "task-i2v001"}}).encode()
    said = submitted(gzip.compress(body), content_encoding="gzip")
    assert said.outcome is Outcome.UNKNOWN  # type: ignore[attr-defined]
    assert "task-i2v001" in said.body  # type: ignore[attr-defined]
