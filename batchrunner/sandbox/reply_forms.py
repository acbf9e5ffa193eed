"""The forms in which a task's reply comes: each model of the service has its own, and tells the same with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


def _seconds(at_ms: int) -> int:
    return at_ms // 1000


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(at_ms: int) -> int:
    return at_ms


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """Where in a reply the task stands, and how it tells times and files.

    Attributes:
        task_in: the member of `data` that holds the task; None where `data` is the task.
        resources_in: the member of the task that lists the files; None where it is `resources` of its `result`.
        ended_in: the member that says when the task ended, beside `created_at`; None where no such time is told.
        time: how a moment is written, given in Unix milliseconds.
    """

    task_in: str | None = None
    resources_in: str | None = None
    ended_in: str | None = None
    time: Callable[[int], object] = _milliseconds

    def whole(self, task: Mapping[str, object]) -> dict[str, object]:
        """The `data` of a reply about a task."""
        return dict(task) if self.task_in is None else {self.task_in: dict(task)}

    def told(self, report: Mapping[str, Any], created_at_ms: int, ended_at_ms: int) -> dict[str, object]:
        """The `data` of a poll, from what the documented form has in it."""
        task: dict[str, Any] = dict(report)
        if self.resources_in is not None and "result" in task:
            task[self.resources_in] = task.pop("result")["resources"]
        if "result_expires_at" in task:
            task["result_expires_at"] = self.time(task["result_expires_at"])
        if self.ended_in is not None:
            has_ended = task.keys() & {"result_expires_at", "error"}
            task |= {"created_at": self.time(created_at_ms)}
            task |= {self.ended_in: self.time(ended_at_ms)} if has_ended else {}
        return self.whole(task)


DOCUMENTED = ReplyForm()

# Source: what a client of the service of 2026-08-31 takes, beside what is documented.
REPLY_FORMS: Mapping[str, ReplyForm] = {
    "documented": DOCUMENTED,
    "seconds": ReplyForm(ended_in="completed_at", time=_seconds),
    "iso": ReplyForm(ended_in="finished_at", time=_iso),
    "result-resources": ReplyForm(resources_in="result_resources"),
    "nested": ReplyForm(task_in="task"),
    "all-at-once": ReplyForm("task", "result_resources", "completed_at", _iso),
}
