"""What is on record at one place: in its ledger, and in the receipts beside its manifests."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchrunner.app.session import known_ledger
from batchrunner.domain.attempt import Attempt, Outcome
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.sandbox import Charged
from batchrunner.storage.paths import ProjectPaths

# An identity and the wish that it had.
Want = tuple[JobId, int]
# The name of a decision: that of the command, and whose job it speaks of.
DecisionName = tuple[str, JobId]

_RECEIPTS = ".receipts.jsonl"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A submit without a known outcome; `host` sent it, `at_s` by its own clock."""

    want: Want
    host: str
    at_s: float

    @property
    def asked(self) -> tuple[str, str, int]:
        """The manifest, the job and the wish."""
        who, wish = self.want
        return who.manifest, who.job, wish


@dataclass(frozen=True, slots=True)
class Known:
    """Who asked for which task; who took one over; what was decided; and whose submit has no known outcome.

    `sent` tells from where and when a task was asked for; `carried` which tasks carry a decision out.
    """

    owners: dict[str, Want] = field(default_factory=dict)
    sent: dict[str, tuple[str, float]] = field(default_factory=dict)
    adopted: set[tuple[str, Want]] = field(default_factory=set)
    decisions: dict[DecisionName, tuple[DecisionKind, int]] = field(default_factory=dict)
    carried: dict[DecisionName, set[str]] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)

    @property
    def held(self) -> set[Want]:
        """Who waits for somebody to resolve a submit."""
        return {each.want for each in self.unknown}

    def unknown_of(self, *asked: object) -> list[Unknown]:
        """The takes of a job that wait for somebody to resolve them; `asked`: see `asked_of`."""
        return [each for each in self.unknown if each.asked == asked]


def known(project: ProjectPaths) -> Known:
    """What a ledger and the receipts beside it tell."""
    found = Known()
    with known_ledger(project) as book:
        for who, memory in book.all_histories().items():
            _add(found, who, memory)
    return found


def _add(found: Known, who: JobId, memory: JobHistory) -> None:
    found.decisions.update(((mark.decision, who), (mark.kind, _wish(mark))) for mark in memory.decisions)
    for attempt in memory.attempts:
        want = (who, wish_of(attempt.request.fields["prompt"]))
        if attempt.is_open and attempt.outcome in (None, Outcome.UNKNOWN):
            found.unknown.append(Unknown(want, attempt.host, attempt.opened_at_s))
        elif attempt.task_id and attempt.is_adopted:
            found.adopted.add((attempt.task_id, want))
        elif attempt.task_id:
            _add_task(found, attempt.task_id, want, attempt)


def _add_task(found: Known, task: str, want: Want, attempt: Attempt) -> None:
    found.owners[task] = want
    found.sent[task] = (attempt.host, attempt.opened_at_s)
    if attempt.decision:
        found.carried.setdefault((attempt.decision, want[0]), set()).add(task)


def _wish(mark: Decision) -> int:
    assert mark.request is not None
    return wish_of(mark.request.fields["prompt"])


@dataclass(frozen=True, slots=True)
class Papers:
    """What receipts tell: whose each task is, which wishes somebody chose another clip for, and who has a clip.

    `unknown` are submits of which no line tells what became of them, `asked` what was submitted at all.
    """

    owners: dict[str, Want] = field(default_factory=dict)
    asked: set[Want] = field(default_factory=set)
    unknown: set[Unknown] = field(default_factory=set)
    chosen: dict[Want, set[str]] = field(default_factory=dict)
    with_clip: set[JobId] = field(default_factory=set)


def papers(folder: Path) -> Papers:
    """The receipts of all manifests, read as anybody could read them."""
    found = Papers()
    answered: set[Unknown] = set()
    for manifest, told in _lines(folder):
        who = JobId(manifest, told["profile"], told["id"], told["take"])
        if told.get("file"):
            found.with_clip.add(who)
        if told.get("kind") == "adoption":
            continue
        want = (who, wish_of(told["request"]["fields"]["prompt"]))
        if told.get("decided") == DecisionKind.ACCEPT:
            found.chosen.setdefault(want, set()).add(told["chosen"])
        elif not told.get("kind"):
            submit = Unknown(want, told["host"], told["submitted_at_s"])
            found.asked.add(want)
            (found.unknown if told["outcome"] in ("sent", "unknown") else answered).add(submit)
            if told["task_id"]:
                found.owners[told["task_id"]] = want
    found.unknown.difference_update(answered)
    return found


def _lines(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob(f"*{_RECEIPTS}")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.name.removesuffix(_RECEIPTS), json.loads(line)


def wish_of(prompt: object) -> int:
    """The number in a prompt."""
    return int(str(prompt).removeprefix("Wish "))


def asker_of(charge: Charged) -> tuple[str, str]:
    """The manifest and the job that asked for a task: their names are in the signature of its image link."""
    manifest, _, job = str(charge.body["image"]).partition("Signature=")[2].partition(".")
    return manifest, job


def asked_of(charge: Charged) -> tuple[str, str, int]:
    """The same, and what was wished."""
    return (*asker_of(charge), wish_of(charge.body["prompt"]))
