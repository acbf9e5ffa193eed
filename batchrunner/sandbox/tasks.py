"""The life of a task, as a function of time, and what a poll says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from batchrunner.sandbox.faults import Fault
from batchrunner.sandbox.journal_events import Charged

VIDEO = ".mp4"
COVER = ".png"

# What the shipped clip really holds: a reply that claims more would be caught by a client that looks.
_WIDTH, _HEIGHT = 320, 180
_PENDING_SHARE = 0.25

_ERRORS = {
    Fault.TASK_MODERATED: {
        "code": "content_moderated",
        "message": "ContentModerated: the request or its result was blocked by the provider's safety filters",
    },
    Fault.TASK_FAILED: {
        "code": "provider_error",
        "message": "ProviderError: the model could not render this video",
    },
}


class State(StrEnum):
    """The words of `data.status`."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One accepted task. All that becomes of it follows from its charge and the time."""

    charge: Charged

    @property
    def ends_at_s(self) -> float:
        """When it succeeds or fails (Unix seconds)."""
        return self.charge.at_s + self.charge.latency_s

    @property
    def created_at_ms(self) -> int:
        """When it was accepted (Unix milliseconds)."""
        return int(self.charge.at_s * 1000)

    @property
    def ended_at_ms(self) -> int:
        """The same moment as `ends_at_s`, in milliseconds."""
        return int(self.ends_at_s * 1000)

    @property
    def is_refundable(self) -> bool:
        """Whether its charge is given back at its end: so for moderation, not for a provider's error.

        Source: a guess; the service documents neither. Both kinds exist so that a client is tested with both.
        """
        return Fault.TASK_MODERATED in self.charge.traits

    def is_running(self, now_s: float) -> bool:
        """Whether it takes one of the account's slots."""
        return now_s < self.ends_at_s

    def state(self, now_s: float) -> State:
        """Where it stands at a moment."""
        if now_s < self.charge.at_s + _PENDING_SHARE * self.charge.latency_s:
            return State.PENDING
        if self.is_running(now_s):
            return State.PROCESSING
        return State.FAILED if self._error else State.SUCCESS

    @property
    def _error(self) -> dict[str, str] | None:
        return next((error for fault, error in _ERRORS.items() if fault in self.charge.traits), None)

    def report(self, now_s: float, retention_s: float, link: Callable[[str], str]) -> dict[str, object]:
        """The `data` of a poll.

        Args:
            now_s: the moment of the poll.
            retention_s: how long after its end the result is kept.
            link: makes a fresh link for a file's name.
        """
        state = self.state(now_s)
        data: dict[str, object] = {
            "status": state,
            "task_id": self.charge.task_id,
            "model_id": self.charge.model,
        }
        match state:
            case State.SUCCESS:
                expires_at_ms = int((self.ends_at_s + retention_s) * 1000)
                return (
                    data
                    | self._cost()
                    | {"result": {"resources": self._resources(link)}, "result_expires_at": expires_at_ms}
                )
            case State.FAILED:
                return data | self._cost() | {"error": self._error}
            case State.PENDING | State.PROCESSING:
                return data

    def _cost(self) -> dict[str, object]:
        amount = 0.0 if self.is_refundable else float(self.charge.amount_usd)
        return {"duration": round(self.charge.latency_s * 1000), "billing": {"amount": amount}}

    def _resources(self, link: Callable[[str], str]) -> list[dict[str, object]]:
        size: dict[str, object] = {"width": _WIDTH, "height": _HEIGHT}
        task_id, traits = self.charge.task_id, self.charge.traits
        cover = {"url": link(task_id + COVER), "type": "image", **size, "format": "png", "role": "cover"}
        video = {"url": link(task_id + VIDEO), "type": "video", **size, "format": "mp4", "role": "output"}
        shown = [cover] if Fault.COVER_FIRST in traits else []
        return shown if Fault.NO_VIDEO in traits else [*shown, video]
