from decimal import Decimal

import pytest

from batchrunner.sandbox import Behaviour
from batchrunner.sandbox.charges import price_usd

from .conftest import Imitate
from .imitation import API, IMAGE_BODY, Imitation, is_whole_mp4


def test_a_submit_is_answered_as_the_page_shows(service: Imitation) -> None:
    reply = service.submit()
    task_id = reply.data["task_id"]

    assert reply.status == 200
    assert reply.json == {
        "code": 0,
        "message": "success",
        "data": {
            "status": "pending",
            "task_id": task_id,
            "model_id": "google/veo-3.1-i2v",
            "get_result": {"method": "GET", "url": f"{API}/api/v1/tasks/{task_id}"},
        },
    }


def test_a_task_is_pending_then_processing_then_a_success(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=100))
    task_id = service.submitted()
    seen = []

    for _ in range(5):
        seen.append(service.poll(task_id).data["status"])
        service.clock.now_s += 25

    assert seen == ["pending", "processing", "processing", "processing", "success"]


def test_a_success_names_its_video_its_time_its_price(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=11.5, retention_s=1000))
    task_id = service.submitted()
    service.clock.now_s += 20

    data = service.poll(task_id).data

    assert data["task_id"] == task_id
    assert data["duration"] == 11_500
    assert data["billing"] == {"amount": 2.576}
    assert data["result_expires_at"] == 1_800_001_011_500
    [video] = data["result"]["resources"]
    assert video.items() >= {"type": "video", "format": "mp4", "width": 320, "height": 180}.items()
    assert {"url", "role"} <= video.keys()


def test_latencies_spread_around_their_middle(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=100, latency_spread_s=40, concurrency=20))
    for _ in range(20):
        service.submit()

    latencies = [charge.latency_s for charge in service.record.charges]

    assert all(60 <= latency_s <= 140 for latency_s in latencies)
    assert len(set(latencies)) == 20


def test_each_clip_is_whole_and_differs(service: Imitation) -> None:
    clips = [service.download(service.link(service.submitted())) for _ in range(2)]

    assert all(clip.status == 200 and clip.headers["content-type"] == "video/mp4" for clip in clips)
    assert all(is_whole_mp4(clip.body) for clip in clips)
    assert clips[0].body != clips[1].body


def test_only_the_key_that_submitted_reads_a_task(service: Imitation) -> None:
    task_id = service.submitted()

    assert service.poll(task_id, key="mdlx-colleague").status == 404
    assert service.poll(task_id).status == 200


def test_past_its_retention_a_task_is_404_and_its_file_410(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=0, retention_s=10, link_life_s=100))
    task_id = service.submitted()
    link = service.link(task_id)

    service.clock.now_s += 10

    assert service.poll(task_id).status == 404
    assert service.download(link).status == 410


def test_a_link_dies_before_its_task_and_a_new_one_works(imitate: Imitate) -> None:
    service = imitate(Behaviour(latency_s=0, link_life_s=60))
    task_id = service.submitted()
    first = service.link(task_id)
    service.clock.now_s += 60

    second = service.link(task_id)

    assert first != second
    assert service.download(first).status == 403
    assert service.download(second).status == 200


def test_a_link_that_was_tampered_with_is_refused(service: Imitation) -> None:
    own, other = service.link(service.submitted()), service.submitted()

    assert service.download(own.partition("?")[0]).status == 403
    assert service.download(own.replace("expires=1", "expires=2")).status == 403
    assert service.download(f"https://file.modellix.test/results/{other}.mp4?{own.partition('?')[2]}").status == 403
    assert service.download("https://file.modellix.test/results/task-0.mp4").status == 404


@pytest.mark.parametrize(
    ("model", "body", "amount_usd"),
    [
        ("google/veo-3.1-i2v", {}, "2.576"),
        ("google/veo-3.1-i2v", {"durationSeconds": "4"}, "1.288"),
        ("google/veo-3.1-i2v", {"durationSeconds": "8", "resolution": "4k"}, "3.864"),
        ("google/veo-3.1-fast-i2v", {"durationSeconds": "6", "resolution": "720p"}, "0.4830"),
        ("google/veo-3.1-fast-i2v", {"durationSeconds": "8", "resolution": "1080p"}, "0.7728"),
    ],
)
def test_a_clip_costs_its_seconds(model: str, body: dict[str, str], amount_usd: str) -> None:
    assert price_usd(model, IMAGE_BODY | body) == Decimal(amount_usd)
