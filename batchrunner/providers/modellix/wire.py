"""Every oddity of the service's replies, in one place, each with its source. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from batchrunner.domain.attempt import Outcome, RejectReason
from batchrunner.domain.observation import ErrorClass, Failure, TaskState
from batchrunner.io.http import Delivery, Reply, TransportError
from batchrunner.providers.modellix import untrusted as foreign
from batchrunner.providers.modellix.rate_limit_headers import limits_of
from batchrunner.providers.modellix.task_form import task_of, video_link
from batchrunner.providers.provider import (
    BalanceReply,
    BalanceStatus,
    KeyStatus,
    RateLimitHeaders,
    SubmitReply,
    TaskReply,
    TaskReplyKind,
    UploadReply,
    UploadReplyKind,
)

# Source: the official command-line client 0.0.7. An id is not a file name.
# One of dots alone would ask for another address.
_TASK_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:/+@=-]{1,512}")
# A task's id in a reply that is no whole one, or not the documented one: as a member, or in the address of its task.
# What is cut in the middle names nothing.
_HINT = re.compile(
    r"""["'](?:task_?)?id["']\s*:\s*["']([^"'\\\s]{1,512})["']|/tasks/([^"'?#&/\\\s<>]{1,512})["'?#<\s]""",
    re.IGNORECASE,
)
_MOST_HINTS = 5
_MOST_ENDS = 1000
_LAST_MS = 10**14


# Source: the error table of the service's documentation. A status that is not here leaves the outcome unknown.
_REFUSALS: Mapping[int, RejectReason] = {
    400: RejectReason.INVALID,
    413: RejectReason.INVALID,
    415: RejectReason.INVALID,
    422: RejectReason.INVALID,
    401: RejectReason.KEY,
    403: RejectReason.KEY,
    402: RejectReason.BALANCE,
    404: RejectReason.ADDRESS,
    405: RejectReason.ADDRESS,
}

# Source: the first two are documented, the others are accepted by the service's own clients.
_SUCCESS_WORDS = frozenset({"success", "succeeded", "completed"})
_FAILED_WORDS = frozenset({"failed", "error", "canceled", "cancelled"})
_MODERATION = re.compile(r"moderat|safety|policy|prohibited|sensitive|responsible ai|blocked", re.IGNORECASE)


def is_task_id(text: str) -> bool:
    """Whether a text can be a task's id."""
    return _TASK_ID.fullmatch(text) is not None


def task_id_hints(body: str) -> tuple[str, ...]:
    """The ids that a reply names, whatever it is: they prove nothing, but a person may find one in the console."""
    named = (found for pair in _HINT.findall(body.replace("\\/", "/")) for found in pair if is_task_id(found))
    return tuple(dict.fromkeys(named))[:_MOST_HINTS]


def submitted(reply: Reply, now_s: float) -> SubmitReply:
    """What a whole answer to a POST means. Whatever is not certain is unknown."""
    limits = limits_of(reply.headers, now_s)
    data, text = foreign.json_of(reply.body), foreign.redacted_body(reply.body)
    message = foreign.message_of(data) or f"HTTP {reply.status}"
    if reply.status == 200:
        return _accepted(data, text, limits)
    refusal = _refusal_429(message) if reply.status == 429 else _REFUSALS.get(reply.status)
    if refusal is None:
        said = f"the service answered {reply.status}: {message}"
        return SubmitReply(Outcome.UNKNOWN, None, None, reply.status, said, text, limits)
    return SubmitReply(Outcome.REFUSED, None, refusal, reply.status, message, text, limits)


def unanswered(error: TransportError) -> SubmitReply:
    """What a POST without a whole answer means; what came of one is kept: it may name what was paid for."""
    if error.fate is Delivery.NOT_SENT:
        return SubmitReply(Outcome.REFUSED, refusal=RejectReason.NOT_SENT, message=str(error))
    return SubmitReply(Outcome.UNKNOWN, message=str(error), body=foreign.redacted_body(error.body))


def _accepted(data: Any, text: str, limits: RateLimitHeaders) -> SubmitReply:
    task_id = task_of(data).get("task_id")
    if foreign.dict_of(data).get("code") in (0, None, 200) and isinstance(task_id, str) and is_task_id(task_id):
        return SubmitReply(Outcome.ACCEPTED, task_id, None, 200, "", text, limits)
    said = "the service answered 200 without a usable task id"
    return SubmitReply(Outcome.UNKNOWN, None, None, 200, said, text, limits)


def _refusal_429(message: str) -> RejectReason:
    # Source: the service's rate-limit page: waiting helps one of the two, only a finishing task helps the other.
    return RejectReason.CONCURRENT if "concurrent" in message.lower() else RejectReason.RATE


_TASK_REPLY_KINDS: Mapping[int, TaskReplyKind] = {
    429: TaskReplyKind.RATE,
    401: TaskReplyKind.KEY,
    403: TaskReplyKind.KEY,
    404: TaskReplyKind.GONE,
    410: TaskReplyKind.GONE,
    **dict.fromkeys((400, 405, 413, 415, 422), TaskReplyKind.INVALID),
}


def task_reply(reply: Reply, task_id: str, now_s: float) -> TaskReply:
    """What a whole answer to a GET of a task means."""
    limits = limits_of(reply.headers, now_s)
    data, text = foreign.json_of(reply.body), foreign.redacted_body(reply.body)
    if reply.status != 200:
        kind = _TASK_REPLY_KINDS.get(reply.status, TaskReplyKind.RETRY)
        said = f"the service answered {reply.status}: {foreign.message_of(data) or 'no message'}"
        return TaskReply(kind, word=str(reply.status), message=said, body=text, limits=limits)
    task = task_of(data)
    if task.get("task_id", task_id) != task_id or not isinstance(task.get("status"), str):
        return TaskReply(TaskReplyKind.RETRY, message="the answer is not about this task", body=text, limits=limits)
    return _state(task, text, limits)


def _state(task: Mapping[str, Any], text: str, limits: RateLimitHeaders) -> TaskReply:
    word = task["status"]
    state = _folded(word.lower())
    bill = foreign.dict_of(task.get("billing")).get("amount")
    billed_usd = foreign.amount(bill)
    return TaskReply(
        TaskReplyKind.STATE,
        state,
        foreign.redact(word),
        link=video_link(task) if state is TaskState.SUCCESS else None,
        failure=_failure(task) if state is TaskState.FAILED else None,
        expires_at_s=foreign.seconds_of(task.get("result_expires_at")),
        billed_usd=billed_usd,
        odd_bill="" if bill is None or billed_usd is not None else foreign.in_words(bill),
        body=text,
        limits=limits,
    )


def _folded(word: str) -> TaskState:
    if word in _SUCCESS_WORDS:
        return TaskState.SUCCESS
    return TaskState.FAILED if word in _FAILED_WORDS else TaskState.WAITING


def _failure(task: Mapping[str, Any]) -> Failure:
    """What a failed task says is undocumented: three places are known to hold words."""
    error = task.get("error")
    words = [
        error if isinstance(error, str) else _words(foreign.dict_of(error)),
        str(task.get("error_message") or ""),
        str(task.get("message") or ""),
    ]
    message = next((text.strip() for text in words if text.strip()), "the service gave no reason")
    moderated = _MODERATION.search(message) is not None
    return Failure(ErrorClass.MODERATION if moderated else ErrorClass.PROVIDER, foreign.redact(message))


def _words(error: Mapping[str, Any]) -> str:
    return ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))


_UPLOAD_REPLY_KINDS: Mapping[int, UploadReplyKind] = {
    429: UploadReplyKind.RATE,
    401: UploadReplyKind.KEY,
    403: UploadReplyKind.KEY,
    **dict.fromkeys((400, 402, 404, 405, 413, 415, 422), UploadReplyKind.REFUSED),
}


def upload_reply(reply: Reply, now_s: float) -> UploadReply:
    """What a whole answer to an upload means. Source: the service's File API page."""
    limits = limits_of(reply.headers, now_s)
    data = foreign.json_of(reply.body)
    if reply.status not in (200, 201):
        kind = _UPLOAD_REPLY_KINDS.get(reply.status, UploadReplyKind.RETRY)
        return UploadReply(kind, message=foreign.message_of(data) or f"HTTP {reply.status}", limits=limits)
    file = foreign.data_of(data)
    file_id, url = file.get("file_id"), file.get("url")
    if isinstance(file_id, str) and file_id and isinstance(url, str) and url.startswith(("https://", "http://")):
        return UploadReply(UploadReplyKind.TAKEN, file_id, url, limits=limits)
    return UploadReply(
        UploadReplyKind.RETRY, message="the service accepted it but did not say where it is", limits=limits
    )


def balance(reply: Reply, now_s: float) -> BalanceReply:
    """What a whole answer says of the balance. Source: the official command-line client."""
    limits = limits_of(reply.headers, now_s)
    if reply.status != 200:
        return BalanceReply(_balance_status(reply.status), limits=limits)
    usd = foreign.amount(foreign.data_of(foreign.json_of(reply.body)).get("balance"))
    return BalanceReply(BalanceStatus.UNTOLD if usd is None else BalanceStatus.TOLD, usd, limits)


def ends(reply: Reply) -> tuple[tuple[str, ...], int | None]:
    """The tasks that a whole answer names as ended, and until when it speaks (Unix milliseconds).

    Source: none; the service documents no such answer.
    """
    data = foreign.data_of(foreign.json_of(reply.body)) if reply.status == 200 else {}
    named, until_ms = data.get("task_ids"), data.get("until")
    listed = named[:_MOST_ENDS] if isinstance(named, list) else []
    ids = tuple(each for each in listed if isinstance(each, str) and is_task_id(each))
    is_time = type(until_ms) is int and 0 <= until_ms < _LAST_MS
    return ids, until_ms if is_time else None


def _balance_status(http_status: int) -> BalanceStatus:
    if http_status == 429:
        return BalanceStatus.RATE_LIMITED
    return BalanceStatus.UNANSWERED if http_status >= 500 else BalanceStatus.UNTOLD


def key_status(reply: Reply) -> KeyStatus:
    """What a whole answer says of a key: an invalid one is answered with 200 and `false`."""
    valid = foreign.data_of(foreign.json_of(reply.body)).get("is_valid")
    if reply.status in (401, 403) or valid is False:
        return KeyStatus.REFUSED
    return KeyStatus.ACCEPTED if reply.status == 200 and valid is True else KeyStatus.UNKNOWN
