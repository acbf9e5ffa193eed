"""Receipts: what another machine must know so as not to pay again, and what people chose. Each is one line of text.

See `docs/decisions/receipts-carry-decisions.md`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.clip import Clip
from batchrunner.domain.decision import Decision
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import Request

Json = Mapping[str, Any]

SENT = "sent"  # the outcome of a submit of which nobody has heard anything yet
_LEAST_USD, _MOST_USD = Decimal("0.0001"), Decimal("999999.9999")
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class SubmitReceipt:
    """One submit and what became of it; `host` is the machine that sent it."""

    identity: JobId
    attempt: Attempt
    host: str

    @property
    def task_id(self) -> str | None:
        """The service's name for what it accepted."""
        return self.attempt.task_id

    @property
    def at_s(self) -> float:
        """When it was about to leave."""
        return self.attempt.opened_at_s

    def as_json(self) -> dict[str, Any]:
        """One flat object; its names are fixed."""
        attempt = self.attempt
        return {
            **_named(self.identity),
            **_asked(attempt.request),
            "task_id": attempt.task_id,
            **_answered(attempt),
            "base_url": attempt.base_url,
            "key_digest": attempt.key_digest,
            "key_last4": attempt.key_last4,
            "cost_usd": _usd(attempt.booked_usd),
            "reserved_usd": _usd(attempt.reserved_usd),
            "billed_usd": None if attempt.billed_usd is None else _usd(attempt.billed_usd),
            "submitted_at_s": attempt.opened_at_s,
            **_seen(attempt),
            "done_at_s": attempt.settled_at_s if attempt.clip else None,
            "closed_at_s": attempt.settled_at_s if _is_given_up(attempt) else None,
            "output": attempt.output,
            **_lies(attempt.clip),
            "decision": attempt.decision,
            "host": self.host,
        }


@dataclass(frozen=True, slots=True)
class DecisionReceipt:
    """What a person decided about one job; `chosen` is the task whose clip is kept.

    The numbers in its decision are those of the ledger that wrote it: a reader finds its own.
    """

    identity: JobId
    decision: Decision
    chosen: str | None

    @property
    def at_s(self) -> float:
        """When it was made."""
        return self.decision.at_s

    def as_json(self) -> dict[str, Any]:
        """One flat object; its names are fixed."""
        decision = self.decision
        return {
            "kind": "decision",
            **_named(self.identity),
            "decided": decision.kind.value,
            "decision": decision.decision,
            **(_asked(decision.request) if decision.request else {"fingerprint": None, "request": None}),
            "chosen": self.chosen,
            "decided_at_s": decision.at_s,
            "host": decision.host,
        }


@dataclass(frozen=True, slots=True)
class AdoptionReceipt:
    """A job took over the clip of another one's task; `clip` is where its own copy lies."""

    identity: JobId
    task_id: str
    at_s: float
    clip: Clip | None
    host: str

    def as_json(self) -> dict[str, Any]:
        """One flat object; its names are fixed."""
        return {
            "kind": "adoption",
            **_named(self.identity),
            "task_id": self.task_id,
            "adopted_at_s": self.at_s,
            **_lies(self.clip),
            "host": self.host,
        }


Receipt = SubmitReceipt | DecisionReceipt | AdoptionReceipt


def receipts_of(identity: JobId, history: JobHistory) -> Iterator[Receipt]:
    """All that the receipts tell of one job."""
    for attempt in history.attempts:
        if not attempt.is_adopted:
            yield SubmitReceipt(identity, attempt, attempt.host)
        elif attempt.task_id is not None and attempt.adoption is not None:
            yield AdoptionReceipt(identity, attempt.task_id, attempt.adoption.at_s, attempt.clip, attempt.host)
    for decision in history.decisions:
        yield decision_of(identity, decision, history)


def decision_of(identity: JobId, decision: Decision, history: JobHistory) -> DecisionReceipt:
    """What the receipts tell of one decision, which `history` holds."""
    chosen = history.chosen_by(decision)
    # what it speaks of came before it, even where the clock was set back in between
    at_s = max([decision.at_s, *(a.opened_at_s for a in history.attempts if a.number <= decision.after)])
    return DecisionReceipt(identity, replace(decision, at_s=at_s), chosen.task_id if chosen else None)


def _named(who: JobId) -> dict[str, Any]:
    return {"id": who.job, "take": who.take, "profile": who.profile}


def _asked(request: Request) -> dict[str, Any]:
    return {"fingerprint": request.fingerprint, "request": request.as_json()}


def _answered(attempt: Attempt) -> dict[str, Any]:
    answer = attempt.answer
    message = attempt.failure.message if attempt.failure else answer.message if answer else ""
    return {
        "outcome": answer.outcome.value if answer else SENT,
        "refusal": answer.reject_reason.value if answer and answer.reject_reason else None,
        "by_hand": attempt.is_named_by_hand,
        "message": _plain(message),
    }


def _seen(attempt: Attempt) -> dict[str, Any]:
    last = {o.state: o for o in attempt.observations}
    failed, gone = last.get(TaskState.FAILED), last.get(TaskState.GONE) if attempt.is_gone else None
    looks_s = [o.at_s for o in attempt.observations if o.state is TaskState.GONE and o.at_s >= attempt.is_over_at_s]
    expires = [o.expires_at_s for o in attempt.observations if o.expires_at_s is not None]
    return {
        "rendered_at_s": attempt.rendered_at_s,
        "failed_at_s": failed.at_s if failed else None,
        "error_class": failed.failure.error_class.value if failed and failed.failure else None,
        "gone_since_s": min(looks_s, default=None) if gone else None,
        "gone_at_s": gone.at_s if gone else None,
        "expires_at_s": expires[-1] if expires else None,
    }


def _is_given_up(attempt: Attempt) -> bool:
    """Whether it was closed although it is unknown, or its success had no video; and not to let another one be open."""
    was_open = attempt.settled_at_s not in (None, attempt.opened_at_s)
    has_end = attempt.clips or attempt.is_gone or attempt.outcome is Outcome.REFUSED or attempt.task is TaskState.FAILED
    return was_open and not has_end


def _lies(clip: Clip | None) -> dict[str, Any]:
    return {
        "file": clip.path if clip else None,
        "size_bytes": clip.size_bytes if clip else None,
        "sha256": clip.sha256 if clip else None,
    }


def _usd(amount: Decimal) -> str:
    """An amount as text, with at most four digits behind the point."""
    amount = min(amount, _MOST_USD)
    return f"{amount if amount == round(amount, 4) else amount.quantize(_LEAST_USD):f}"


def _plain(text: str) -> str:
    """One line that can be printed, and not an endless one."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())[:_LONGEST_MESSAGE]
