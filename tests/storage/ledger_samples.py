"""Samples of what a run records, and short ways to record it."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from batchrunner.domain.attempt import Answer, Outcome, RejectReason
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation, TaskState
from batchrunner.domain.request import Request
from batchrunner.storage.interface import Ledger
from batchrunner.storage.open import open_ledger
from batchrunner.storage.records import Claim, NewRun

API = "https://api.modellix.test"
NOW_S = 1_795_456_800.0
HERO = JobId("film", "", "hero", 1)
SECOND_TAKE = replace(HERO, take=2)
DRAFT = replace(HERO, profile="draft")
OTHER_MANIFEST = replace(HERO, manifest="trailer")
REQUEST = Request("google/veo-3.1-i2v", {"aspectRatio": "16:9", "image": "https://example.com/a.jpg", "prompt": "p"})

ACCEPTED = Answer(NOW_S, Outcome.ACCEPTED, "task-1")
UNKNOWN = Answer(NOW_S, Outcome.UNKNOWN, message="no answer in time")
REFUSED = Answer(NOW_S, Outcome.REFUSED, reject_reason=RejectReason.BALANCE, message="no money")
SUCCESS = Observation(NOW_S, TaskState.SUCCESS, "success")
FAILED = Observation(NOW_S, TaskState.FAILED, "failed")
CLIP = Clip(NOW_S, ClipRole.FINAL, "outputs/film/hero.mp4", 4, "0" * 64)


def a_run(ledger: Ledger, base_url: str = API, jobs: Iterable[dict[str, object]] = ()) -> int:
    return ledger.begin_run(NewRun("film", "", "run", "film.yaml", base_url, "here", 4711, "0.1.0", list(jobs), NOW_S))


def a_claim(run_id: int, identity: JobId = HERO, number: int = 1) -> Claim:
    return Claim(
        identity=identity,
        number=number,
        run_id=run_id,
        request=REQUEST,
        output="/".join(filter(None, ("outputs", identity.manifest, identity.profile, f"{identity.name}.mp4"))),
        base_url=API,
        key_digest="digest",
        key_last4="0001",
        reserved_usd=Decimal("2.576"),
        at_s=NOW_S,
    )


def claimed(ledger: Ledger, identity: JobId = HERO, number: int = 1) -> int:
    """An open attempt of a run of its own; gives its id."""
    return ledger.claim(a_claim(a_run(ledger), identity, number))


def every_kind_of_fact(path: Path) -> None:
    """A ledger with at least one row in every table, an open attempt (2), and an open run (2)."""
    with open_ledger(path) as ledger:
        done = claimed(ledger)
        ledger.record_answer(done, ACCEPTED)
        (attempt,) = ledger.history(HERO).attempts
        ledger.observe(attempt, SUCCESS, settles=False)
        ledger.record_clip(done, CLIP)
        ledger.settle(done, NOW_S)
        ledger.end_run(1, 0, NOW_S)
        ledger.decide([(HERO, Decision(NOW_S, DecisionKind.RETRY, 1))])
        claimed(ledger, number=2)


class _Raw(sqlite3.Connection):
    """Closes itself when nobody has it any more: Python 3.13 warns of one that nobody closed."""

    def __del__(self) -> None:
        self.close()


def raw(path: Path) -> sqlite3.Connection:
    """The file without our code: as a curious person or another program opens it."""
    return sqlite3.connect(
        path, isolation_level=None, factory=_Raw, check_same_thread=False
    )  # closed by whoever collects it
