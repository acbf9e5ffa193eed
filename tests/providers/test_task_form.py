"""Replies of the forms that models have beside the documented one, and what contradicts itself in them."""

import json
from decimal import Decimal
from typing import Any

import pytest

from batchrunner.domain.attempt import Outcome
from batchrunner.domain.observation import TaskState
from batchrunner.io.http import Reply
from batchrunner.providers.modellix import wire
from batchrunner.providers.provider import SubmitReply, TaskReply, TaskReplyKind

TASK = "task-i2v001"
LINK = "https://file.modellix.test/clip.mp4"
VIDEO = {"type": "video", "url": f"{LINK}?Signature=abc"}
SIGNED_ANEW = {"type": "video", "url": f"{LINK}?Signature=def"}
OTHER = {"type": "video", "url": "https://file.modellix.test/other.mp4"}
COVER = {"type": "image", "url": "https://file.modellix.test/cover.jpg"}


def looked(data: object) -> TaskReply:
    return wire.task_reply(Reply(200, {}, json.dumps({"code": 0, "data": data}).encode()), TASK, 0.0)


def posted(data: object) -> SubmitReply:
    return wire.submitted(Reply(200, {}, json.dumps({"code": 0, "data": data}).encode()), 0.0)


@pytest.mark.parametrize(
    "data",
    [
        {"task_id": TASK, "status": "success", "result": {"resources": [VIDEO]}},
        {"task_id": TASK, "status": "success", "result_resources": [VIDEO]},
        {"task_id": TASK, "status": "success", "result_resources": [COVER, VIDEO], "result": None},
        {"task_id": TASK, "status": "success", "result_resources": None, "result": {"resources": [VIDEO]}},
        {"task_id": TASK, "status": "success", "result_resources": [VIDEO], "result": {"resources": [SIGNED_ANEW]}},
        {"task_id": TASK, "status": "success", "result_resources": [COVER], "result": {"resources": [VIDEO]}},
        {"task": {"task_id": TASK, "status": "success", "result": {"resources": [VIDEO]}}},
        {"task": {"task_id": TASK, "status": "success", "result_resources": [VIDEO]}},
        {"task": {"status": "success", "result_resources": [VIDEO]}},
        {"task": {"status": "success"}, "task_id": TASK, "result": {"resources": [VIDEO]}},
        {"task": {"task_id": TASK, "status": "success", "result_resources": [VIDEO]}, "task_id": TASK},
        {"task": {"task_id": TASK, "status": "success"}, "status": "success", "result_resources": [VIDEO]},
        {"task": "image-to-video", "task_id": TASK, "status": "success", "result_resources": [VIDEO]},
        {"task": {}, "task_id": TASK, "status": "success", "result_resources": [VIDEO]},
        {"task": [{"status": "failed"}], "task_id": TASK, "status": "success", "result_resources": [VIDEO]},
    ],
    ids=str,
)
def test_a_success_is_read_in_every_form(data: object) -> None:
    seen = looked(data)

    assert (seen.kind, seen.state, seen.word) == (TaskReplyKind.STATE, TaskState.SUCCESS, "success")
    assert seen.link is not None
    assert seen.link.startswith(f"{LINK}?Signature=")
    assert "Signature" not in seen.body


@pytest.mark.parametrize(
    "data",
    [
        {"task": {"task_id": TASK, "status": "success"}, "status": "processing"},
        {"task": {"task_id": TASK, "status": "failed"}, "status": "success"},
        {"task": {"task_id": TASK, "status": None}, "status": "success"},
        {"task": {"task_id": TASK, "status": "success"}, "task_id": "task-of-another"},
        {"task": {"task_id": "task-of-another", "status": "success"}, "task_id": TASK},
        {"task": {"task_id": "task-of-another", "status": "success"}},
        {"task": {"task_id": TASK}},
        {"task": {"task": {"task_id": TASK, "status": "success"}}},
        {"tasks": [{"task_id": TASK, "status": "success"}]},
    ],
    ids=str,
)
def test_a_reply_that_contradicts_itself_about_its_task_is_asked_for_again(data: object) -> None:
    seen = looked(data)

    assert (seen.kind, seen.state, seen.link, seen.failure) == (TaskReplyKind.RETRY, TaskState.WAITING, None, None)


@pytest.mark.parametrize(
    "places",
    [
        {"result": {"resources": [VIDEO]}, "result_resources": [OTHER]},
        {"result": {"resources": [VIDEO]}, "task": {"status": "success", "result": {"resources": [OTHER]}}},
        {"result_resources": [VIDEO], "task": {"status": "success", "result_resources": [SIGNED_ANEW]}},
        {"result_resources": {"video": VIDEO}},
        {"result_resources": VIDEO},
        {"result_resources": [VIDEO["url"]]},
        {"result_resources": [[VIDEO]]},
        {"result": {"resources": [VIDEO]}, "result_resources": [{"type": "video", "url": "https://[1:2?x=1"}]},
    ],
    ids=str,
)
def test_a_video_that_is_not_certain_has_no_link(places: dict[str, Any]) -> None:
    seen = looked({"task_id": TASK, "status": "success", **places})

    assert (seen.state, seen.link) == (TaskState.SUCCESS, None)


@pytest.mark.parametrize(
    ("outer", "inner", "billed_usd", "expires_at_s"),
    [
        ({}, {"billing": {"amount": 2.5}, "result_expires_at": 1_795_543_200}, "2.5", 1_795_543_200.0),
        ({"billing": {"amount": 2.5}, "result_expires_at": "2026-11-24T18:00:00Z"}, {}, "2.5", 1_795_543_200.0),
        ({"billing": {"amount": 2.5}}, {"billing": {"amount": 2.5}}, "2.5", None),
        ({"billing": {"amount": 2.5}}, {"billing": {"amount": 9.9}}, None, None),
        ({"result_expires_at": 1_795_543_200}, {"result_expires_at": 1_795_543_201}, None, None),
    ],
)
def test_a_bill_and_an_end_stand_with_the_task_or_beside_it_and_are_not_told_by_a_contradiction(
    outer: dict[str, Any], inner: dict[str, Any], billed_usd: str | None, expires_at_s: float | None
) -> None:
    seen = looked({**outer, "task": {"task_id": TASK, "status": "success", **inner}})

    assert seen.billed_usd == (None if billed_usd is None else Decimal(billed_usd))
    assert seen.expires_at_s == expires_at_s


def test_a_failure_is_read_from_a_task_within_its_reply() -> None:
    seen = looked(
        {"task": {"task_id": TASK, "status": "failed", "error": {"code": "E1", "message": "the render broke"}}}
    )

    assert seen.failure is not None
    assert seen.failure.message == "E1: the render broke"


@pytest.mark.parametrize("at", [1_795_543_200, "yesterday", None, {}, "1e999999"])
def test_when_a_task_began_and_ended_changes_nothing(at: object) -> None:
    told = {"task_id": TASK, "status": "success", "result": {"resources": [VIDEO]}}
    with_times = looked(told | dict.fromkeys(("created_at", "completed_at", "finished_at"), at))
    without = looked(told)

    assert (with_times.state, with_times.link, with_times.expires_at_s) == (without.state, without.link, None)


@pytest.mark.parametrize(
    ("data", "task_id"),
    [
        ({"task": {"task_id": TASK, "status": "pending"}}, TASK),
        ({"task": {"task_id": TASK}, "task_id": TASK}, TASK),
        ({"task": {"status": "pending"}, "task_id": TASK}, TASK),
        ({"task": TASK, "task_id": TASK}, TASK),
        ({"task": {"task_id": TASK}, "task_id": "task-of-another"}, None),
        ({"task": {"task_id": None}, "task_id": TASK}, None),
        ({"task": {"id": TASK}}, None),
        ({"task": {"task_id": "a b"}}, None),
        ({"task": TASK}, None),
        ({"task": [{"task_id": TASK}]}, None),
    ],
)
def test_an_accepted_submit_names_one_task_or_its_outcome_is_unknown(data: object, task_id: str | None) -> None:
    said = posted(data)

    assert (said.outcome, said.task_id) == (Outcome.ACCEPTED if task_id else Outcome.UNKNOWN, task_id)


@pytest.mark.parametrize("depth", [50, 400, 900, 100_000])
def test_values_of_any_depth_are_compared_without_an_error(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    body = f'{{"data": {{"status": "success", "result": {deep}, "task": {{"status": "success", "result": {deep}}}}}}}'

    assert wire.task_reply(Reply(200, {}, body.encode()), TASK, 0.0).link is None
