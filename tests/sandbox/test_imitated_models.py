"""Any model beside the built-in ones: where it takes submits, what it refuses and charges, and how it replies."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.sandbox import REPLY_FORMS, Behaviour, ImitatedModel

from .conftest import Imitate
from .imitation import API, IMAGE_BODY, PNG, Imitation

AT = "/api/v1/maker/short-i2v"
BODY = {"prompt": "p", "frame": "https://example.com/a.jpg"}


def refusal(body: object) -> str | None:
    return None if isinstance(body, dict) and "prompt" in body else "InvalidParameter: prompt: required"


def price_usd(body: Mapping[str, object]) -> Decimal:
    return Decimal(str(body.get("seconds", 5))) / 10


SHORT = ImitatedModel(
    slug="maker/short-i2v",
    path="maker/short-i2v",
    refusal=refusal,
    price_usd=price_usd,
    image_fields=frozenset({"frame", "more"}),
    description="a short one, imitated",
)
LONG = replace(SHORT, slug="maker/long-i2v", path="maker/long-i2v/async", price_usd=lambda _: Decimal(7))


@pytest.fixture
def short(tmp_path: Path) -> Imitation:
    """Veo and two further models, whose renders take no time."""
    return Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), (SHORT, LONG))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (AT, 200),
        (f"{AT}/async", 404),
        (f"{AT}/", 404),
        ("/api/v1/maker%2Fshort-i2v", 404),
        ("/api/v1/maker", 404),
        ("/api/v1/maker/long-i2v/async", 200),
        ("/api/v1/maker/long-i2v", 404),
        ("/api/v1/google/veo-3.1-fast-i2v", 404),
    ],
)
def test_a_model_takes_submits_at_its_own_path_and_at_no_other(short: Imitation, path: str, status: int) -> None:
    reply = short.submit(BODY, path=path)

    assert reply.status == status
    assert len(short.record.charges) == (status == 200)


def test_a_submit_is_answered_for_its_model_and_charged_by_its_price(short: Imitation) -> None:
    said = [short.submit(BODY | {"seconds": 8}, path=AT), short.submit(BODY, path="/api/v1/maker/long-i2v/async")]

    assert [reply.data["model_id"] for reply in said] == ["maker/short-i2v", "maker/long-i2v"]
    assert [(charge.model, charge.amount_usd) for charge in short.record.charges] == [
        ("maker/short-i2v", Decimal("0.8")),
        ("maker/long-i2v", Decimal(7)),
    ]
    assert short.poll(said[0].data["task_id"]).data["billing"] == {"amount": 0.8}


def test_a_body_is_judged_by_the_rules_of_its_model(short: Imitation) -> None:
    reply = short.submit({"frame": "https://example.com/a.jpg"}, path=AT)

    assert (reply.status, reply.json) == (400, {"code": 400, "message": "InvalidParameter: prompt: required"})
    assert short.submit(BODY).json["message"] == "InvalidParameter: unknown field frame"
    assert short.record.charges == ()


@pytest.mark.parametrize(
    "images",
    [{"frame": "{gone}"}, {"more": ["{kept}", "{gone}"]}, {"more": [{"image": "{kept}"}, {"image": "{gone}"}]}],
    ids=["a link", "a list of links", "a list of objects"],
)
def test_an_uploaded_image_that_is_gone_is_missed_wherever_the_model_has_images(
    short: Imitation, images: Mapping[str, Any]
) -> None:
    kept, gone = short.upload().data, short.upload(PNG + b"2").data
    short.ask("DELETE", f"/api/v1/media/files/{gone['file_id']}")

    def filled(value: Any) -> Any:
        match value:
            case str():
                return value.format(kept=kept["url"], gone=gone["url"])
            case list():
                return [filled(each) for each in value]
            case _:
                return {name: filled(each) for name, each in value.items()}

    reply = short.submit({"prompt": gone["url"], **filled(images)}, path=AT)

    assert reply.status == 400
    assert reply.json["message"] == f"InvalidParameter: image cannot be fetched: {gone['url']}"
    assert short.submit({"prompt": gone["url"], "frame": kept["url"]}, path=AT).status == 200


def test_the_list_of_models_names_each_once_the_built_in_ones_first(short: Imitation) -> None:
    listed = short.ask("GET", "/api/v1/models").json["models"]

    assert [model["slug"] for model in listed] == [
        "google/veo-3.1-i2v",
        "google/veo-3.1-fast-i2v",
        "maker/short-i2v",
        "maker/long-i2v",
    ]
    assert listed[2] == {
        "slug": "maker/short-i2v",
        "type": "image-to-video",
        "docs_url": "https://docs.modellix.ai/maker/short-i2v",
        "description": "a short one, imitated",
    }


@pytest.mark.parametrize(
    "usurper",
    [replace(SHORT, slug="google/veo-3.1-i2v"), replace(SHORT, path="google/veo-3.1-i2v/async")],
    ids=["by its name", "by its path"],
)
def test_nothing_takes_the_place_of_a_built_in_model(tmp_path: Path, usurper: ImitatedModel) -> None:
    service = Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), [usurper])

    assert service.submit(BODY).json["message"] == "InvalidParameter: unknown field frame"
    assert service.submit(IMAGE_BODY).status == 200
    assert [(charge.model, charge.amount_usd) for charge in service.record.charges] == [
        ("google/veo-3.1-i2v", Decimal("2.576"))
    ]
    listed = [model["slug"] for model in service.ask("GET", "/api/v1/models").json["models"]]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("path", ["tasks/task-1", "team/balance", "media/files", "models"])
def test_no_model_takes_the_place_of_an_address_of_the_service(tmp_path: Path, path: str) -> None:
    odd = Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), [replace(SHORT, path=path)])

    assert odd.submit(BODY, path=f"/api/v1/{path}").status in {400, 405}
    assert odd.record.charges == ()


def test_a_task_of_a_model_that_is_not_imitated_any_more_is_still_told_and_served(short: Imitation) -> None:
    nested = replace(SHORT, reply_form=REPLY_FORMS["nested"])
    short.restart(Behaviour(latency_s=0), [nested])
    task_id = short.submit(BODY, path=AT).data["task"]["task_id"]

    short.restart(Behaviour(latency_s=0))

    told = short.poll(task_id).data
    assert (told["status"], told["model_id"], told["billing"]) == ("success", "maker/short-i2v", {"amount": 0.5})
    assert short.download(short.link(task_id)).status == 200
    assert short.ask("GET", "/api/v1/team/balance").data == {"balance": 999.5}
    assert short.submit(BODY, path=AT).status == 404


CREATED_MS, ENDED_MS, EXPIRES_MS = 1_800_000_000_000, 1_800_000_011_500, 1_800_001_011_500


FORMS: list[tuple[str, tuple[str, ...], tuple[str, ...], Mapping[str, object]]] = [
    ("documented", (), ("result", "resources"), {"result_expires_at": EXPIRES_MS}),
    (
        "seconds",
        (),
        ("result", "resources"),
        {"created_at": 1_800_000_000, "completed_at": 1_800_000_011, "result_expires_at": 1_800_001_011},
    ),
    (
        "iso",
        (),
        ("result", "resources"),
        {
            "created_at": "2027-01-15T08:00:00.000Z",
            "finished_at": "2027-01-15T08:00:11.500Z",
            "result_expires_at": "2027-01-15T08:16:51.500Z",
        },
    ),
    ("result-resources", (), ("result_resources",), {"result_expires_at": EXPIRES_MS}),
    ("nested", ("task",), ("result", "resources"), {"result_expires_at": EXPIRES_MS}),
    (
        "all-at-once",
        ("task",),
        ("result_resources",),
        {
            "created_at": "2027-01-15T08:00:00.000Z",
            "completed_at": "2027-01-15T08:00:11.500Z",
            "result_expires_at": "2027-01-15T08:16:51.500Z",
        },
    ),
]


@pytest.mark.parametrize(("form", "at", "resources_at", "times"), FORMS)
def test_a_model_replies_in_its_own_form(
    tmp_path: Path, form: str, at: tuple[str, ...], resources_at: tuple[str, ...], times: Mapping[str, object]
) -> None:
    options = Behaviour(latency_s=11.5, retention_s=1000)
    service = Imitation(tmp_path / "state.jsonl", options, [replace(SHORT, reply_form=REPLY_FORMS[form])])

    accepted = inside(service.submit(BODY, path=AT).data, at)
    assert accepted["get_result"]["url"] == f"{API}/api/v1/tasks/{accepted['task_id']}"
    begun = inside(service.poll(accepted["task_id"]).data, at)
    service.clock.now_s += 20
    ended = inside(service.poll(accepted["task_id"]).data, at)

    assert begun["status"] == "pending"
    assert begun.keys() & times.keys() == times.keys() & {"created_at"}
    assert (ended["status"], ended["duration"], ended["billing"]) == ("success", 11_500, {"amount": 0.5})
    assert {name: value for name, value in ended.items() if name.endswith("_at")} == times
    [video] = inside(ended, resources_at)
    assert service.download(video["url"]).status == 200
    assert ("result" in ended) == (resources_at[0] == "result")


def inside(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def test_every_form_of_the_table_is_shown_here() -> None:
    assert {form for form, *_ in FORMS} == set(REPLY_FORMS)


def test_without_further_models_the_service_is_as_it_was(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=0))

    assert service.submit(BODY, path=AT).status == 404
    assert [model["slug"] for model in service.ask("GET", "/api/v1/models").json["models"]] == [
        "google/veo-3.1-i2v",
        "google/veo-3.1-fast-i2v",
    ]
