"""What a ledger knows, to compare receipts with: nothing is written here."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchrunner.domain.attempt import Answer, Outcome
from batchrunner.domain.clip import Clip
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation
from batchrunner.domain.receipt import AdoptionReceipt, DecisionReceipt, Receipt, SubmitReceipt
from batchrunner.storage.sqlite.transaction import fetched

_WHO = "manifest = ? AND profile = ? AND job = ? AND take = ?"
# our own text in each; every value is bound
_OPEN = f"SELECT id FROM attempt WHERE settled_at_s IS NULL AND {_WHO}"  # noqa: S608
_NUMBER_OF = (
    f"SELECT number FROM attempt WHERE id = ? AND {_WHO}"  # noqa: S608
    f" UNION ALL SELECT number FROM adoption WHERE attempt_id = ? AND {_WHO}"
)
_NUMBERS = (
    f"SELECT number, opened_at_s FROM attempt WHERE {_WHO}"  # noqa: S608
    f" UNION ALL SELECT number, at_s FROM adoption WHERE {_WHO}"
)
# Knowing more never becomes knowing less.
_RANKS: Mapping[str | None, int] = {None: 0, Outcome.UNKNOWN: 1, Outcome.REFUSED: 2, Outcome.ACCEPTED: 3}
KNOWN = """
    SELECT attempt.id, attempt.manifest, attempt.profile, job, take, opened_at_s,
        coalesce(receipt.host, run.host), receipt.id IS NULL, settled_at_s IS NULL,
        (SELECT outcome FROM answer WHERE attempt_id = attempt.id ORDER BY id DESC LIMIT 1),
        (SELECT group_concat(state) FROM observation WHERE attempt_id = attempt.id),
        EXISTS (SELECT 1 FROM observation WHERE attempt_id = attempt.id AND billed_usd IS NOT NULL),
        EXISTS (SELECT 1 FROM clip WHERE attempt_id = attempt.id)
    FROM attempt LEFT JOIN run ON run.id = run_id LEFT JOIN receipt ON receipt.attempt_id = attempt.id
"""


@dataclass(frozen=True, slots=True)
class Known:
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
class News:
    """What a receipt adds to a submit."""

    answers: tuple[Answer, ...]
    observations: tuple[Observation, ...]
    clips: tuple[Clip, ...]
    settled_at_s: float | None


class Index:
    """A ledger as it stands: its submits, tasks, decisions and adoptions by their names on all machines."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.submits: dict[int, Known] = {}
        self._ids: dict[tuple[JobId, float, str], int] = {}
        for row in fetched(db, KNOWN):
            self.note(row)
        self.tasks: dict[str, int] = dict(fetched(db, "SELECT task_id, attempt_id FROM answer WHERE task_id NOTNULL"))
        marks = fetched(db, "SELECT manifest, profile, job, take, decision FROM mark WHERE decision NOTNULL")
        self.decisions = {(JobId(*who), name) for *who, name in marks}
        adoptions = fetched(db, "SELECT manifest, profile, job, take, adoption.attempt_id FROM adoption")
        self.adoptions = {(JobId(*who), attempt_id) for *who, attempt_id in adoptions}

    def has_news(self, told: Receipt) -> bool:
        """Whether something of a line would be written down."""
        match told:
            case SubmitReceipt():
                known = self.known(told)
                return self.may_open(told) if known is None else self.news(known, told) is not None
            case DecisionReceipt():
                return not self.knows(told) and (told.chosen is None or self.number_of(told) is not None)
            case AdoptionReceipt():
                return not self.knows(told) and told.task_id in self.tasks

    def knows(self, told: Receipt) -> bool:
        """Whether the ledger has what a line speaks of, so that the ledger's own line says at least as much."""
        match told:
            case SubmitReceipt():
                return self.known(told) is not None
            case DecisionReceipt():
                return (told.identity, told.mark.decision) in self.decisions
            case AdoptionReceipt():
                attempt_id = self.tasks.get(told.task_id, 0)
                is_its_own = attempt_id in self.submits and self.submits[attempt_id].identity == told.identity
                return is_its_own or (told.identity, attempt_id) in self.adoptions

    def note(self, row: tuple[Any, ...]) -> None:
        """Keeps one submit in mind; `row` is of the query `KNOWN`."""
        id_, *who, at_s, host, is_own, is_open, outcome, states, has_bill, has_clip = row
        known = Known(
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

    def known(self, receipt: SubmitReceipt) -> Known | None:
        """The submit that a line speaks of: of the same task, or else sent by the same machine at the same moment."""
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
        return [attempt_id for (attempt_id,) in self.db.execute(_OPEN, _key(who))]

    def news(self, known: Known, receipt: SubmitReceipt) -> News | None:
        """What a line adds; of one's own submits only what a person resolved elsewhere."""
        told = receipt.attempt
        answers: tuple[Answer, ...] = ()
        if _RANKS.get(told.outcome, 0) > _RANKS.get(known.outcome, 3) and receipt.task_id not in self.tasks:
            answers = told.answers[-1:] if known.outcome == Outcome.UNKNOWN else told.answers
        seen: tuple[Observation, ...] = ()
        clips: tuple[Clip, ...] = ()
        if not known.is_own:
            seen = tuple(o for o in told.observations if o.state not in known.states or _has_new_bill(o, known))
            clips = () if known.has_clip else told.clips
        # an older line may call unknown, and given up, what is accepted meanwhile
        is_over = known.is_open and _RANKS.get(told.outcome, 0) >= _RANKS.get(known.outcome, 3)
        is_heard = not known.is_own or told.outcome is not Outcome.ACCEPTED
        settled_at_s = told.settled_at_s if is_over and is_heard else None
        if answers or seen or clips or settled_at_s is not None:
            return News(answers, seen, clips, settled_at_s)
        return None

    def number_of(self, told: DecisionReceipt) -> int | None:
        """The number, in this ledger, of the attempt whose clip is kept."""
        attempt_id = self.tasks.get(told.chosen or "", 0)
        who = _key(told.identity)
        rows = self.db.execute(_NUMBER_OF, (attempt_id, *who, attempt_id, *who))
        return next((number for (number,) in rows), None)

    def numbers(self, who: JobId) -> list[tuple[int, float]]:
        """Each attempt of a job, its own and those that it took over: its number, and when it was made."""
        return self.db.execute(_NUMBERS, (*_key(who), *_key(who))).fetchall()


def _key(who: JobId) -> tuple[str, str, str, int]:
    return who.manifest, who.profile, who.job, who.take


def _has_new_bill(seen: Observation, known: Known) -> bool:
    return seen.billed_usd is not None and not known.has_bill
