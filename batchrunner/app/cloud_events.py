"""A run as CloudEvents, one JSON object a line: from them alone its report can be rebuilt, whenever they end.

Source: CloudEvents 1.0.2 and its JSON format; `schemas/events.schema.json` holds what ours say.
"""

import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import getpid
from typing import Any
from urllib.parse import quote

from batchrunner import __version__
from batchrunner.app.manifest_status import report_of
from batchrunner.app.run_observer import RunObserver
from batchrunner.domain.attempt import Attempt
from batchrunner.domain.event import Event, EventKind, Listener, Progress, RunEvent
from batchrunner.domain.money import usd_number
from batchrunner.domain.request import without_secrets
from batchrunner.domain.step import Step
from batchrunner.domain.text import json_text, utc
from batchrunner.io.clock import Clock
from batchrunner.planning.batch import Batch, JobState
from batchrunner.planning.job_records import JobSet
from batchrunner.reports.formats.json_report import head_as_json, row_as_json
from batchrunner.reports.report import Report, ReportRow, row_of

SCHEMA = "https://batchrunner.invalid/schemas/events.schema.json"
# Every line begins so.
BEGINNING = '{"specversion": "1.0"'
# What else a run says; how its jobs stand is told by their states.
_WORDS = {EventKind.NOTE, EventKind.HALT, EventKind.WAIT, EventKind.ALARM}
_PROGRESS_S = 30.0
# What of a row says how the job stands, and is told each time; all else says what it is.
_STANDING = {
    *("status", "flags", "task_id", "attempts", "file", "size_bytes", "sha256", "cost_usd", "error"),
    *("submitted_at", "rendered_at", "done_at"),
}

Write = Callable[[str], None]
"""Takes a line without its end; raises an OSError where it cannot."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told of a job last: its row, and from which attempt and by which decision it stands so."""

    row: Mapping[str, Any]
    why: Mapping[str, Any] | None


class CloudEvents(RunObserver):
    """Writes a line for each event. After the first that cannot be written there are no more, and `warn` hears why.

    `secret` is in none of them; links that are in what the service says lose whatever may be a signature.
    """

    def __init__(self, write: Write, wanted: JobSet, clock: Clock, warn: Listener, *, secret: str = "") -> None:
        self._write = write
        self._is_open = True
        self._manifest, self._catalog, self._clock = wanted.name, wanted.catalog, clock
        self._warn, self._secret = warn, secret
        self._source = "batchrunner:" + "/".join(quote(each, safe="") for each in (wanted.name, wanted.profile) if each)
        self._stream, self._number = uuid.uuid4(), 0
        self._run_id: int | None = None
        self._told: dict[str, _Told] = {}
        self._next_progress_s = 0.0

    def begun(self, run_id: int, batch: Batch, command: str) -> None:
        """The run, with the report's head as it is before anything is done."""
        self._run_id = run_id
        now_s = self._clock.wall_s()
        process = {"command": command, "release": __version__, "host": socket.gethostname(), "pid": getpid()}
        head = head_as_json(report_of(batch, (), now_s)) | {"run_id": run_id, "started_at": utc(now_s)}
        self._emit("run.started", {**process, "jobs": len(batch.jobs), "report": head})

    def stands(self, state: JobState) -> None:
        """A job of this manifest; those of others that are brought to their end beside it are not in its report."""
        if state.identity.manifest == self._manifest:
            row = row_of(state.identity, state.job, state.history, state.step, self._catalog, state.older)
            self._tell(row, {"step": _step(state.step, self._shown), **_attempt(state.step.attempt)})

    def heard(self, event: Event) -> None:
        """What needs a person or is worth knowing, and every half minute how far the run is."""
        if isinstance(event, RunEvent) and event.kind in _WORDS:
            self._emit(f"run.{event.kind.value}", {"text": self._shown(event.text)}, event.job)
        elif isinstance(event, Progress) and event.elapsed_s >= self._next_progress_s:
            self._next_progress_s = event.elapsed_s + _PROGRESS_S
            self._emit("run.progress", _progress(event, self._shown))

    def ended(self, report: Report) -> None:
        """The report, where it says more than was told, and its head."""
        for row in (*report.rows, *report.removed):
            self._tell(row)
        self._emit("run.ended", {"report": head_as_json(report)})

    def broke_off(self, why: str) -> None:
        """The end of what is told; the next run tells again how each job stands."""
        self._emit("run.broken-off", {"text": self._shown(why)})

    def _tell(self, row: ReportRow, why: Mapping[str, Any] | None = None) -> None:
        """A job, unless all of it was told before: how it stands, and what else of its row was not told like this."""
        name, now = row.identity.name, _Told(row_as_json(row), why)
        before = self._told.get(name, _Told({}, None))
        if before.row == now.row and why in (None, before.why):
            return
        self._told[name] = now
        known = {key for key, each in before.row.items() if key not in _STANDING and each == now.row.get(key)}
        news = {key: each for key, each in now.row.items() if key not in known}
        self._emit(f"job.{row.status.value}", {"job": news, **(why or {})}, name)

    def _emit(self, kind: str, data: Mapping[str, Any], subject: str | None = None) -> None:
        if not self._is_open:
            return
        self._number += 1
        event = {
            "specversion": "1.0",
            "id": f"{self._stream}-{self._number}",
            "source": self._source,
            "type": f"batchrunner.{kind}",
            "time": utc(self._clock.wall_s()),
            **({"subject": subject} if subject else {}),
            "datacontenttype": "application/json",
            "dataschema": SCHEMA,
            "data": {"run_id": self._run_id, **data},
        }
        try:
            self._write(json_text(event))
        except OSError as error:
            self._is_open = False
            why = error.strerror or str(error)
            self._warn(RunEvent(EventKind.NOTE, f"no more events are written: {why}; the run goes on"))

    def _shown(self, text: str) -> str:
        text = without_secrets(text)
        return text.replace(self._secret, "…") if self._secret else text


def _step(step: Step, shown: Callable[[str], str]) -> dict[str, Any]:
    hold_reason = step.hold_reason.value if step.hold_reason else None
    return {"action": step.action.value, "hold_reason": hold_reason, "reason": shown(step.reason)}


def _attempt(attempt: Attempt | None) -> dict[str, Any]:
    """The attempt that a job's state comes from, if any. `is_charged`: it counts against the budget."""
    if attempt is None:
        return {}
    billed_usd = attempt.billed_usd
    told = {
        "number": attempt.number,
        "run_id": attempt.run_id,
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "is_adopted": attempt.is_adopted,
        "is_charged": attempt.booked_usd > 0,
        "reserved_usd": usd_number(attempt.reserved_usd),
        "billed_usd": None if billed_usd is None else usd_number(billed_usd),
    }
    return {"attempt": told}


def _progress(progress: Progress, shown: Callable[[str], str]) -> dict[str, Any]:
    return {
        "counts": {status.value: number for status, number in progress.counts.items()},
        "spent_usd": usd_number(progress.spent_usd),
        "elapsed_s": round(progress.elapsed_s, 3),
        "left_s": None if progress.left_s is None else round(progress.left_s, 3),
        "waits_for": shown(progress.waits_for),
    }
