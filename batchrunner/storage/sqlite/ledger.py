"""A ledger in one SQLite file: facts, each write one transaction."""

import json
import os.path
import secrets
import socket
import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Self

from batchrunner.domain.attempt import Answer, Attempt, Outcome
from batchrunner.domain.clip import Clip
from batchrunner.domain.decision import Decision, DecisionKind
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation
from batchrunner.domain.receipt import Receipt
from batchrunner.errors import ClaimConflict
from batchrunner.storage.records import Claim, IntegrityViolation, NewRun
from batchrunner.storage.sqlite import connection
from batchrunner.storage.sqlite.inserts import insert_answer, insert_attempt, insert_clip, insert_observation, settle
from batchrunner.storage.sqlite.ledger_reader import SqliteReader
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.receipt_import import ReceiptImport
from batchrunner.storage.sqlite.request_json import request_text
from batchrunner.storage.sqlite.rivals import check_rivals
from batchrunner.storage.sqlite.rows import identity_columns
from batchrunner.storage.sqlite.transaction import insert, writing


class SqliteLedger(SqliteReader):
    """See `interface.Ledger`. When it is closed, a single file is left."""

    @classmethod
    def writing(cls, path: Path, connect: connection.Connect = sqlite3.connect) -> Self:
        """Opens the ledger to write to it; it is made where it is missing."""
        return cls(connection.open_for_writing(path, connect))

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Opens the ledger to read it; an empty one in memory stands for a file that does not exist."""
        if not os.path.lexists(path):
            return cls(connection.empty())
        return cls(connection.open_for_reading(path))

    @classmethod
    def trusting(cls, path: Path) -> Self:
        """Opens a ledger that was made elsewhere, and trusts it from now on: a person says so."""
        return cls(connection.open_for_writing(path, trusting=True))

    def scratch_copy(self) -> "SqliteLedger":
        """The same in memory, to be written to: nothing of that is kept."""
        return SqliteLedger(connection.copied(self._db))

    def begin_run(self, run: NewRun) -> int:
        """Records a run and what it wants; gives its id.

        Raises:
            UsageError: this ledger's tasks live at another address.
        """
        jobs = json.dumps(run.jobs, ensure_ascii=False, sort_keys=True)
        digest = sha256(jobs.encode()).hexdigest()
        with writing(self._db) as db:
            self.check_address(run.base_url)
            db.execute(query("insert_job_list"), {"digest": digest, "jobs": jobs})
            return insert(
                db,
                "run",
                manifest=run.manifest,
                profile=run.profile,
                command=run.command,
                path=run.path,
                base_url=run.base_url,
                host=run.host,
                pid=run.pid,
                release=run.release,
                job_list=digest,
                started_at_s=run.started_at_s,
            )

    def end_run(self, run_id: int, exit_code: int, at_s: float) -> None:
        """Records how a run ended."""
        with writing(self._db) as db:
            db.execute(query("end_run"), {"at_s": at_s, "exit_code": exit_code, "id": run_id})

    def claim(self, claim: Claim) -> int:
        """Records an open attempt with its reservation, and gives its id.

        Raises:
            ClaimConflict: the job has an open attempt, or one with this number; or another job came first.
        """
        who = claim.identity
        try:
            with writing(self._db) as db:
                check_rivals(db, claim)
                return insert_attempt(db, who, claim.number, claim, claim.at_s, run_id=claim.run_id)
        except IntegrityViolation as error:
            raise ClaimConflict(f"{who.name} was submitted by another run just now") from error

    def record_answer(self, attempt_id: int, answer: Answer) -> Answer:
        """Records what became of an attempt; a refusal settles it. Gives what was recorded.

        A task id that another attempt has is no acceptance: the outcome is unknown then.
        """
        with writing(self._db) as db:
            if answer.task_id is not None and self._has_task(answer.task_id):
                known = f"the service gave a task id that is already recorded: {answer.task_id}"
                answer = Answer(answer.at_s, Outcome.UNKNOWN, None, None, answer.http_status, known, answer.body)
            insert_answer(db, attempt_id, answer)
            if answer.outcome is Outcome.REFUSED:
                settle(db, attempt_id, answer.at_s)
        return answer

    def observe(self, attempt: Attempt, seen: Observation, *, settles: bool) -> None:
        """Records a new state of an attempt's task; `settles`: nothing more will come of it."""
        with writing(self._db) as db:
            insert_observation(db, attempt.id, seen)
            if settles and attempt.is_open:
                settle(db, attempt.id, seen.at_s)

    def adopt(self, identity: JobId, number: int, attempt_id: int, run_id: int, at_s: float) -> None:
        """Records that a job takes over another's attempt, as its own of this number.

        Raises:
            ClaimConflict: the job has one with this number.
        """
        try:
            with writing(self._db) as db:
                insert(
                    db,
                    "adoption",
                    run_id=run_id,
                    **identity_columns(identity),
                    number=number,
                    attempt_id=attempt_id,
                    at_s=at_s,
                )
        except IntegrityViolation as error:
            raise ClaimConflict(f"{identity.name} got a clip from another run just now") from error

    def record_clip(self, attempt_id: int, clip: Clip, adoption_id: int | None = None) -> None:
        """Records under which path a verified file, or an adopting job's copy of it, is about to be put."""
        with writing(self._db) as db:
            insert_clip(db, clip, attempt_id, adoption_id)

    def settle(self, attempt_id: int, at_s: float) -> None:
        """Closes an attempt whose clip is in place."""
        with writing(self._db) as db:
            settle(db, attempt_id, at_s)

    def decide(self, decisions: Iterable[tuple[JobId, Decision]]) -> None:
        """Records what was decided about many jobs, all or none; those without a name become one decision."""
        name = secrets.token_hex(8)
        with writing(self._db) as db:
            for identity, decision in decisions:
                _insert_decision(db, identity, decision, name)

    def write_off(self, identity: JobId, attempt: Attempt, at_s: float) -> None:
        """Closes an unknown attempt that a person pays again for: it stays booked, and a decision says so."""
        pay_again = Decision(at_s, DecisionKind.PAY_AGAIN, attempt.number, attempt.request)
        with writing(self._db) as db:
            _insert_decision(db, identity, pay_again, secrets.token_hex(8))
            settle(db, attempt.id, at_s)

    def import_receipts(self, receipts: Sequence[Receipt]) -> int:
        """Records what receipts tell and this ledger does not know, all of it or none; how many lines that were."""
        if not self.would_import(receipts):
            return 0
        with writing(self._db) as db:
            return ReceiptImport(db).import_all(receipts)

    def _has_task(self, task_id: str) -> bool:
        return self._db.execute(query("attempt_of_task"), {"task_id": task_id}).fetchone() is not None


def _insert_decision(db: sqlite3.Connection, identity: JobId, decision: Decision, name: str) -> None:
    insert(
        db,
        "mark",
        **identity_columns(identity),
        kind=decision.kind.value,
        after=decision.after,
        request=request_text(decision.request) if decision.request else None,
        chosen=decision.chosen,
        at_s=decision.at_s,
        decision=decision.decision or name,
        host=decision.host or socket.gethostname(),
    )
