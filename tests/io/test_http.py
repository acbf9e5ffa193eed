"""The one file that knows httpx: every error has its fate, and a service in this process behaves as one on a wire."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpcore
import httpx
import pytest

from batchrunner.io.http import (
    ERRORS,
    Delivery,
    Http,
    InProcessTransport,
    Reply,
    TransportError,
    is_address,
    is_loopback,
    map_error,
)
from batchrunner.io.http.deadline import within
from batchrunner.io.http.network import _DeadlineStream
from tests.io.in_process import Answered, Service, answered
from tests.moved_time import MovedClock, MovedLoop, in_moved_time

URL = "https://api.modellix.test/api/v1/x"
KEY = {"Authorization": "Bearer mdlx-test-0001"}


def every_error() -> list[type[Exception]]:
    found = {
        kind
        for module in (httpx, inspect.getmodule(httpx.HTTPError))
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__.startswith("httpx")
    }
    return sorted(found, key=lambda kind: kind.__name__)


def an_error(kind: type[Exception]) -> Exception:
    """One of this class, whatever its constructor wants; its words hold a link that must not get out."""
    wanted = inspect.signature(kind.__init__).parameters
    request = httpx.Request("GET", f"{URL}?Signature=abc")
    parts: dict[str, Any] = {"request": request, "response": httpx.Response(500, request=request)}
    words = [f"for {request.url}"] if "message" in wanted else []
    return kind(*words, **{name: part for name, part in parts.items() if name in wanted})


# What cannot come of an answer. An address that is none is found before anything is sent; see below.
NOT_SENT = {"ConnectError", "ConnectTimeout", "LocalProtocolError", "PoolTimeout", "ProxyError"}


def test_the_tree_of_errors_was_found() -> None:
    names = {kind.__name__ for kind in every_error()}
    assert names > NOT_SENT | {
        "InvalidURL",
        "ReadTimeout",
        "RemoteProtocolError",
        "DecodingError",
        "StreamClosed",
        "CookieConflict",
    }
    assert len(names) >= 25


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_of_httpx_is_explained_without_its_address(kind: type[Exception]) -> None:
    ours = map_error(an_error(kind))
    assert ours.fate is (Delivery.NOT_SENT if kind.__name__ in NOT_SENT else Delivery.UNCLEAR)
    assert str(ours).endswith(f"({kind.__name__})")
    assert "modellix" not in str(ours)


def test_an_error_that_is_not_of_httpx_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        map_error(ZeroDivisionError())


def test_no_line_of_the_table_is_hidden_by_an_earlier_one() -> None:
    kinds = [kind for kind, _, _ in ERRORS]
    for number, kind in enumerate(kinds):
        assert not issubclass(kind, tuple(kinds[:number]))


# How a request ends, by the way in which its service ends it


def fate_of(asks: Callable[[Http], Awaitable[object]], http: Http) -> tuple[Delivery, str, float]:
    """How it failed, in which words, and after how many seconds."""

    async def ask(clock: MovedClock) -> tuple[Delivery, str, float]:
        try:
            with pytest.raises(TransportError) as caught:
                await asks(http)
        finally:
            await http.close()
        return caught.value.fate, str(caught.value), clock.monotonic_s()

    return in_moved_time(ask)


def raising(error: Exception) -> Http:
    def handle(_: str) -> Answered:
        raise error

    return Service(handle).http()


async def post(http: Http) -> Reply:
    return await http.post(URL, KEY, {"prompt": "p"})


async def notify(http: Http) -> Reply:
    return await http.notify(URL, {"text": "t"})


async def get(http: Http) -> Reply:
    return await http.get(URL, KEY)


async def stream(http: Http) -> list[bytes]:
    async with http.stream(URL) as coming:
        return [chunk async for chunk in coming.chunks]


EVERY_WAY = pytest.mark.parametrize("asks", [post, get, stream, notify])


@EVERY_WAY
@pytest.mark.parametrize(
    ("error", "fate", "words"),
    [
        (ConnectionRefusedError(), Delivery.NOT_SENT, "no connection (ConnectError)"),
        (ConnectionResetError(), Delivery.UNCLEAR, "the connection was cut (ReadError)"),
        (TimeoutError(), Delivery.UNCLEAR, "no answer in time (ReadTimeout)"),
    ],
)
def test_an_exchange_that_ends_without_an_answer(
    asks: Callable[[Http], Awaitable[object]], error: Exception, fate: Delivery, words: str
) -> None:
    assert fate_of(asks, raising(error))[:2] == (fate, words)


@pytest.mark.parametrize(
    "location", ["data:video/mp4,x", "mailto:a@example.com", "https://[1:2", "https://exa mple.com"]
)
def test_an_answer_that_leads_nowhere_is_no_proof_that_nothing_was_sent(location: str) -> None:
    """httpx reads the address of a redirect even where it does not follow it, and calls a bad one `InvalidURL`."""
    service = Service(lambda _: answered(b"{}", status=302, headers={"location": location}))

    async def ask(_: MovedClock) -> Delivery | int:
        http = service.http()
        try:
            return (await post(http)).status
        except TransportError as error:
            return error.fate
        finally:
            await http.close()

    assert in_moved_time(ask) in (302, Delivery.UNCLEAR)
    assert len(service.asked) == 1


@EVERY_WAY
def test_an_answer_that_is_cut_in_its_body_is_no_answer(asks: Callable[[Http], Awaitable[object]]) -> None:
    http = Service(lambda _: answered(b"{", then=ConnectionResetError())).http()
    assert fate_of(asks, http)[:2] == (Delivery.UNCLEAR, "the connection was cut (ReadError)")


@pytest.mark.parametrize(("asks", "patience_s"), [(post, 120.0), (get, 60.0), (stream, 60.0)])
def test_silence_ends_by_the_clock_of_the_loop(asks: Callable[[Http], Awaitable[object]], patience_s: float) -> None:
    http = Service(lambda _: answered(b"{}"), silent_s=1e6).http()
    assert fate_of(asks, http) == (Delivery.UNCLEAR, "no answer in time (ReadTimeout)", patience_s)


@pytest.mark.parametrize(("asks", "patience_s"), [(post, 120.0), (get, 60.0), (stream, 60.0)])
def test_silence_within_a_body_ends_it_too(asks: Callable[[Http], Awaitable[object]], patience_s: float) -> None:
    http = Service(lambda _: answered(b"{", b"}", wait_s=1e6)).http()
    assert fate_of(asks, http) == (Delivery.UNCLEAR, "no answer in time (ReadTimeout)", patience_s)


def test_a_slow_body_is_a_whole_one_as_long_as_it_ends_in_time() -> None:
    async def ask(clock: MovedClock) -> tuple[bytes, float]:
        http = Service(lambda _: answered(*[b"x"] * 29, wait_s=3.0)).http()
        reply = await get(http)
        await http.close()
        return reply.body, clock.monotonic_s()

    assert in_moved_time(ask) == (b"x" * 29, 29 * 3.0)


def test_an_answer_without_end_is_none() -> None:
    http = Service(lambda _: answered(*[bytes(1 << 20)] * 9)).http()
    assert fate_of(get, http)[:2] == (Delivery.UNCLEAR, "the answer is too large")


@pytest.mark.parametrize("asks", [post, get, notify])
@pytest.mark.parametrize("packing", ["gzip", "br", "x"])
def test_a_packed_answer_is_none_for_nobody_asked_for_it(
    asks: Callable[[Http], Awaitable[object]], packing: str
) -> None:
    service = Service(lambda _: answered(b"not gzip", headers={"content-encoding": packing}))
    assert fate_of(asks, service.http())[:2] == (Delivery.UNCLEAR, "the answer is compressed, which was not requested")
    assert service.asked[0][2]["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "url", ["https://", "ftp://example.com/", "https://exa mple.com/", "https://127.0.0.1:99999/", "nonsense"]
)
def test_an_address_that_is_none_sends_nothing(url: str) -> None:
    http = Http(loopback=False)
    fate, _, _ = fate_of(lambda h: h.post(url, KEY, {}), http)
    assert fate is Delivery.NOT_SENT


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        (URL, True),
        ("http://127.0.0.1:8080", True),
        ("https://", False),
        ("ftp://example.com/", False),
        ("https://[::1", False),
        ("https://example.com/\x00", False),
        ("https://127.0.0.1:99999/", False),
        ("nonsense", False),
    ],
)
def test_an_address_is_told_from_what_is_none(url: str, *, is_one: bool) -> None:
    assert is_address(url) is is_one


# What goes where


def whole(service: Service, asks: Callable[[Http], Awaitable[Any]]) -> Any:
    async def ask(_: MovedClock) -> Any:
        http = service.http()
        try:
            return await asks(http)
        finally:
            await http.close()

    return in_moved_time(ask)


def test_an_answer_comes_whole_with_names_in_lower_case() -> None:
    service = Service(lambda _: answered(b'{"a":', b" 1}", status=418, headers={"X-RateLimit-Limit": "7"}))
    reply = whole(service, get)
    assert (reply.status, reply.body, reply.headers["x-ratelimit-limit"]) == (418, b'{"a": 1}', "7")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@EVERY_WAY
def test_no_redirect_is_followed(asks: Callable[[Http], Awaitable[object]], status: int) -> None:
    service = Service(lambda _: answered(status=status, headers={"location": "https://elsewhere.test/"}))
    whole(service, asks)
    assert [address for _, address, _ in service.asked] == ["api.modellix.test/api/v1/x"]


def test_a_download_carries_no_key_and_takes_bytes_as_they_are() -> None:
    service = Service(lambda _: answered(b"\x1f\x8b", headers={"content-encoding": "gzip"}))
    assert whole(service, stream) == [b"\x1f\x8b"]
    ((method, _, headers),) = service.asked
    assert (method, headers["accept-encoding"]) == ("GET", "identity")
    assert "authorization" not in headers


def test_a_notification_carries_no_key() -> None:
    service = Service(lambda _: answered(b"ok"))
    assert whole(service, notify).status == 200
    ((method, _, headers),) = service.asked
    assert (method, headers["content-type"]) == ("POST", "application/json")
    assert "authorization" not in headers


def test_no_client_keeps_a_cookie() -> None:
    service = Service(lambda _: answered(b"{}", headers={"set-cookie": "visitor=1; Domain=modellix.test; Path=/"}))

    async def twice(http: Http) -> None:
        for _ in range(2):
            await get(http)
            await post(http)
            await stream(http)
            await notify(http)

    whole(service, twice)
    assert ["cookie" in headers for _, _, headers in service.asked] == [False] * 8


def test_a_download_that_nobody_reads_to_its_end_is_closed() -> None:
    closed: list[bool] = []

    async def endless() -> Any:
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    async def first(http: Http) -> bytes:
        async with http.stream(URL) as coming:
            return await anext(coming.chunks)

    assert whole(Service(lambda _: Answered(200, {}, endless())), first) == b"x"
    assert closed == [True]


def test_at_most_sixteen_free_requests_are_on_the_wire() -> None:
    on_the_wire: list[int] = []
    most: list[int] = []

    async def handle(*_: object) -> Answered:
        on_the_wire.append(1)
        most.append(len(on_the_wire))
        await asyncio.sleep(1.0)
        on_the_wire.pop()
        return answered(b"{}")

    async def many(_: MovedClock) -> None:
        http = Http(lambda: InProcessTransport(handle), loopback=False)
        await asyncio.gather(*(get(http) for _ in range(40)))
        await http.close()

    in_moved_time(many)
    assert max(most) == 16


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("http://127.0.0.1:8765", True),
        ("http://127.1.2.3", True),
        ("http://localhost", True),
        ("http://LOCALHOST:1", True),
        ("http://[::1]:8765/x", True),
        ("https://api.modellix.ai", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_this_machine_is_told_from_all_others(url: str, *, is_ours: bool) -> None:
    assert is_loopback(url) is is_ours


# a process that was stopped


class Socket(httpcore.AsyncNetworkStream):
    """A connection on which every other read finds its time over; what lies there is read by the next one."""

    def __init__(self) -> None:
        self.waited_s: list[float | None] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        self.waited_s.append(timeout)
        if len(self.waited_s) % 2:
            raise httpcore.ReadTimeout
        return b"what came meanwhile"


def test_whatever_the_clock_says_the_socket_is_looked_into_once_more() -> None:
    """Stopped for longer than the whole request may take: there is one last look, and only one."""

    async def stand_still(_: MovedClock) -> tuple[bytes, list[float | None]]:
        sockets = Socket()
        with within(300.0):
            cast("MovedLoop", asyncio.get_running_loop()).now_s += 1_000
            found = await _DeadlineStream(sockets).read(1, 120.0)
            with pytest.raises(httpcore.ReadTimeout):
                await _DeadlineStream(sockets).read(1, 120.0)
        return found, sockets.waited_s

    assert in_moved_time(stand_still) == (b"what came meanwhile", [0.0, 1.0, 1.0])
