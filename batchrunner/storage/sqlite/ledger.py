"""The ledger's writes: each one transaction, each a fact. And its runs."""

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
from batchrunner.domain.history import Damage, JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation
from batchrunner.domain.receipt import Receipt
from batchrunner.errors import ClaimConflict, UsageError
from batchrunner.storage.records import Claim, NewRun
from batchrunner.storage.sqlite import connection, runs
from batchrunner.storage.sqlite.account_log import Account
from batchrunner.storage.sqlite.histories import addresses, read_all, read_one
from batchrunner.storage.sqlite.inserts import insert_answer, insert_clip, insert_observation, settle
from batchrunner.storage.sqlite.receipt_import import ReceiptImport
from batchrunner.storage.sqlite.request_json import request_text
from batchrunner.storage.sqlite.rivals import Rivals, check_rivals, rivals
from batchrunner.storage.sqlite.runs import RunRecord
from batchrunner.storage.sqlite.transaction import fetched, insert, translated, writing
from batchrunner.storage.sqlite.upload_log import UploadLog


class Ledger:
    """One open state file. A context manager: it is closed at the end, which leaves a single file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # the damaged rows that were found when all memories were read the last time
        self.damage: tuple[Damage, ...] = ()
        self.pictures = UploadLog(db)
        self.account = Account(db)

    @classmethod
    def writing(cls, path: Path, connect: connection.Connect = sqlite3.connect) -> Self:
        """Opens the ledger to record; it is made where it is missing."""
        return cls(connection.open_for_writing(path, connect))

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Opens the ledger to tell; an empty one in memory stands for a file that does not exist."""
        if not os.path.lexists(path):
            return cls(connection.empty())
        return cls(connection.open_for_reading(path))

    @classmethod
    def trusting(cls, path: Path) -> Self:
        """Opens a ledger that was made elsewhere, and trusts it from now on: a person says so."""
        return cls(connection.open_for_writing(path, trusting=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def histories(self, manifest: str) -> dict[JobId, JobHistory]:
        """All that is known of a manifest's jobs, under every profile."""
        return self._read(manifest)

    def all_histories(self) -> dict[JobId, JobHistory]:
        """All that is known of every job of every manifest."""
        return self._read(None)

    def _read(self, manifest: str | None) -> dict[JobId, JobHistory]:
        with translated():
            found = read_all(self._db, manifest)
        self.damage = found.damage
        return found.histories

    def history(self, identity: JobId) -> JobHistory:
        """All that is known of one job."""
        with translated():
            return read_one(self._db, identity)

    def last_run(self, manifest: str, profile: str | None = None) -> RunRecord | None:
        """The newest run of a manifest, under any profile or a certain one, with the jobs that it wanted."""
        with translated():
            return runs.last_run(self._db, manifest, profile)

    def last_ended_run(self, manifest: str, profile: str) -> int:
        """The number of the newest run that was not cut off; 0 where there is none."""
        with translated():
            return runs.last_ended_run(self._db, manifest, profile)

    def name_at(self, path: str) -> str | None:
        """The name under which the manifest at this path was last run."""
        with translated():
            return runs.name_at(self._db, path)

    def rivals(self, manifest: str, profile: str, path: str) -> Rivals:
        """What other jobs hold, as one manifest, whose file is at `path`, sees it."""
        with translated():
            return rivals(self._db, manifest, profile, path)

    def task_ids(self) -> frozenset[str]:
        """Every task id on record."""
        with translated():
            found = fetched(self._db, "SELECT task_id FROM answer WHERE task_id IS NOT NULL")
        return frozenset(str(task_id) for (task_id,) in found)

    def check_address(self, base_url: str) -> None:
        """Whether this is where the ledger's tasks live; what was refused is no task, and a receipt is no witness.

        Raises:
            UsageError: they live at another address.
            LedgerError: the disk does not give it.
        """
        with translated():
            elsewhere = sorted(addresses(self._db, base_url))
        if elsewhere:
            raise UsageError(
                f"this ledger's tasks live at {elsewhere[0]}, not at {base_url}: "
                "set MODELLIX_BASE_URL back, or name another ledger with --ledger"
            )

    def begin_run(self, run: NewRun) -> int:
        """Writes down a run and what it wants.

        Raises:
            UsageError: this ledger's tasks live at another address.
        """
        jobs = json.dumps(run.jobs, ensure_ascii=False, sort_keys=True)
        digest = sha256(jobs.encode()).hexdigest()
        with writing(self._db) as db:
            self.check_address(run.base_url)
            db.execute("INSERT OR IGNORE INTO job_list VALUES (?, ?)", (digest, jobs))
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
        """Writes down how a run ended."""
        with writing(self._db) as db:
            db.execute("UPDATE run SET ended_at_s = ?, exit_code = ? WHERE id = ?", (at_s, exit_code, run_id))

    def claim(self, claim: Claim) -> int:
        """Commits an attempt with its reservation, and gives its id.

        Raises:
            ClaimRefused: the job has an open attempt, or one with this number; or another job came first.
        """
        who = claim.identity
        try:
            with writing(self._db) as db:
                check_rivals(db, claim)
                return insert(
                    db,
                    "attempt",
                    run_id=claim.run_id,
                    manifest=who.manifest,
                    profile=who.profile,
                    job=who.job,
                    take=who.take,
                    number=claim.number,
                    request=request_text(claim.request),
                    fingerprint=claim.request.fingerprint,
                    decision=claim.decision,
                    output=claim.output,
                    base_url=claim.base_url,
                    key_digest=claim.key_digest,
                    key_last4=claim.key_last4,
                    reserved_usd=str(claim.reserved_usd),
                    opened_at_s=claim.at_s,
                )
        except sqlite3.IntegrityError as error:
            raise ClaimConflict(f"{who.name} was submitted by somebody else just now") from error

    def answer(self, attempt_id: int, answer: Answer) -> Answer:
        """Records what became of an attempt; a refusal settles it. Gives what was recorded.

        A task id that another attempt has is no acceptance: the outcome is unknown then.
        """
        with writing(self._db) as db:
            if answer.task_id is not None and self._has_task(answer.task_id):
                known = f"the service gave a task id that is already on record: {answer.task_id}"
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
            ClaimRefused: the job has one with this number.
        """
        try:
            with writing(self._db) as db:
                insert(
                    db,
                    "adoption",
                    run_id=run_id,
                    manifest=identity.manifest,
                    profile=identity.profile,
                    job=identity.job,
                    take=identity.take,
                    number=number,
                    attempt_id=attempt_id,
                    at_s=at_s,
                )
        except sqlite3.IntegrityError as error:
            raise ClaimConflict(f"{identity.name} got a clip by somebody else just now") from error

    def clip(self, attempt_id: int, clip: Clip, adoption_id: int | None = None) -> None:
        """Writes down under which path a verified file, or an adopting job's copy of it, is about to be put."""
        with writing(self._db) as db:
            insert_clip(db, clip, attempt_id, adoption_id)

    def settle(self, attempt_id: int, at_s: float) -> None:
        """Closes an attempt whose clip is in place."""
        with writing(self._db) as db:
            settle(db, attempt_id, at_s)

    def decide(self, marks: Iterable[tuple[JobId, Decision]]) -> None:
        """Records what was decided about many jobs, all or none; those without a name become one decision."""
        decision = secrets.token_hex(8)
        with writing(self._db) as db:
            for identity, mark in marks:
                _mark(db, identity, mark, decision)

    def write_off(self, identity: JobId, attempt: Attempt, at_s: float) -> None:
        """A person pays again for an unknown attempt: it stays booked, and is closed with a mark beside it."""
        with writing(self._db) as db:
            mark = Decision(at_s, DecisionKind.PAY_AGAIN, attempt.number, attempt.request)
            _mark(db, identity, mark, secrets.token_hex(8))
            settle(db, attempt.id, at_s)

    def import_receipts(self, told: Sequence[Receipt]) -> int:
        """Records what receipts tell and this ledger does not know, all of it or none; how many lines that were."""
        if not self.has_news(told):
            return 0
        with writing(self._db) as db:
            return ReceiptImport(db).import_all(told)

    def has_news(self, told: Iterable[Receipt]) -> bool:
        """Whether receipts tell something that this ledger does not know."""
        with translated():
            inbox = ReceiptImport(self._db)
            return any(inbox.has_news(each) for each in told)

    def unheard(self, told: Iterable[Receipt]) -> list[Receipt]:
        """The lines of which this ledger has nothing yet: they wait for others, or for a submit that is still open.

        All of them where it is damaged: they may know more than it does.
        """
        if self.damage:
            return list(told)
        with translated():
            inbox = ReceiptImport(self._db)
            return [each for each in told if not inbox.knows(each)]

    def copy(self) -> "Ledger":
        """The same in memory: what is written there is nowhere else."""
        return Ledger(connection.copied(self._db))

    def _has_task(self, task_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM answer WHERE task_id = ?", (task_id,)).fetchone() is not None


def _mark(db: sqlite3.Connection, identity: JobId, mark: Decision, decision: str) -> None:
    insert(
        db,
        "mark",
        manifest=identity.manifest,
        profile=identity.profile,
        job=identity.job,
        take=identity.take,
        kind=mark.kind.value,
        after=mark.after,
        request=request_text(mark.request) if mark.request else None,
        chosen=mark.chosen,
        at_s=mark.at_s,
        decision=mark.decision or decision,
        host=mark.host or socket.gethostname(),
    )
