"""Models of a catalogue in the sandbox: what their descriptions refuse is refused, and what they cost is charged."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchrunner.app.imitated_models import imitated_models
from batchrunner.catalog import Catalog, shipped
from batchrunner.catalog.description import read_model
from batchrunner.sandbox import Behaviour, ImitatedModel
from batchrunner.sandbox.imitated_model import VEO_MODELS
from tests.catalog.test_models import described
from tests.sandbox.imitation import IMAGE_BODY, Imitation

AT = "/api/v1/minimax/example-i2v/async"
URL = "https://example.com/a.jpg"
BODY = {"prompt": "She waves", "first_frame_image": URL}
PRICE = {
    "read": "2026-11-20",
    "rows": [
        {"when": {"duration": 6}, "usd_per_second": ["0.01", "0.02"]},
        {"when": {"duration": 10, "resolution": "768P"}, "usd": "0.5"},
    ],
}
LISTS = {
    "references": {"type": "array", "items": {"type": "string", "format": "image-link"}, "maxItems": 2},
    "voice": {"type": "string", "format": "audio-link"},
}


def catalog(**changed: Any) -> Catalog:
    """The model that the page describes, priced, with a list of pictures and a sound."""
    written = described()
    written["body"]["properties"].update(LISTS)
    return Catalog([read_model({**written, "price": PRICE, **changed})])


def only(models: Catalog) -> ImitatedModel:
    [model] = imitated_models(models)
    return model


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (BODY, None),
        (BODY | {"duration": 10}, None),
        (BODY | {"resolution": "1080P"}, None),
        (BODY | {"references": [URL, URL], "voice": "https://example.com/a.mp3"}, None),
        ([], "the body must be a JSON object"),
        (None, "the body must be a JSON object"),
        ({"prompt": "She waves"}, "'first_frame_image' is a required property"),
        (BODY | {"image": URL}, "unknown field image"),
        (BODY | {"prompt": ""}, "prompt: "),
        (BODY | {"prompt": None}, "prompt: "),
        (BODY | {"duration": "10"}, "duration: '10' is not "),
        (BODY | {"duration": True}, "duration: True is not "),
        (BODY | {"resolution": "768p"}, "resolution: '768p' is not one of"),
        (BODY | {"references": [URL] * 3}, "references: "),
        (BODY | {"references": [7]}, "references[0]: 7 is not of type 'string'"),
        (BODY | {"first_frame_image": "frames/a.png"}, "first_frame_image: not a valid URL"),
        (BODY | {"references": [URL, "b.png"]}, "references: not a valid URL"),
        (BODY | {"voice": "a.mp3"}, "voice: not a valid URL"),
        (BODY | {"duration": 10, "resolution": "1080P"}, "10 seconds need 768P"),
        (BODY | {"x" * 5_000: 1}, "unknown field xxx"),
    ],
)
def test_a_body_is_judged_by_the_description(body: object, said: str | None) -> None:
    found = only(catalog()).refusal(body)

    assert (found is None) == (said is None)
    if found is not None and said is not None:
        assert found.startswith(f"InvalidParameter: {said}")
        assert len(found) < 300


def test_a_rule_that_is_a_mere_warning_refuses_nothing() -> None:
    rules = [{**described()["rules"][0], "severity": "warning"}]

    assert only(catalog(rules=rules)).refusal(BODY | {"duration": 10, "resolution": "1080P"}) is None


@pytest.mark.parametrize(
    ("body", "usd"),
    [
        (BODY, "0.12"),
        (BODY | {"duration": 6, "resolution": "1080P"}, "0.12"),
        (BODY | {"duration": 10}, "0.5"),
    ],
)
def test_a_clip_costs_the_upper_end_of_its_estimate(body: Mapping[str, object], usd: str) -> None:
    assert only(catalog()).price_usd(body) == Decimal(usd)


def test_what_has_no_price_costs_nothing_in_the_sandbox() -> None:
    unpriced = Catalog([read_model({**described(), "price": None})])

    assert only(unpriced).price_usd(BODY) == 0


def test_a_described_model_takes_submits_at_its_path_and_is_charged(tmp_path: Path) -> None:
    service = Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), imitated_models(catalog()))

    task_id = service.submit(BODY | {"duration": 10}, path=AT).data["task_id"]

    assert service.poll(task_id).data.items() >= {"status": "success", "model_id": "minimax/example-i2v"}.items()
    assert service.poll(task_id).data["billing"] == {"amount": 0.5}
    assert service.submit(BODY, path=AT.removesuffix("/async")).status == 404
    assert service.submit(BODY | {"image": URL}, path=AT).status == 400


@pytest.mark.parametrize("field", ["first_frame_image", "references", "voice"])
def test_an_upload_that_is_gone_is_missed_in_every_field_of_links(tmp_path: Path, field: str) -> None:
    service = Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), imitated_models(catalog()))
    gone = service.upload().data
    service.ask("DELETE", f"/api/v1/media/files/{gone['file_id']}")

    reply = service.submit(BODY | {field: [gone["url"]] if field == "references" else gone["url"]}, path=AT)

    assert (reply.status, reply.json["message"]) == (
        400,
        f"InvalidParameter: image cannot be fetched: {gone['url']}",
    )


def test_an_own_description_does_not_change_how_the_sandbox_reads_veo(tmp_path: Path) -> None:
    """Somebody's file says that Veo is free and takes a field of another model; the service knows better."""
    own = read_model({**described(), "slug": "google/veo-3.1-i2v", "path": "google/veo-3.1-i2v/async"})
    imitated = imitated_models(shipped().with_own([own]))
    service = Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), imitated)

    assert service.submit(BODY).json["message"] == "InvalidParameter: unknown field first_frame_image"
    assert service.submit(IMAGE_BODY).status == 200
    assert service.record.charged_usd == Decimal("2.576")


BODIES: list[Mapping[str, object]] = [
    IMAGE_BODY,
    IMAGE_BODY | {"durationSeconds": "8", "resolution": "4k"},
    IMAGE_BODY | {"durationSeconds": "6", "resolution": "720p"},
    IMAGE_BODY | {"durationSeconds": "4", "resolution": "1080p"},
    IMAGE_BODY | {"durationSeconds": 8},
    IMAGE_BODY | {"seed": 1},
    IMAGE_BODY | {"image": "a.png"},
    IMAGE_BODY | {"referenceImages": [URL], "durationSeconds": "8"},
    {"prompt": "p", "referenceImages": [URL], "durationSeconds": "8", "resolution": "720p"},
    {"prompt": "p", "lastFrame": URL, "durationSeconds": "8"},
    {"prompt": "p"},
    {},
]


@pytest.mark.parametrize("built_in", VEO_MODELS, ids=lambda model: model.slug)
@pytest.mark.parametrize("body", BODIES, ids=json.dumps)
def test_the_two_readings_of_veo_agree(built_in: ImitatedModel, body: Mapping[str, object]) -> None:
    """One is written from the page, the other made of the description: neither knows the other."""
    [described] = [model for model in imitated_models(shipped()) if model.slug == built_in.slug]

    assert (described.refusal(body) is None) == (built_in.refusal(body) is None)
    assert (described.path, described.image_fields) == (built_in.path, built_in.image_fields)
    if built_in.refusal(body) is None and {"durationSeconds", "resolution"} <= body.keys():
        assert described.price_usd(body) == built_in.price_usd(body)


def test_the_sandbox_has_every_model_that_is_shipped(tmp_path: Path) -> None:
    service = Imitation(tmp_path / "state.jsonl", Behaviour(latency_s=0), imitated_models(shipped()))

    listed = [model["slug"] for model in service.ask("GET", "/api/v1/models").json["models"]]

    assert sorted(listed) == sorted(shipped().slugs)
