"""A hostile service: replies that trickle, are packed, or hold numbers that nobody can compute with."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchrunner.cli.main import outcome
from batchrunner.domain.attempt import Outcome
from batchrunner.domain.event import EventKind
from batchrunner.domain.status import Status
from batchrunner.engine.shutdown import ShutdownReason
from batchrunner.errors import ExitCode
from batchrunner.io.http import Answered, Delivery, Http, Reply, Responder, TransportError
from batchrunner.providers.modellix import Modellix, task_id_hints, wire
from batchrunner.providers.modellix import untrusted as foreign
from batchrunner.sandbox import HttpAnswer
from batchrunner.sandbox.exchange import pieces
from tests.engine.services import instead, raw, reply
from tests.io.in_process import Service, answered
from tests.moved_time import MovedClock, in_moved_time
from tests.studio import CTRL_C, Studio, manifest_text, send

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
    assert error.fate is Delivery.UNCLEAR
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


# numbers

FOR_EVER = "999999999999999"


def told_for_ever(at: str) -> Callable[[Responder], Responder]:
    """A way on which the first request of a kind is told to wait for thirty million years."""
    told: list[str] = []

    def look(method: str, path: str, _prompt: str) -> HttpAnswer | None:
        if told or at not in f"{method} {path}":
            return None
        told.append(path)
        return reply(429, "RateLimit: wait", {"retry-after": FOR_EVER})

    return instead(look)


@pytest.mark.parametrize("after_s", [5, 200], ids=["before the pause", "in the pause"])
@pytest.mark.parametrize("number", [CTRL_C, ShutdownReason.TERMINATE])
def test_a_pause_without_end_keeps_nobody_who_wants_to_leave(
    tmp_path: Path, number: ShutdownReason, after_s: float
) -> None:
    studio = Studio(tmp_path, way=told_for_ever("GET /api/v1/tasks/"))
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run(concurrency=2, meanwhile=send(number, studio=studio, after_s=after_s))

    assert ended.exit_code is ExitCode.WORK_LEFT
    assert ended.seconds < max(after_s, 60) + 60
    assert studio.statuses() == {"a": Status.RUNNING, "b": Status.RUNNING, "c": Status.PENDING}
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.submits()) == 3


@pytest.mark.parametrize("at", ["POST /api/v1/google", "GET /api/v1/tasks/", "GET /api/v1/team/balance"])
def test_a_pause_without_end_ends_and_the_service_is_asked_again(tmp_path: Path, at: str) -> None:
    studio = Studio(tmp_path, way=told_for_ever(at))
    studio.write(manifest_text("a", "b", "c"))

    ended = studio.run()

    assert ended.exit_code is ExitCode.DONE
    assert ended.seconds < 1_200


TOO_MUCH = ["1e999999999", "1e999999", "1E+99999999999999999999", "9" * 5_000, "1e7", "1000000.01", "1" + "0" * 21]
NO_NUMBER = ["NaN", "Infinity", "-Infinity", "-1", "-0.01", "1e-999999999", "0." + "1" * 5_000, "[]", "{}", "true"]


@pytest.mark.parametrize("written", ["{}", '"{}"'], ids=["a number", "a text"])
@pytest.mark.parametrize("number", [*TOO_MUCH, *NO_NUMBER])
def test_what_nobody_can_compute_with_is_no_amount_and_no_time(number: str, written: str) -> None:
    value = written.format(number)
    body = f'{{"code": 0, "data": {{"balance": {value}, "status": "success", "billing": {{"amount": {value}}}'
    reply = Reply(200, {}, (body + f', "result_expires_at": {value}}}}}').encode())
    seen = wire.task_reply(reply, "task-1", 0.0)
    assert (seen.billed_usd, seen.expires_at_s) == (None, None)
    assert seen.odd_bill
    assert len(seen.odd_bill) <= 40
    assert wire.balance(reply, 0.0).usd is None
    assert number[:10] in seen.body


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text("0123456789.eE+-", max_size=40))
@example(Decimal("1E+999999999"))
@example("1e999999999")
@example("1e999999")
@example("sNaN")
@example("-1000")
@example("٣")
@example("1_000")
@example(0.30000000000000004)
@example(1e-320)
def test_an_amount_is_small_and_short_whatever_was_written(value: object) -> None:
    found = foreign.amount(value)
    if found is not None:
        assert 0 <= found <= 1_000_000
        assert len(str(found)) <= 12
        assert found == found.quantize(Decimal("0.0001"))
    at_s = foreign.seconds_of(value)
    assert at_s is None or 10**9 < at_s < 10**11


def test_a_bill_that_is_no_amount_is_told_and_the_estimate_counts(tmp_path: Path) -> None:
    def way(answer: Responder) -> Responder:
        async def answered(*request: object) -> Answered:
            found = await answer(*request)  # type: ignore[arg-type]
            body = b"".join([chunk async for chunk in found.chunks]).replace(
                b'"amount": 2.576', b'"amount": "1e999999"'
            )
            return HttpAnswer(found.status, {**found.headers, "content-length": str(len(body))}, pieces(body))

        return answered

    studio = Studio(tmp_path, way=way)
    studio.write(manifest_text("a"))

    assert studio.run().exit_code is ExitCode.DONE
    assert studio.booked_usd() == Decimal("2.576")
    assert [note.text for note in studio.told(EventKind.NOTE) if "billed" in note.text] == [
        "the service billed 1e999999, which is not an amount in US dollars: the estimate counts"
    ]


# ids in replies that are no acceptance

NAMED = {
    "201": lambda task: raw(201, accepted(task)),
    "202": lambda task: raw(202, accepted(task)),
    "a code of 500": lambda task: raw(200, accepted(task, code=500)),
    "500": lambda task: raw(500, accepted(task)),
    "a page": lambda task: raw(502, f'<a href="https://api.test/api/v1/tasks/{task}">'.encode()),
    "an address": lambda task: raw(202, rf'{{"poll": "https:\/\/api.test\/api\/v1\/tasks\/{task}?x=1"}}'.encode()),
    "a cut body": lambda task: cut(accepted(task)[:-20]),
    "a packed body": lambda task: raw(200, gzip.compress(accepted(task)), {"content-encoding": "gzip"}),
}


def accepted(task: str, code: int = 0) -> bytes:
    data = {"status": "pending", "task_id": task, "model_id": "google/veo-3.1-i2v", "rest": "x" * 20}
    return json.dumps({"code": code, "message": "success", "data": data}).encode()


def cut(body: bytes) -> HttpAnswer:
    async def chunks() -> AsyncIterator[bytes]:
        yield body
        raise ConnectionResetError

    return HttpAnswer(200, {"content-type": "application/json"}, chunks())


def renamed(way: Callable[[str], HttpAnswer]) -> Callable[[Responder], Responder]:
    """A way on which submits are accepted, and the reply says so in another way."""

    def renaming(answer: Responder) -> Responder:
        async def answered(method: str, *rest: Any) -> Answered:
            found = await answer(method, *rest)
            if method != "POST":
                return found
            body = json.loads(b"".join([chunk async for chunk in found.chunks]))
            return way(body["data"]["task_id"])

        return answered

    return renaming


@pytest.mark.parametrize("way", NAMED.values(), ids=NAMED)
def test_an_id_in_an_odd_reply_is_a_hint_that_resolve_offers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], way: Callable[[str], HttpAnswer]
) -> None:
    studio = Studio(tmp_path, way=renamed(way))
    studio.write(manifest_text("a"))
    assert studio.run().exit_code is ExitCode.PERSON_NEEDED
    assert studio.statuses() == {"a": Status.UNKNOWN}
    [charge] = studio.record().charges

    capsys.readouterr()
    assert outcome(["resolve", str(studio.manifest)]) == ExitCode.DONE
    offered = f"`batchrunner resolve {studio.manifest} a --task {charge.task_id}`"
    assert f"the reply named {charge.task_id}: if the console shows it, {offered}" in capsys.readouterr().out

    assert outcome(["resolve", str(studio.manifest), "a", "--task", charge.task_id]) == ExitCode.DONE
    studio.way = lambda answer: answer
    assert studio.run().exit_code is ExitCode.DONE
    assert len(studio.record().charges) == 1


def test_an_id_that_is_on_record_is_not_offered_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio = Studio(tmp_path)
    studio.write(manifest_text("a"))
    studio.run()
    [known] = studio.known_tasks()
    studio.write(manifest_text("a", "b"))
    studio.way = renamed(lambda _: raw(202, accepted(known)))
    studio.run()
    capsys.readouterr()
    outcome(["resolve", str(studio.manifest)])
    assert known not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "hints"),
    [
        ('{"data": {"task_id": "task-1"}}', ("task-1",)),
        ('{"taskId": "task-1", "id": "req-2"}', ("task-1", "req-2")),
        ('{"task_id": "task-1", "task_id": "task-1"}', ("task-1",)),
        ('{"task_id": "task-', ()),
        ('"https://a.test/api/v1/tasks/task-1', ()),
        ('"https://a.test/api/v1/tasks/task-1"', ("task-1",)),
        ('{"task_id": 7}', ()),
        ('{"task_id": "$(rm)"}', ()),
        ('{"task_id": ".."}', ()),
        ('{"model_id": "google/veo"}', ()),
        ("", ()),
        (", ".join(f'"id": "task-{number}"' for number in range(9)), tuple(f"task-{number}" for number in range(5))),
    ],
)
def test_what_a_reply_names_is_read_from_any_text(body: str, hints: tuple[str, ...]) -> None:
    assert task_id_hints(body) == hints


@given(st.text() | st.text("\"':{}/tasksid_ -"))
def test_no_reply_can_raise_while_it_is_searched_for_ids(body: str) -> None:
    assert len(task_id_hints(body)) <= 5
