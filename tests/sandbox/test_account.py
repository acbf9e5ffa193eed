import json
from decimal import Decimal

import pytest

from batchrunner.sandbox import Behaviour

from .conftest import Imitate
from .imitation import API, ELSEWHERE, FILES, IMAGE_BODY, KEY, SUBMIT, Imitation


@pytest.mark.parametrize("key", ["mdlx-invalid", "sk-other", "", None])
def test_a_bad_key_is_refused_and_charged_nothing(service: Imitation, key: str | None) -> None:
    body = json.dumps(IMAGE_BODY).encode()

    assert service.ask("POST", SUBMIT, body, key=key, content_type="application/json").status == 401
    assert service.record.charges == ()


def test_where_one_key_is_named_no_other_is_good(imitate: Imitate) -> None:
    service = imitate(Behaviour(key="only-this"))

    assert service.ask("GET", "/api/v1/models").status == 401
    assert service.ask("GET", "/api/v1/models", key="only-this").status == 200


def test_an_invalid_key_is_told_so_with_200(service: Imitation) -> None:
    validate = "/api/v1/apikey/validate"

    assert service.ask("GET", validate).data == {"is_valid": True}
    assert service.ask("GET", validate, key="mdlx-invalid").data == {"is_valid": False}
    assert service.ask("GET", validate, key=None).status == 401


def test_a_charge_leaves_the_balance_until_it_cannot_pay(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=0, balance_usd=Decimal(3)))

    assert service.submit().status == 200
    assert service.ask("GET", "/api/v1/team/balance").data == {"balance": 0.424}
    refused = service.submit()

    assert (refused.status, refused.json["code"]) == (402, 402)
    assert service.record.charged_usd == Decimal("2.576")


def test_running_tasks_of_all_keys_are_limited_until_one_ends(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=60, concurrency=2))
    service.submit()
    service.submit(key="mdlx-colleague")

    refused = service.submit()
    service.clock.now_s += 60

    assert refused.status == 429
    assert "concurrent limit exceeded" in refused.json["message"]
    assert refused.headers["x-ratelimit-remaining"] != "0"
    assert service.submit().status == 200


def test_more_requests_than_the_rate_wait_for_the_reset(imitate: Imitate) -> None:
    service = imitate(Behaviour(rate_per_min=2))
    first = service.ask("GET", "/api/v1/models")
    service.clock.now_s += 20
    service.ask("GET", "/api/v1/models")

    refused = service.ask("GET", "/api/v1/models")

    assert first.headers["x-ratelimit-limit"] == "2"
    assert first.headers["x-ratelimit-remaining"] == "1"
    assert refused.status == 429
    assert refused.json["message"].startswith("RateLimit: ")
    service.clock.now_s = int(refused.headers["x-ratelimit-reset"])
    assert service.ask("GET", "/api/v1/models").status == 200
    assert service.ask("GET", "/api/v1/models").status == 429


def test_downloads_do_not_count_as_requests(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=0, rate_per_min=2))
    link = service.link(service.submitted())

    assert [service.download(link).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v1/tasks", 404),
        ("GET", "/api/v1/tasks/task-0", 404),
        ("POST", "/api/v1/tasks/task-0", 405),
        ("DELETE", "/api/v1/tasks/task-0", 405),
        ("POST", "/api/v1/google/veo-3.1-i2v", 404),
        ("POST", "/api/v1/google/veo-2-i2v/async", 404),
        ("GET", SUBMIT, 405),
        ("DELETE", "/api/v1/media/files", 405),
        ("GET", "/results/task-0.mp4", 404),
    ],
)
def test_other_addresses_and_methods_get_the_error_shape(
    service: Imitation, method: str, path: str, status: int
) -> None:
    reply = service.ask(method, path)

    assert (reply.status, reply.json["code"]) == (status, status)
    assert ": " in reply.json["message"]
    assert "x-ratelimit-remaining" in reply.headers


def test_the_models_come_without_an_envelope(service: Imitation) -> None:
    models = service.ask("GET", "/api/v1/models").json["models"]

    assert [model["slug"] for model in models] == ["google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"]


def test_a_body_that_the_rules_refuse_is_400(service: Imitation) -> None:
    reply = service.submit(IMAGE_BODY | {"durationSeconds": 8})

    assert reply.status == 400
    assert reply.json["message"].startswith("InvalidParameter: durationSeconds: ")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_400(service: Imitation, body: bytes) -> None:
    assert service.ask("POST", SUBMIT, body, content_type="application/json").status == 400


def test_json_under_another_type_is_415(service: Imitation) -> None:
    assert service.ask("POST", SUBMIT, json.dumps(IMAGE_BODY).encode(), content_type="text/plain").status == 415


@pytest.mark.parametrize("host_url", [FILES, ELSEWHERE])
def test_a_key_on_another_host_is_journaled_as_a_leak(service: Imitation, host_url: str) -> None:
    reply = service.ask("GET", f"{host_url}/api/v1/tasks/task-0?signature=1")

    [leak] = service.record.leaks
    assert reply.status == 404
    assert leak.host == host_url.removeprefix("https://")
    assert (leak.path, leak.key_end) == ("/api/v1/tasks/task-0", KEY[-4:])


def test_a_download_with_a_key_works_but_is_a_leak(service: Imitation) -> None:
    link = service.link(service.submitted())

    assert service.ask("GET", link).status == 200
    assert service.ask("GET", link, key=None, x_api_key=KEY).status == 200
    assert service.ask("GET", link, key=None).status == 200
    assert len(service.record.leaks) == 2


def test_a_key_on_the_api_host_is_no_leak(service: Imitation) -> None:
    service.ask("GET", f"{API}/api/v1/models")

    assert service.record.leaks == ()


def test_in_an_outage_the_whole_api_is_503_but_not_the_files(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=0, outages=((1_800_000_010.0, 1_800_000_020.0),)))
    task_id = service.submitted()
    link = service.link(task_id)

    service.clock.now_s += 10
    down = [service.submit().status, service.poll(task_id).status, service.ask("GET", "/nowhere").status]
    file = service.download(link).status
    service.clock.now_s += 10

    assert down == [503, 503, 503]
    assert file == 200
    assert service.submit().status == 200
    assert len(service.record.charges) == 2
