"""What a ledger has recorded already of what receipts tell: nothing is written here."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchrunner.domain.attempt import Answer, Outcome
from batchrunner.domain.clip import Clip
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation
from batchrunner.domain.receipt import AdoptionReceipt, DecisionReceipt, Receipt, SubmitReceipt
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.rows import identity_columns
from batchrunner.storage.sqlite.transaction import fetched

# Knowing more never becomes knowing less.
_RANKS: Mapping[str | None, int] = {None: 0, Outcome.UNKNOWN: 1, Outcome.REFUSED: 2, Outcome.ACCEPTED: 3}
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class KnownSubmit:
    """What the ledger has of one submit, as far as receipts can add to it. `is_own`: this ledger sent it."""

    id: int
    identity: JobId
    at_s: float
    host: str
    is_own: bool
    is_open: bool
    outcome: str | None
    states: frozenset[str]
    has_bill: bool
    has_clip: bool


@dataclass(frozen=True, slots=True)
class Additions:
    """What a receipt adds to a submit."""

    answers: tuple[Answer, ...]
    observations: tuple[Observation, ...]
    clips: tuple[Clip, ...]
    settled_at_s: float | None


class KnownReceipts:
    """A ledger as it stands: its submits, tasks, decisions and adoptions by their names on all machines."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.submits: dict[int, KnownSubmit] = {}
        self._ids: dict[tuple[JobId, float, str], int] = {}
        for row in fetched(db, query("known_submits"), {"first": 0, "last": _LAST_ID}):
            self.add(row)
        self.tasks: dict[str, int] = dict(fetched(db, query("tasks")))
        self.decisions = {(JobId(*who), name) for *who, name in fetched(db, query("decisions"))}
        self.adoptions = {(JobId(*who), attempt_id) for *who, attempt_id in fetched(db, query("adoptions"))}

    def adds(self, receipt: Receipt) -> bool:
        """Whether something of a receipt would be recorded."""
        match receipt:
            case SubmitReceipt():
                known = self.submit_of(receipt)
                return self.may_open(receipt) if known is None else self.additions(known, receipt) is not None
            case DecisionReceipt():
                return not self.covers(receipt) and (receipt.chosen is None or self.chosen_number(receipt) is not None)
            case AdoptionReceipt():
                return not self.covers(receipt) and receipt.task_id in self.tasks

    def covers(self, receipt: Receipt) -> bool:
        """Whether the ledger has recorded what a receipt is about, so that its own receipt says at least as much."""
        match receipt:
            case SubmitReceipt():
                return self.submit_of(receipt) is not None
            case DecisionReceipt():
                return (receipt.identity, receipt.decision.decision) in self.decisions
            case AdoptionReceipt():
                attempt_id = self.tasks.get(receipt.task_id, 0)
                is_its_own = attempt_id in self.submits and self.submits[attempt_id].identity == receipt.identity
                return is_its_own or (receipt.identity, attempt_id) in self.adoptions

    def add(self, row: tuple[Any, ...]) -> None:
        """Adds a submit that was recorded; `row` is of the query `known_submits`."""
        id_, *who, at_s, host, is_own, is_open, outcome, states, has_bill, has_clip = row
        known = KnownSubmit(
            id=id_,
            identity=JobId(*who),
            at_s=at_s,
            host=host,
            is_own=bool(is_own),
            is_open=bool(is_open),
            outcome=outcome,
            states=frozenset((states or "").split(",")),
            has_bill=bool(has_bill),
            has_clip=bool(has_clip),
        )
        self.submits[known.id] = known
        self._ids[known.identity, known.at_s, known.host] = known.id

    def submit_of(self, receipt: SubmitReceipt) -> KnownSubmit | None:
        """The submit that a receipt is about: of the same task, or else sent by the same machine at the same moment."""
        by_task = self.submits.get(self.tasks.get(receipt.task_id or "", 0))
        if by_task:
            return by_task
        found = self.submits.get(self._ids.get((receipt.identity, receipt.at_s, receipt.host), 0))
        is_another = found is not None and found.outcome == Outcome.ACCEPTED and receipt.task_id is not None
        return None if is_another else found

    def may_open(self, receipt: SubmitReceipt) -> bool:
        """One submit of a job is open at a time: what may not have arrived waits until that one is closed."""
        is_certain = receipt.attempt.outcome in (Outcome.ACCEPTED, Outcome.REFUSED)
        return is_certain or not receipt.attempt.is_open or not self.open_ids(receipt.identity)

    def open_ids(self, who: JobId) -> list[int]:
        """The submit of a job that is open in this ledger."""
        return [attempt_id for (attempt_id,) in self.db.execute(query("open_attempts_of_job"), identity_columns(who))]

    def additions(self, known: KnownSubmit, receipt: SubmitReceipt) -> Additions | None:
        """What a receipt adds; of one's own submits only what a person resolved elsewhere."""
        told = receipt.attempt
        answers: tuple[Answer, ...] = ()
        if _RANKS.get(told.outcome, 0) > _RANKS.get(known.outcome, 3) and receipt.task_id not in self.tasks:
            answers = told.answers[-1:] if known.outcome == Outcome.UNKNOWN else told.answers
        seen: tuple[Observation, ...] = ()
        clips: tuple[Clip, ...] = ()
        if not known.is_own:
            seen = tuple(o for o in told.observations if o.state not in known.states or _has_new_bill(o, known))
            clips = () if known.has_clip else told.clips
        # an older receipt may call unknown, and written off, what was accepted meanwhile
        is_over = known.is_open and _RANKS.get(told.outcome, 0) >= _RANKS.get(known.outcome, 3)
        is_believed = not known.is_own or told.outcome is not Outcome.ACCEPTED
        settled_at_s = told.settled_at_s if is_over and is_believed else None
        if answers or seen or clips or settled_at_s is not None:
            return Additions(answers, seen, clips, settled_at_s)
        return None

    def chosen_number(self, receipt: DecisionReceipt) -> int | None:
        """The number, in this ledger, of the attempt whose clip is kept."""
        chosen = {"attempt_id": self.tasks.get(receipt.chosen or "", 0), **identity_columns(receipt.identity)}
        return next((number for (number,) in self.db.execute(query("number_of_attempt"), chosen)), None)

    def numbers(self, who: JobId) -> list[tuple[int, float]]:
        """Each attempt of a job, its own and those that it took over: its number, and when it was made."""
        return self.db.execute(query("numbers_of_job"), identity_columns(who)).fetchall()


def _has_new_bill(seen: Observation, known: KnownSubmit) -> bool:
    return seen.billed_usd is not None and not known.has_bill
