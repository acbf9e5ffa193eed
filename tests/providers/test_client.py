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
from batchrunner.providers.modellix import Modellix
from batchrunner.providers.provider import BalanceReply, BalanceStatus, KeyStatus, Retry, TaskReplyKind
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
    modellix = Modellix(http, options.get("base_url", API), KEY, clock)
    try:
        return await getattr(modellix, what)(*arguments)
    finally:
        await http.close()


def asked(service: Service, what: str, *arguments: object, **options: str) -> Any:
    return in_moved_time(lambda clock: ask(service, clock, what, *arguments, **options))


def test_a_submit_is_one_post_of_exactly_this_body() -> None:
    service = Service({"code": 0, "data": {"task_id": "task-1"}})
    said = asked(service, "submit", "google/veo-3.1-i2v/async", BODY)
    ((method, target, headers, body),) = service.asked
    assert (method, target, headers["host"]) == ("POST", "/api/v1/google/veo-3.1-i2v/async", "api.modellix.test")
    assert (headers["authorization"], headers["content-type"]) == (f"Bearer {KEY}", "application/json")
    assert headers["user-agent"] == f"batchrunner/{__version__}"
    assert json.loads(body) == BODY
    assert said.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("path", ["minimax/hailuo-2.3-i2v/async", "minimax/hailuo-2.3-i2v"])
def test_a_submit_goes_to_the_path_of_its_model(path: str) -> None:
    service = Service({})
    asked(service, "submit", path, BODY)
    assert service.asked[0][1] == f"/api/v1/{path}"


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
    asked(service, "poll", task_id)
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
    assert asked(service, "poll", "task-1").kind is TaskReplyKind.RETRY
    assert asked(service, "balance") == BalanceReply(BalanceStatus.UNANSWERED)
    assert asked(service, "check_key") is KeyStatus.UNKNOWN


def test_the_balance_and_the_key_are_asked_for() -> None:
    assert asked(Service({"code": 0, "data": {"balance": 12.5}}), "balance").usd == Decimal("12.5")
    assert asked(Service({"code": 0, "data": {"is_valid": False}}), "check_key") is KeyStatus.REFUSED


@pytest.mark.parametrize(
    ("status", "said", "retry"),
    [
        (200, BalanceStatus.UNTOLD, Retry.NO),
        (401, BalanceStatus.UNTOLD, Retry.NO),
        (404, BalanceStatus.UNTOLD, Retry.NO),
        (429, BalanceStatus.RATE_LIMITED, Retry.RATE_LIMIT),
        (503, BalanceStatus.UNANSWERED, Retry.TRANSIENT),
    ],
)
def test_a_balance_that_is_not_told_is_told_from_one_that_nobody_looked_after(
    status: int, said: BalanceStatus, retry: Retry
) -> None:
    reply = asked(Service({}, status), "balance")
    assert (reply, reply.retry) == (BalanceReply(said), retry)


@pytest.mark.parametrize(
    ("per_min", "slots"), [(100, (2, 10)), (200, (20,)), (500, (50,)), (1000, (100,)), (1, None), (150, None)]
)
def test_a_tier_is_known_by_its_requests_a_minute(per_min: int, slots: tuple[int, ...] | None) -> None:
    assert Modellix.limits.slots_by_rate.get(per_min) == slots


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
