"""Receipts: the fields of each kind of line and their words, and lines as they are written today, byte for byte."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from batchrunner.domain.attempt import Answer, Attempt, Outcome, RejectReason
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import ErrorClass
from batchrunner.domain.receipt import AdoptionReceipt, DecisionReceipt, Receipt
from batchrunner.domain.receipt_schema import check_line
from batchrunner.storage.interface import Ledger
from batchrunner.storage.open import open_ledger
from batchrunner.storage.paths import ProjectPaths, find_project
from batchrunner.storage.receipts import ReceiptsWriter, read_receipts
from tests.ledgers.make import identity_of
from tests.promised.outputs import listed, shape
from tests.promised.story import film, machine

_LATER_S = 1_795_500_000.0
_HOST = "laptop"

Line = Mapping[str, Any]


def lines() -> str:
    """What is written of a ledger with every kind of past. Lines of one job share a moment: their order counts."""
    with TemporaryDirectory() as made, machine(Path(made)) as work:
        project = find_project(film(work / "film"))
        with open_ledger(project.ledger) as ledger:
            memories = ledger.histories("film")
            _resolve(ledger, memories)
            ledger.import_receipts(list(_choices(memories)))
            return _written(project, ledger).decode()


def written_again(kept: bytes, folder: Path) -> bytes:
    """What a ledger that only knows these receipts writes of them."""
    (folder / "film.receipts.jsonl").write_bytes(kept)
    project = find_project(folder / "film.yaml")
    with open_ledger(project.ledger) as ledger:
        ledger.import_receipts(read_receipts(project))
        (folder / "film.receipts.jsonl").unlink()
        return _written(project, ledger)


def names() -> object:
    """The fields of each kind of line: those that it needs, all with their types, and the words in them."""
    kinds: dict[str, list[Line]] = {}
    for line in map(json.loads, lines().splitlines()):
        kinds.setdefault(line.get("kind", "no kind: a submit"), []).append(line)
    return {
        "needed": {kind: _needed(of_kind) for kind, of_kind in sorted(kinds.items())},
        "fields": {kind: shape(*of_kind) for kind, of_kind in sorted(kinds.items())},
        "order": {kind: list(of_kind[0]) for kind, of_kind in sorted(kinds.items())},
        "words": {
            "outcome": ["sent", *listed(Outcome)],
            "refusal": listed(RejectReason),
            "error_class": listed(ErrorClass),
            "decided": listed(DecisionKind),
        },
    }


def _needed(of_kind: list[Line]) -> list[str]:
    """The fields without which a line is not taken in."""
    line = next((each for each in of_kind if each.get("outcome") == "accepted"), of_kind[0])
    return [name for name in line if name != "kind" and not _is_taken({n: v for n, v in line.items() if n != name})]


def _is_taken(line: Line) -> bool:
    try:
        check_line(line)
    except ValueError:
        return False
    return True


def _written(project: ProjectPaths, ledger: Ledger) -> bytes:
    ReceiptsWriter(project, ledger, pytest.fail).whole("film")
    return (project.base / "film.receipts.jsonl").read_bytes()


def _resolve(ledger: Ledger, memories: Mapping[JobId, JobHistory]) -> None:
    """A person finds the task of one submit, and gives up another."""
    found, lost = _last(memories, "unanswered"), _last(memories, "unknown")
    ledger.record_answer(found.id, Answer(_LATER_S, Outcome.UNKNOWN, message="no answer in time"))
    ledger.record_answer(found.id, Answer(_LATER_S + 60, Outcome.ACCEPTED, "task-found"))
    ledger.settle(lost.id, _LATER_S)


def _choices(memories: Mapping[JobId, JobHistory]) -> Iterator[Receipt]:
    failed, done, edited = (_last(memories, name) for name in ("failed", "done", "edited"))
    yield _decision("failed", DecisionKind.REDO, failed, failed.opened_at_s)
    yield _decision("unknown", DecisionKind.PAY_AGAIN, _last(memories, "unknown"), _LATER_S)
    yield _decision("edited", DecisionKind.ACCEPT, edited, _LATER_S, edited.task_id)
    yield _decision("new", DecisionKind.RETRY, done, _LATER_S)
    clip = Clip(_LATER_S, ClipRole.FINAL, "outputs/film/new.mp4", 17, "ab" * 32, is_told=True)
    yield AdoptionReceipt(identity_of("new"), str(done.task_id), _LATER_S, clip, _HOST)


def _decision(name: str, kind: DecisionKind, of: Attempt, at_s: float, chosen: str | None = None) -> DecisionReceipt:
    decision = f"{len(name):02x}{list(DecisionKind).index(kind):02x}".ljust(16, "0")
    return DecisionReceipt(
        identity_of(name), Decision(at_s, kind, 0, of.request, decision=decision, host=_HOST), chosen
    )


def _last(memories: Mapping[JobId, JobHistory], name: str) -> Attempt:
    return memories[identity_of(name)].attempts[-1]
