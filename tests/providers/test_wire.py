"""Every reply that the service is known to give, or might: the table of answers, row by row."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.observation import ErrorClass, TaskState
from batchrunner.io.http import Delivery, Reply, TransportError
from batchrunner.providers.modellix import untrusted as foreign
from batchrunner.providers.modellix import wire
from batchrunner.providers.provider import KeyStatus, RateLimitHeaders, SubmitReply, TaskReply, TaskReplyKind

# 2026-11-23 18:00 UTC
NOW_S = 1_795_456_800.0
TASK = "task-i2v001"

# The answer of the seed, word by word.
ACCEPTED: dict[str, Any] = {
    "code": 0,
    "message": "success",
    "data": {
        "status": "pending",
        "task_id": TASK,
        "model_id": "google/veo-3.1-i2v",
        "get_result": {"method": "GET", "url": f"https://api.modellix.ai/api/v1/tasks/{TASK}"},
    },
}


def as_bytes(content: object) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def posted(status: int, content: object = b"", **headers: str) -> SubmitReply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return wire.submitted(Reply(status, sent, as_bytes(content)), NOW_S)


def looked(status: int, content: object = b"", **headers: str) -> TaskReply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return wire.task_reply(Reply(status, sent, as_bytes(content)), TASK, NOW_S)


def error(status: int, message: str) -> dict[str, Any]:
    return {"code": status, "message": message}


def task(**data: object) -> TaskReply:
    return looked(200, {"code": 0, "message": "success", "data": {"task_id": TASK, **data}})


# What a paid POST brought


def test_the_answer_of_the_seed_is_an_acceptance() -> None:
    assert posted(200, ACCEPTED) == SubmitReply(
        Outcome.ACCEPTED, TASK, None, 200, "", json.dumps(ACCEPTED), RateLimitHeaders()
    )


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        *((status, RejectReason.INVALID) for status in (400, 413, 415, 422)),
        *((status, RejectReason.KEY) for status in (401, 403)),
        (402, RejectReason.BALANCE),
        *((status, RejectReason.ADDRESS) for status in (404, 405)),
        (429, RejectReason.RATE),
    ],
)
@pytest.mark.parametrize("content", [error(1, "Category: detail"), b"<html>no</html>", b"", {"data": ACCEPTED["data"]}])
def test_a_refusal_is_known_by_its_status_alone(status: int, refusal: RejectReason, content: object) -> None:
    said = posted(status, content)
    assert (said.outcome, said.refusal, said.task_id, said.http_status) == (Outcome.REFUSED, refusal, None, status)


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504])
@pytest.mark.parametrize("content", [error(503, "Unavailable: try again"), ACCEPTED, b"<html>Bad gateway</html>", b""])
def test_an_answer_that_may_come_after_the_charge_leaves_the_outcome_unknown(status: int, content: object) -> None:
    said = posted(status, content)
    assert (said.outcome, said.refusal, said.task_id) == (Outcome.UNKNOWN, None, None)
    assert str(status) in said.message


@pytest.mark.parametrize("status", [s for s in range(100, 600) if s not in (200, *wire._REFUSALS, 429)])
def test_a_status_that_nobody_listed_leaves_the_outcome_unknown(status: int) -> None:
    assert posted(status, ACCEPTED).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "message",
    ["concurrent limit exceeded", "RateLimit: Concurrent limit exceeded", "TooManyRequests: concurrent tasks: 2"],
)
def test_a_full_account_is_told_from_too_many_requests(message: str) -> None:
    assert posted(429, error(429, message)).refusal is RejectReason.CONCURRENT
    assert posted(429, error(429, "RateLimit: too many requests")).refusal is RejectReason.RATE


def test_a_refusal_carries_the_words_of_the_service() -> None:
    assert posted(400, error(400, "InvalidParameter: prompt: too long")).message == "InvalidParameter: prompt: too long"
    assert posted(400, b"<html>").message == "HTTP 400"
    assert posted(400, error(400, "")).message == "HTTP 400"
    assert posted(400, {"message": {"en": "no"}}).message == "HTTP 400"


@pytest.mark.parametrize(
    "task_id",
    ["task-i2v001", "a", "0", "a/b", "../../etc/passwd", "tasks:1", "a~b_c.d+e@f=g", "x" * 512],
)
def test_an_id_may_look_like_anything_that_the_official_client_takes(task_id: str) -> None:
    said = posted(200, {"code": 0, "data": {"task_id": task_id}})
    assert (said.outcome, said.task_id) == (Outcome.ACCEPTED, task_id)


@pytest.mark.parametrize(
    "task_id",
    [
        "",
        " ",
        "a b",
        "a\n",
        "\ntask",
        "täsk",
        "task?x",
        "task#x",
        "a%2Fb",
        ".",
        "..",
        "x" * 513,
        7,
        0,
        None,
        True,
        [TASK],
        {"id": TASK},
    ],
)
def test_an_id_that_cannot_be_used_leaves_the_outcome_unknown(task_id: object) -> None:
    said = posted(200, {"code": 0, "data": {"task_id": task_id}})
    assert (said.outcome, said.task_id) == (Outcome.UNKNOWN, None)
    assert said.message == "the service answered 200 without a usable task id"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><html><body>Log in to the hotel's network</body></html>",
        b"null",
        b"[]",
        b"[1, 2]",
        b'"task-i2v001"',
        b"7",
        b"{}",
        b'{"code": 0}',
        b'{"code": 0, "data": null}',
        b'{"code": 0, "data": []}',
        b'{"code": 0, "data": "task-i2v001"}',
        b'{"code": 0, "data": {}}',
        b'{"code": 0, "data": {"id": "task-i2v001"}}',
        b'{"code": 0, "task_id": "task-i2v001"}',
        b'{"code": 0, "data": {"task_id": "task-i2v001"}',
        b'{"code": 500, "data": {"task_id": "task-i2v001"}}',
        b'{"code": "0x", "data": {"task_id": "task-i2v001"}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"data": ' * 50_000,
        b"1" * 5_000,
        b"NaN",
    ],
    ids=lambda content: content[:24].decode("latin-1") + f" … {len(content)}",
)
def test_a_200_that_names_no_task_leaves_the_outcome_unknown_and_is_kept(content: bytes) -> None:
    said = posted(200, content)
    assert (said.outcome, said.task_id) == (Outcome.UNKNOWN, None)
    assert len(said.body) <= 20_000


@pytest.mark.parametrize(
    "content",
    [
        rb'{"code": 0, "data": {"task_id": "task-i2v001"}, "took_ms": 1e9999999999999999999}',
        rb'{"code": 0, "data": {"task_id": "task-i2v001"}, "see": "https://[1:2?x=1"}',
        '{"code": 0, "data": {"task_id": "task-i2v001"}, "see": "https://ex\u2100mple.com/?x=1"}'.encode(),
        rb'{"code": 0, "data": {"task_id": "task-i2v001"}, "see": "https://example.com:port/?x=1"}',
        rb'{"code": 0, "message": "\ud83c", "data": {"task_id": "task-i2v001"}}',
        b'\xef\xbb\xbf{"code": 0, "data": {"task_id": "task-i2v001"}}',
        b'{"code": 0, "data": {"task_id": "task-i2v001"}, "big": "' + b"x" * 1_000_000 + b'"}',
    ],
    ids=lambda content: content[:90].decode("latin-1"),
)
def test_oddities_beside_it_do_not_lose_a_paid_task(content: bytes) -> None:
    said = posted(200, content)
    assert (said.outcome, said.task_id) == (Outcome.ACCEPTED, TASK)


@pytest.mark.parametrize(
    ("fate", "outcome", "refusal"),
    [(Delivery.NOT_SENT, Outcome.REFUSED, RejectReason.NOT_SENT), (Delivery.UNCLEAR, Outcome.UNKNOWN, None)],
)
def test_a_post_without_an_answer_is_refused_only_if_nothing_was_sent(
    fate: Delivery, outcome: Outcome, refusal: RejectReason | None
) -> None:
    said = wire.unanswered(TransportError(fate, "the words"))
    assert (said.outcome, said.refusal, said.task_id, said.message) == (outcome, refusal, None, "the words")


# What a GET of a task brought


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, TaskReplyKind.INVALID) for status in (400, 405, 413, 415, 422)),
        *((status, TaskReplyKind.KEY) for status in (401, 403)),
        *((status, TaskReplyKind.GONE) for status in (404, 410)),
        (429, TaskReplyKind.RATE),
        *((status, TaskReplyKind.RETRY) for status in (408, 409, 425, 500, 502, 503, 504)),
        *((status, TaskReplyKind.RETRY) for status in (201, 204, 301, 302, 307, 402, 418, 451, 599)),
    ],
)
@pytest.mark.parametrize("content", [error(1, "Category: detail"), b"<html>no</html>", b""])
def test_a_look_without_a_state_says_what_to_do_about_it(status: int, kind: TaskReplyKind, content: object) -> None:
    reply = looked(status, content)
    assert (reply.kind, reply.state, reply.word, reply.link) == (kind, TaskState.WAITING, str(status), None)
    assert reply.message.startswith(f"the service answered {status}: ")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *((word, TaskState.WAITING) for word in ("pending", "processing", "queued", "created", "running")),
        *((word, TaskState.WAITING) for word in ("in_progress", "", "PENDING", "successful?", "finishing", "failing")),
        *((word, TaskState.SUCCESS) for word in ("success", "succeeded", "completed", "SUCCESS", "Completed")),
        *((word, TaskState.FAILED) for word in ("failed", "error", "canceled", "cancelled", "FAILED", "Error")),
    ],
)
def test_the_words_of_the_service_are_folded_and_kept(word: str, state: TaskState) -> None:
    reply = task(status=word)
    assert (reply.kind, reply.state, reply.word) == (TaskReplyKind.STATE, state, word)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Log in</html>",
        b"[]",
        b"null",
        b"{}",
        {"code": 0, "data": None},
        {"code": 0, "data": [{"status": "success"}]},
        {"code": 0, "data": {"task_id": TASK}},
        {"code": 0, "data": {"task_id": TASK, "status": None}},
        {"code": 0, "data": {"task_id": TASK, "status": 1}},
        {"code": 0, "data": {"task_id": TASK, "status": ["success"]}},
        {"code": 0, "data": {"task_id": "task-of-another", "status": "success"}},
        {"code": 0, "data": {"task_id": TASK.upper(), "status": "failed"}},
        {"code": 0, "data": {"task_id": None, "status": "failed"}},
        {"code": 0, "data": {"task_id": 7, "status": "failed"}},
        b"[" * 100_000,
    ],
    ids=lambda content: str(content)[:60],
)
def test_an_answer_that_is_not_about_this_task_is_asked_for_again(content: object) -> None:
    reply = looked(200, content)
    assert (reply.kind, reply.link, reply.failure) == (TaskReplyKind.RETRY, None, None)


def test_an_answer_that_does_not_repeat_the_id_is_believed() -> None:
    assert looked(200, {"code": 0, "data": {"status": "success"}}).state is TaskState.SUCCESS


VIDEO = {"type": "video", "url": "https://file.modellix.test/clip.mp4?Signature=abc", "width": 1920}
COVER = {"type": "image", "url": "https://file.modellix.test/cover.jpg", "role": "cover"}


@pytest.mark.parametrize(
    ("resources", "link"),
    [
        ([VIDEO], VIDEO["url"]),
        ([COVER, VIDEO], VIDEO["url"]),
        ([COVER, {"type": "video"}, VIDEO], VIDEO["url"]),
        ([{"type": "video", "url": ""}, VIDEO], VIDEO["url"]),
        ([None, 1, "x", [], VIDEO], VIDEO["url"]),
        ([VIDEO, {**VIDEO, "url": "https://file.modellix.test/second.mp4"}], VIDEO["url"]),
        ([COVER], None),
        ([], None),
        (None, None),
        ({}, None),
        (VIDEO, None),
        ("https://file.modellix.test/clip.mp4", None),
        (7, None),
        ([{"type": "video", "url": None}], None),
        ([{"type": "video", "url": 7}], None),
        ([{"type": "video", "url": ["https://x.test/a.mp4"]}], None),
        ([{"type": ["video"], "url": "https://x.test/a.mp4"}], None),
    ],
)
def test_the_link_is_that_of_the_video_wherever_it_stands(resources: object, link: str | None) -> None:
    reply = task(status="success", result={"resources": resources})
    assert (reply.state, reply.link) == (TaskState.SUCCESS, link)


@pytest.mark.parametrize("result", [None, [], "done", 7])
def test_a_success_without_a_result_has_no_link(result: object) -> None:
    assert task(status="success", result=result).link is None


@pytest.mark.parametrize("word", ["pending", "failed"])
def test_only_a_success_has_a_link(word: str) -> None:
    assert task(status=word, result={"resources": [VIDEO]}).link is None


def test_what_is_kept_of_a_reply_holds_no_signature() -> None:
    body = task(status="success", result={"resources": [VIDEO]}).body
    assert "https://file.modellix.test/clip.mp4" in body
    assert "Signature" not in body


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"error": "the render broke"}, "the render broke"),
        ({"error": {"code": "E42", "message": "the render broke"}}, "E42: the render broke"),
        ({"error": {"message": "the render broke"}}, "the render broke"),
        ({"error": {"code": 42}}, "42"),
        ({"error_message": "the render broke"}, "the render broke"),
        ({"message": "the render broke"}, "the render broke"),
        ({"error": "", "error_message": "", "message": "the render broke"}, "the render broke"),
        ({"error": "first", "error_message": "second", "message": "third"}, "first"),
        ({"error": ["first"], "message": "second"}, "second"),
        ({}, "the service gave no reason"),
        ({"error": None, "error_message": None, "message": None}, "the service gave no reason"),
        ({"error": {}}, "the service gave no reason"),
        ({"error": " \n\t "}, "the service gave no reason"),
    ],
)
def test_a_failed_task_says_why_in_one_of_three_places(said: dict[str, object], message: str) -> None:
    failure = task(status="failed", **said).failure
    assert failure is not None
    assert (failure.error_class, failure.message) == (ErrorClass.PROVIDER, message)


@pytest.mark.parametrize(
    "message",
    [
        "Blocked by content moderation",
        "SAFETY: the prompt was refused",
        "This violates our usage policy",
        "prohibited content",
        "sensitive words",
        "Responsible AI practices",
        "the request was blocked",
    ],
)
def test_a_moderated_task_is_told_from_a_broken_one(message: str) -> None:
    failure = task(status="failed", error={"code": "E1", "message": message}).failure
    assert failure is not None
    assert failure.error_class is ErrorClass.MODERATION


@pytest.mark.parametrize("word", ["pending", "success", "whatever"])
def test_only_a_failed_task_has_a_failure(word: str) -> None:
    assert task(status=word, error="the render broke").failure is None


@pytest.mark.parametrize(
    ("amount", "usd"),
    [
        (2.576, "2.576"),
        ("2.576", "2.576"),
        (0, "0"),
        (0.1, "0.1"),
        (3, "3"),
        (None, None),
        (True, None),
        (False, None),
        ("", None),
        ("free", None),
        ("NaN", None),
        ("Infinity", None),
        (float("nan"), None),
        (float("inf"), None),
        ([2.5], None),
        ({"usd": 2.5}, None),
        (-2.576, None),
        ("-2.576", None),
    ],
)
def test_a_charge_is_an_amount_of_nothing_or_more_or_nothing_is_known(amount: object, usd: str | None) -> None:
    assert task(status="success", billing={"amount": amount}).billed_usd == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize("billing", [None, [], "2.5", 2.5, {}])
def test_without_a_bill_nothing_is_known_of_the_charge(billing: object) -> None:
    assert task(status="success", billing=billing).billed_usd is None


@pytest.mark.parametrize(
    ("told", "expires_at_s"),
    [
        (1_795_543_200_000, 1_795_543_200.0),
        (1_795_543_200_500.0, 1_795_543_200.5),
        ("1795543200000", 1_795_543_200.0),
        (None, None),
        (0, None),
        (-1, None),
        (True, None),
        ("tomorrow", None),
        ([1_795_543_200_000], None),
        # seconds, which are not milliseconds of 1970: a clip would be given up for a single 404
        (1_795_543_200, 1_795_543_200.0),
        (1_795_543_200.25, 1_795_543_200.25),
        ("1795543200", 1_795_543_200.0),
        # neither: between the two, and microseconds
        (10**9, None),
        (10**11, None),
        (10**12, None),
        (1_795_543_200_000_000, None),
        ("1795543200000000", None),
        # ISO 8601, with a zone
        ("2026-11-24T18:00:00Z", 1_795_543_200.0),
        ("2026-11-24 18:00:00Z", 1_795_543_200.0),
        ("2026-11-24T18:00:00.250Z", 1_795_543_200.25),
        ("2026-11-24T18:00:00.250000000+00:00", 1_795_543_200.25),
        ("2026-11-24T20:00:00+02:00", 1_795_543_200.0),
        ("2026-11-24T13:30:00-0430", 1_795_543_200.0),
        # of an unknown zone, of no time, not to be read, out of bounds
        ("2026-11-24T18:00:00", None),
        ("2026-11-24", None),
        ("2026-11-24T18:00Z", None),
        ("2026-13-24T18:00:00Z", None),
        ("2026-11-24T25:00:00Z", None),
        ("2026-11-24T18:00:00+99:00", None),
        ("2026-11-24T18:00:00z", None),
        ("2026-11-24T18:00:00.Z", None),
        ("2026-11-24T18:00:00Z\n", None),
        ("2026-11-24T18:00:00." + "1" * 50_000 + "Z", None),
        ("٢٠٢٦-11-24T18:00:00Z", None),
        ("1969-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("20261124T180000Z", None),
    ],
)
def test_the_end_of_a_result_is_a_moment_that_is_certain_or_not_told_at_all(
    told: object, expires_at_s: float | None
) -> None:
    assert task(status="success", result_expires_at=told).expires_at_s == expires_at_s


def test_the_processing_time_is_no_expiry_and_no_charge() -> None:
    reply = task(status="success", duration=63_000)
    assert (reply.expires_at_s, reply.billed_usd) == (None, None)


# What the headers say


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, RateLimitHeaders()),
        (
            {"x_ratelimit_limit": "100", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "1795456830"},
            RateLimitHeaders(100, 0, 30.0),
        ),
        ({"retry_after": "30"}, RateLimitHeaders(wait_s=30.0)),
        ({"retry_after": "0"}, RateLimitHeaders()),
        ({"retry_after": " 1.5 "}, RateLimitHeaders(wait_s=1.5)),
        ({"retry_after": "Mon, 23 Nov 2026 18:00:30 GMT"}, RateLimitHeaders(wait_s=30.0)),
        ({"retry_after": "Mon, 23 Nov 2026 20:00:30 +0200"}, RateLimitHeaders(wait_s=30.0)),
        ({"retry_after": "Mon, 23 Nov 2026 17:00:00 GMT"}, RateLimitHeaders()),
        ({"retry_after": "soon"}, RateLimitHeaders()),
        ({"retry_after": ""}, RateLimitHeaders()),
        ({"retry_after": "-5"}, RateLimitHeaders()),
        ({"retry_after": "1e9"}, RateLimitHeaders()),
        ({"retry_after": "inf"}, RateLimitHeaders()),
        ({"retry_after": "nan"}, RateLimitHeaders()),
        ({"retry_after": "9" * 400}, RateLimitHeaders()),
        ({"retry_after": "Mon, 99 Nov 2026 18:00:30 GMT"}, RateLimitHeaders()),
        ({"retry_after": "Mon, 23 Nov 99999999999999 18:00:30 GMT"}, RateLimitHeaders()),
        ({"retry_after": "Mon, 23 Nov 2026 18:00:30 +99999999999999999999"}, RateLimitHeaders()),
        # our clock is an hour fast, and an hour slow
        (
            {"x_ratelimit_reset": "1795453230", "date": "Mon, 23 Nov 2026 17:00:00 GMT"},
            RateLimitHeaders(wait_s=30.0, sent_at_s=1795453200.0),
        ),
        (
            {"x_ratelimit_reset": "1795460430", "date": "Mon, 23 Nov 2026 19:00:00 GMT"},
            RateLimitHeaders(wait_s=30.0, sent_at_s=1795460400.0),
        ),
        (
            {"retry_after": "Mon, 23 Nov 2026 17:00:30 GMT", "date": "Mon, 23 Nov 2026 17:00:00 GMT"},
            RateLimitHeaders(wait_s=30.0, sent_at_s=1795453200.0),
        ),
        ({"retry_after": "5", "x_ratelimit_reset": "1795456830"}, RateLimitHeaders(wait_s=30.0)),
        ({"retry_after": "90", "x_ratelimit_reset": "1795456830"}, RateLimitHeaders(wait_s=90.0)),
        # over already, counted from now, in milliseconds
        ({"x_ratelimit_reset": "1795456799"}, RateLimitHeaders()),
        ({"x_ratelimit_reset": "30"}, RateLimitHeaders()),
        ({"x_ratelimit_reset": "1795456830000"}, RateLimitHeaders()),
        ({"x_ratelimit_reset": "1795456830", "date": "today"}, RateLimitHeaders(wait_s=30.0)),
        ({"x_ratelimit_limit": "many", "x_ratelimit_remaining": "", "x_ratelimit_reset": "\x00"}, RateLimitHeaders()),
        ({"x_ratelimit_limit": "-1", "x_ratelimit_remaining": "1_0", "x_ratelimit_reset": "0x10"}, RateLimitHeaders()),
    ],
)
def test_what_the_headers_say_of_the_pace_is_read_or_left_alone(
    headers: dict[str, str], limits: RateLimitHeaders
) -> None:
    assert posted(429, error(429, "RateLimit: x"), **headers).limits == limits
    assert looked(429, error(429, "RateLimit: x"), **headers).limits == limits


def test_a_success_tells_the_pace_as_well() -> None:
    assert posted(200, ACCEPTED, x_ratelimit_remaining="3").limits == RateLimitHeaders(remaining=3)


# The two other replies


@pytest.mark.parametrize(
    ("status", "content", "usd"),
    [
        (200, {"code": 0, "data": {"balance": 12.3456}}, "12.3456"),
        (200, {"code": 0, "data": {"balance": "12.3456"}}, "12.3456"),
        (200, {"code": 0, "data": {"balance": 0}}, "0"),
        (200, {"code": 0, "data": {}}, None),
        (200, {"balance": 12.3}, None),
        (200, b"<html>", None),
        (500, {"code": 0, "data": {"balance": 12.3}}, None),
    ],
)
def test_a_balance_is_told_or_not(status: int, content: object, usd: str | None) -> None:
    assert wire.balance(Reply(status, {}, as_bytes(content)), 0.0).usd == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (200, {"code": 0, "data": {"is_valid": True}}, KeyStatus.ACCEPTED),
        (200, {"code": 0, "data": {"is_valid": False}}, KeyStatus.REFUSED),
        (200, {"code": 0, "data": {"is_valid": None}}, KeyStatus.UNKNOWN),
        (200, {"code": 0, "data": {"is_valid": 0}}, KeyStatus.UNKNOWN),
        (200, b"<html>", KeyStatus.UNKNOWN),
        (401, b"", KeyStatus.REFUSED),
        (403, b"", KeyStatus.REFUSED),
        (404, b"", KeyStatus.UNKNOWN),
        (500, {"code": 0, "data": {"is_valid": True}}, KeyStatus.UNKNOWN),
    ],
)
def test_a_key_is_refused_only_where_the_service_says_so(status: int, content: object, said: KeyStatus) -> None:
    assert wire.key_status(Reply(status, {}, as_bytes(content))) is said


# Anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["success", "failed", TASK]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(["code", "message", "data", "task_id", "status", "result", "resources", "url", "type"])
            | st.sampled_from(["error", "billing", "amount", "result_expires_at", "is_valid", "balance"])
            | st.sampled_from(["task", "result_resources"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
ENVELOPES = st.builds(
    lambda code, message, data: {"code": code, "message": message, "data": data},
    st.sampled_from([0, 0, 0, 200, None, 500]) | JSON,
    JSON,
    st.dictionaries(
        st.sampled_from(["task_id", "status", "result", "error", "billing", "result_expires_at", "task"]), JSON
    ),
)
BODIES = st.binary() | (JSON | ENVELOPES).map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 200, 200, 400, 401, 402, 404, 429, 500]) | st.integers(100, 599)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]),
    st.text(st.characters(max_codepoint=255))
    | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,9} \d\d:\d\d:\d\d [+-]?\w{2,9}"),
)
REPLIES = st.builds(Reply, STATUSES, HEADERS, BODIES)


@settings(deadline=None)
@given(REPLIES)
def test_no_reply_can_raise_or_make_a_task_without_an_id(reply: Reply) -> None:
    said = wire.submitted(reply, NOW_S)
    assert (said.outcome is Outcome.ACCEPTED) == (said.task_id is not None)
    assert (said.outcome is Outcome.REFUSED) == (said.refusal is not None)
    if said.outcome is Outcome.ACCEPTED:
        data = json.loads(reply.body)["data"]
        assert reply.status == 200
        inner = data["task"] if isinstance(data.get("task"), dict) else {}
        assert {place["task_id"] for place in (data, inner) if "task_id" in place} == {said.task_id}


@settings(deadline=None)
@given(REPLIES)
def test_no_look_can_raise_or_end_a_task_that_did_not_end(reply: Reply) -> None:
    said = wire.task_reply(reply, TASK, NOW_S)
    assert said.state is TaskState.WAITING or reply.status == 200
    assert (said.failure is not None) == (said.state is TaskState.FAILED)
    wire.balance(reply, 0.0)
    wire.key_status(reply)


@example(Reply(400, {}, rb'{"message": "half a clapper: \ud83c"}'))
@settings(deadline=None)
@given(REPLIES)
def test_whatever_was_said_can_be_written_down(reply: Reply) -> None:
    said, seen = wire.submitted(reply, NOW_S), wire.task_reply(reply, TASK, NOW_S)
    texts = [said.message, said.body, seen.message, seen.body, seen.word, seen.failure.message if seen.failure else ""]
    for text in texts:
        text.encode("utf-8")


SECRET = "c2VjcmV0"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"url": "https://file.modellix.test/clip.mp4?Expires=1&Signature={SECRET}"}}',
        f'{{"url": "HTTPS://file.modellix.test/clip.mp4?Expires=1&Signature={SECRET}"}}',
        # as Go's encoder writes an ampersand, and PHP's a slash
        rf'{{"url": "https://file.modellix.test/clip.mp4?Expires=1\u0026Signature={SECRET}"}}',
        rf'{{"url": "https:\/\/file.modellix.test\/clip.mp4?Expires=1&Signature={SECRET}"}}',
        f"<a href='https://file.modellix.test/clip.mp4?Signature={SECRET}'>clip</a>",
        f"see https://file.modellix.test/clip.mp4?Signature={SECRET}, or ask",
        f"https://file.modellix.test/clip.mp4#Signature={SECRET}",
        f"https://user:{SECRET}@file.modellix.test/clip.mp4",
    ],
)
def test_a_link_is_kept_without_what_signs_it_however_it_is_written(body: str) -> None:
    text = foreign.redacted_body(body.encode())
    assert "clip.mp4" in text
    assert SECRET not in text


@settings(deadline=None)
@given(st.text(), st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\"'<>\\")))
def test_any_link_in_a_body_is_kept_without_its_parameters(before: str, address: str) -> None:
    assert SECRET not in foreign.redacted_body(f"{before} https://{address}?Signature={SECRET}".encode())
