"""Receipts from JSON: each object has the fields of its schema, see `receipt_schema`."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from batchrunner.domain.attempt import Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass, Failure, Observation, TaskState
from batchrunner.domain.receipt import SENT, AdoptionReceipt, DecisionReceipt, Json, SubmitReceipt
from batchrunner.domain.request import Request

ReadRequest = Callable[[Json], Request]

_TOLD = "told by a receipt"
_VERSION = re.compile(r"(^|/)versions/[^/]+\.v[0-9]+\.[^/.]+$")


def read_receipt(manifest: str, data: Json, read: ReadRequest) -> SubmitReceipt:
    """A submit; `read` gives its request under today's canonicaliser."""
    at_s, reserved = float(data["submitted_at_s"]), data.get("reserved_usd") or data["cost_usd"]
    output, done_at_s = data["output"], data["done_at_s"]
    clip = _clip(data, at_s if done_at_s is None else done_at_s, output)
    is_refused = data.get("outcome") == Outcome.REFUSED
    ends_s = (
        done_at_s,
        data.get("closed_at_s"),
        data.get("failed_at_s"),
        data.get("gone_at_s"),
        at_s if is_refused else None,
    )
    attempt = Attempt(
        id=0,
        run_id=0,
        number=0,
        request=read(data["request"]),
        output=output,
        base_url=data["base_url"],
        key_digest=data["key_digest"],
        key_last4=data["key_last4"],
        reserved_usd=Decimal(reserved),
        opened_at_s=at_s,
        settled_at_s=next((float(each) for each in ends_s if each is not None), None),
        answers=tuple(_answers(data, at_s)),
        observations=tuple(_observations(data)),
        clips=(clip,) if clip else (),
        decision=data.get("decision"),
        host=data["host"],
    )
    return SubmitReceipt(_identity(manifest, data), attempt, data["host"])


def read_decision(manifest: str, data: Json, read: ReadRequest) -> DecisionReceipt:
    """A decision; `read` as above."""
    request = None if data["request"] is None else read(data["request"])
    at_s, kind = float(data["decided_at_s"]), DecisionKind(data["decided"])
    decision = Decision(at_s, kind, 0, request, decision=data["decision"], host=data["host"])
    return DecisionReceipt(_identity(manifest, data), decision, data["chosen"])


def read_adoption(manifest: str, data: Json, _: ReadRequest) -> AdoptionReceipt:
    """An adoption."""
    at_s = float(data["adopted_at_s"])
    return AdoptionReceipt(_identity(manifest, data), data["task_id"], at_s, _clip(data, at_s, None), data["host"])


def _identity(manifest: str, data: Json) -> JobId:
    return JobId(manifest, data["profile"], data["id"], data["take"])


def _answers(data: Json, at_s: float) -> Iterator[Answer]:
    outcome, message = data.get("outcome", Outcome.ACCEPTED.value), data.get("message", "")
    if outcome == SENT:
        return
    if data.get("by_hand") and outcome == Outcome.ACCEPTED:
        yield Answer(at_s, Outcome.UNKNOWN, message=_TOLD)
    refusal = RejectReason(data["refusal"]) if data.get("refusal") else None
    yield Answer(at_s, Outcome(outcome), data["task_id"], refusal, message=message)


def _observations(data: Json) -> Iterator[Observation]:
    billed = None if data.get("billed_usd") is None else Decimal(data["billed_usd"])
    expires_at_s = data.get("expires_at_s")
    if data["rendered_at_s"] is not None:
        at_s = float(data["rendered_at_s"])
        yield Observation(at_s, TaskState.SUCCESS, _TOLD, expires_at_s=expires_at_s, billed_usd=billed)
    if data.get("failed_at_s") is not None:
        failure = Failure(ErrorClass(data.get("error_class") or ErrorClass.PROVIDER), data.get("message", ""))
        yield Observation(float(data["failed_at_s"]), TaskState.FAILED, _TOLD, failure, billed_usd=billed)
    if data.get("gone_at_s") is not None:
        since_s = data.get("gone_since_s")
        looks_s = () if since_s is None else (since_s, since_s)  # as many as it takes to believe it
        for at_s in (*looks_s, data["gone_at_s"]):
            yield Observation(float(at_s), TaskState.GONE, _TOLD, expires_at_s=expires_at_s)


def _clip(data: Json, at_s: float, output: str | None) -> Clip | None:
    if data["file"] is None:
        return None
    return Clip(at_s, _role(data["file"], output), data["file"], data["size_bytes"], data["sha256"], is_told=True)


def _role(path: str, output: str | None) -> ClipRole:
    """Under which kind of name a clip lies: a name like `versions/hero.v1.mp4` is that of an older version."""
    return ClipRole.VERSION if path != output and _VERSION.search(path) else ClipRole.FINAL
