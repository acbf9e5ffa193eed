"""The calls: what leaves for which address, with what, and what comes back where nothing answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from batchrunner import __version__
from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.io.http import Http, InProcessTransport
from batchrunner.providers.modellix import BalanceReply, Modellix, TaskReplyKind
from tests.moved_time import MovedClock, in_moved_time

API = "https://api.modellix.test"
KEY = "mdlx-test-0001"
BODY = {"prompt": "Elle fait signe: «été»", "image": "https://example.com/a.jpg"}


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@dataclass
class Service:
    """Answers every request with the same thing, or with silence; writes down what it was asked."""

    content: object = None
    status: int = 200
    error: Exception | None = None
    asked: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.asked.append((method, target, headers, body))
        if self.error:
            raise self.error
        return Answered(self.status, {"content-type": "application/json"}, self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield json.dumps(self.content).encode()


async def ask(service: Service, clock: MovedClock, what: str, *arguments: object, **options: str) -> Any:
    http = Http(lambda: InProcessTransport(service.answer), loopback=False)
    modellix = Modellix(http, options.pop("base_url", API), KEY, clock, **options)
    try:
        return await getattr(modellix, what)(*arguments)
    finally:
        await http.close()


def asked(service: Service, what: str, *arguments: object, **options: str) -> Any:
    return in_moved_time(lambda clock: ask(service, clock, what, *arguments, **options))


def test_a_submit_is_one_post_of_exactly_this_body() -> None:
    service = Service({"code": 0, "data": {"task_id": "task-1"}})
    said = asked(service, "submit", "google/veo-3.1-i2v", BODY)
    ((method, target, headers, body),) = service.asked
    assert (method, target, headers["host"]) == ("POST", "/api/v1/google/veo-3.1-i2v/async", "api.modellix.test")
    assert (headers["authorization"], headers["content-type"]) == (f"Bearer {KEY}", "application/json")
    assert headers["user-agent"] == f"batchrunner/{__version__}"
    assert json.loads(body) == BODY
    assert said.outcome is Outcome.ACCEPTED


def test_the_suffix_of_the_submit_can_be_set() -> None:
    service = Service({})
    asked(service, "submit", "google/veo-3.1-i2v", BODY, suffix="")
    assert service.asked[0][1] == "/api/v1/google/veo-3.1-i2v"


@pytest.mark.parametrize("base_url", [API, f"{API}/"])
def test_the_base_may_end_in_a_slash(base_url: str) -> None:
    service = Service({})
    asked(service, "balance", base_url=base_url)
    assert service.asked[0][1] == "/api/v1/team/balance"


@pytest.mark.parametrize(
    ("task_id", "segment"),
    [
        ("task-i2v001", "task-i2v001"),
        ("a/b", "a%2Fb"),
        ("../../balance", "..%2F..%2Fbalance"),
        ("a+b@c=d:e~f", "a%2Bb%40c%3Dd%3Ae~f"),
    ],
)
def test_an_id_is_one_part_of_the_address_whatever_it_holds(task_id: str, segment: str) -> None:
    service = Service({"code": 0, "data": {"status": "pending"}})
    asked(service, "task", task_id)
    assert service.asked[0][:2] == ("GET", f"/api/v1/tasks/{segment}")


@pytest.mark.parametrize(
    ("error", "outcome", "refusal"),
    [
        (ConnectionRefusedError(), Outcome.REFUSED, RejectReason.NOT_SENT),
        (ConnectionResetError(), Outcome.UNKNOWN, None),
        (TimeoutError(), Outcome.UNKNOWN, None),
    ],
)
def test_a_submit_never_raises_for_what_the_network_does(
    error: Exception, outcome: Outcome, refusal: RejectReason | None
) -> None:
    service = Service(error=error)
    said = asked(service, "submit", "google/veo-3.1-i2v", BODY)
    assert (said.outcome, said.refusal) == (outcome, refusal)
    assert len(service.asked) == 1


@pytest.mark.parametrize("error", [ConnectionRefusedError(), ConnectionResetError(), TimeoutError()])
def test_what_is_free_takes_silence_for_no_answer(error: Exception) -> None:
    service = Service(error=error)
    assert asked(service, "task", "task-1").kind is TaskReplyKind.RETRY
    assert asked(service, "balance") == BalanceReply(is_trouble=True)
    assert asked(service, "refuses_key") is False


def test_the_balance_and_the_key_are_asked_for() -> None:
    assert asked(Service({"code": 0, "data": {"balance": 12.5}}), "balance").usd == Decimal("12.5")
    assert asked(Service({"code": 0, "data": {"is_valid": False}}), "refuses_key") is True


@pytest.mark.parametrize(
    ("status", "trouble", "refused"),
    [(200, False, False), (401, False, False), (404, False, False), (429, True, True), (503, True, False)],
)
def test_a_balance_that_is_not_told_is_told_from_one_that_nobody_looked_after(
    status: int, *, trouble: bool, refused: bool
) -> None:
    assert asked(Service({}, status), "balance") == BalanceReply(None, trouble, refused)


def test_a_redirect_of_a_submit_is_not_followed() -> None:
    class Leading(Service):
        async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            await super().answer(method, target, headers, body)
            return Answered(307, {"location": "https://elsewhere.test/"}, self._chunks())

    service = Leading({})
    said = asked(service, "submit", "google/veo-3.1-i2v", BODY)
    assert (said.outcome, len(service.asked)) == (Outcome.UNKNOWN, 1)


def test_a_submit_waits_two_minutes_for_its_answer_and_no_longer() -> None:
    class Silent(Service):
        async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
            await asyncio.Event().wait()
            raise AssertionError

    async def wait(clock: MovedClock) -> tuple[Any, float]:
        said = await ask(Silent(), clock, "submit", "google/veo-3.1-i2v", BODY)
        return said, clock.monotonic_s()

    said, seconds = in_moved_time(wait)
    assert (said.outcome, seconds) == (Outcome.UNKNOWN, 120.0)
