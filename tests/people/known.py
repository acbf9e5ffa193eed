"""What is on record at one place: in its ledger, and in the receipts beside its manifests."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from batchrunner.ledger import Ledger
from batchrunner.nouns.facts import MarkKind, Outcome
from batchrunner.nouns.job import Identity
from batchrunner.sandbox import Charged

# An identity and the wish that it had.
Want = tuple[Identity, int]
Decision = tuple[Identity, MarkKind, int]

_RECEIPTS = ".receipts.jsonl"


@dataclass(frozen=True, slots=True)
class Known:
    """Who asked for which task; who took one over; what was decided; and whose submit has no known outcome."""

    owners: dict[str, Want] = field(default_factory=dict)
    adopted: set[tuple[str, Want]] = field(default_factory=set)
    decisions: set[Decision] = field(default_factory=set)
    unknown: list[Want] = field(default_factory=list)

    def unknown_of(self, manifest: str, job: str, wish: int) -> list[Identity]:
        """The takes of a job that wait for somebody to resolve them."""
        return [who for who, asked in self.unknown if (who.manifest, who.job, asked) == (manifest, job, wish)]


def known(ledger: Path) -> Known:
    """What a ledger tells."""
    found = Known()
    with Ledger.reading(ledger) as book:
        memories = book.all_memories()
    for who, memory in memories.items():
        found.decisions.update((who, mark.kind, mark.after) for mark in memory.marks)
        for attempt in memory.attempts:
            want = (who, wish_of(attempt.request.fields["prompt"]))
            if attempt.is_open and attempt.outcome in (None, Outcome.UNKNOWN):
                found.unknown.append(want)
            elif attempt.task_id and attempt.is_adopted:
                found.adopted.add((attempt.task_id, want))
            elif attempt.task_id:
                found.owners[attempt.task_id] = want
    return found


def receipts(folder: Path) -> dict[str, Want]:
    """What the receipts of all manifests tell of tasks, read as anybody could read them."""
    found: dict[str, Want] = {}
    for path in sorted(folder.glob(f"*{_RECEIPTS}")):
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            if told.get("kind") or told["task_id"] is None:
                continue
            who = Identity(path.name.removesuffix(_RECEIPTS), told["profile"], told["id"], told["take"])
            found[told["task_id"]] = (who, wish_of(told["request"]["fields"]["prompt"]))
    return found


def wish_of(prompt: object) -> int:
    """The number in a prompt."""
    return int(str(prompt).removeprefix("Wish "))


def asker_of(charge: Charged) -> tuple[str, str]:
    """The manifest and the job that asked for a task: their names are in the signature of its image link."""
    manifest, _, job = str(charge.body["image"]).partition("Signature=")[2].partition(".")
    return manifest, job
