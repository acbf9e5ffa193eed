"""What every ledger can do, whichever database keeps it. `open.py` opens one.

Facts are recorded once and never changed. Each write is one transaction: when it returns, all of it is durable, and
every reader sees it from its next query on; when it raises, nothing of it is recorded. Readers never wait for writers.
Times are Unix seconds. Any method may raise LedgerError: the database cannot be used just now.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, Self

from batchrunner.domain.attempt import Answer, Attempt
from batchrunner.domain.clip import Clip
from batchrunner.domain.decision import Decision
from batchrunner.domain.history import Damage, JobHistory
from batchrunner.domain.job import JobId
from batchrunner.domain.observation import Observation
from batchrunner.domain.receipt import Receipt
from batchrunner.domain.uploaded_image import Upload
from batchrunner.storage.records import Claim, HighWaterMark, LedgerMark, NewRun, Rivals, RunRecord


class AccountReader(Protocol):
    """What runs learned of the accounts behind keys; a key is named by its digest."""

    def slots(self, key_digest: str) -> int | None:
        """How many tasks the account lets run at once, as it was learned last; None where nobody knows."""

    def balances(self, run_id: int) -> tuple[Decimal, ...]:
        """What the account held in the course of a run, in USD, oldest first."""

    def high_water_mark(self) -> HighWaterMark:
        """What is recorded now, for `reserved_by_others` later."""

    def reserved_by_others(self, run_id: int, key_digest: str, since: HighWaterMark) -> Decimal:
        """What other runs with the same key reserved, in USD, for submits that were sent or answered since.

        What was refused is not counted, and what only a receipt tells of neither.
        """


class AccountLog(AccountReader, Protocol):
    """The same, to be added to."""

    def record_balance(self, run_id: int, key_digest: str, balance_usd: Decimal, at_s: float) -> None:
        """Records what the account held at a moment of a run."""

    def record_slots(self, run_id: int, key_digest: str, slots: int, at_s: float) -> None:
        """Records how many tasks the account lets run at once, as far as a run could learn."""


class UploadReader(Protocol):
    """The local images that the service has: each content once, for as long as it is kept there."""

    def all(self) -> tuple[Upload, ...]:
        """Every image that was uploaded and not deleted, oldest first."""

    def needed_by_open_tasks(self) -> frozenset[str]:
        """The SHA-256 digests, in hexadecimal digits, of the images that open attempts name in their requests."""

    def find(self, sha256: str, base_url: str, key_digest: str) -> Upload | None:
        """The newest upload of this content to this account; None where it was deleted, or never uploaded."""


class UploadLog(UploadReader, Protocol):
    """The same, to be added to."""

    def record(self, upload: Upload, base_url: str, key_digest: str) -> None:
        """Records an image that the service took."""

    def record_deletion(self, file_id: str, at_s: float) -> None:
        """Records that the service deletes an image for us; nothing where that is recorded, or it is not known."""


class LedgerReader(Protocol):
    """An open ledger, to plan and report from. A context manager: it is closed at the end."""

    @property
    def account(self) -> AccountReader:
        """What runs learned of the account."""

    @property
    def uploads(self) -> UploadReader:
        """The images that the service has."""

    @property
    def damage(self) -> tuple[Damage, ...]:
        """The damaged rows found by the last `histories` or `all_histories`, of every manifest.

        They are left out of the histories, and named in those of their jobs.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def history(self, identity: JobId) -> JobHistory:
        """All that is known of one job; an empty history where nothing is."""

    def histories(self, manifest: str) -> dict[JobId, JobHistory]:
        """All that is known of a manifest's jobs, under every profile."""

    def all_histories(self) -> dict[JobId, JobHistory]:
        """All that is known of every job of every manifest."""

    def mark(self) -> LedgerMark:
        """What is recorded now, for `touched_since` later. However large the ledger is, this costs next to nothing."""

    def touched_since(self, before: LedgerMark) -> tuple[LedgerMark, frozenset[JobId]]:
        """The jobs of which something was recorded since then, of every manifest, and what is recorded now.

        It costs what was recorded since, and nothing where nothing was.
        """

    def last_run(self, manifest: str, profile: str | None = None) -> RunRecord | None:
        """The newest run of a manifest, under any profile or a certain one, with the jobs that it wanted."""

    def last_wanted(self, identities: Collection[JobId]) -> dict[JobId, Mapping[str, Any]]:
        """Each of these jobs as the newest run that wanted it recorded it; one that no run wanted is left out."""

    def last_ended_run(self, manifest: str, profile: str) -> int:
        """The id of the newest run that was not cut off; 0 where there is none."""

    def manifest_at(self, path: str) -> str | None:
        """The name under which the manifest at this path was last run."""

    def rivals(self, manifest: str, profile: str, path: str) -> Rivals:
        """What other jobs hold, as one manifest, whose file is at `path`, sees it."""

    def task_ids(self) -> frozenset[str]:
        """Every task id that is recorded."""

    def check_address(self, base_url: str) -> None:
        """Nothing, where all tasks of this ledger's own runs live at this address. What was refused is no task.

        Raises:
            UsageError: some live at another address.
        """

    def would_import(self, receipts: Iterable[Receipt]) -> bool:
        """Whether `import_receipts` would record anything of these."""

    def unrecorded(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """Those of which nothing is recorded yet: they wait for other receipts, or for a submit that is still open.

        All of them where rows are damaged: the receipts may know more.
        """

    def scratch_copy(self) -> "Ledger":
        """The same in memory, to be written to: nothing of that is kept."""


class Ledger(LedgerReader, Protocol):
    """An open ledger, to be written to. The fence against paying twice is `claim`.

    A write that breaks a rule of the ledger raises IntegrityViolation: that is a mistake of the program.
    """

    @property
    def account(self) -> AccountLog:
        """What runs learned of the account."""

    @property
    def uploads(self) -> UploadLog:
        """The images that the service has."""

    def begin_run(self, run: NewRun) -> int:
        """Records a run and the jobs that it wants; gives its id, which is higher than that of every run before.

        Raises:
            UsageError: this ledger's tasks live at another address.
        """

    def end_run(self, run_id: int, exit_code: int, at_s: float) -> None:
        """Records how a run ended, once."""

    def claim(self, claim: Claim) -> int:
        """Records an open attempt with its reservation before its POST leaves, and gives the attempt's id.

        At most one attempt of a job is open: unanswered, unknown, or accepted and not settled. Of all who claim at
        once, one succeeds.

        Raises:
            ClaimConflict: the job has an open attempt, or one with this number; another job's open attempt writes to
                this path; or another run asked for the same since `claim.newest`.
        """

    def record_answer(self, attempt_id: int, answer: Answer) -> Answer:
        """Records what became of an attempt; a refusal settles it. Gives the answer as it was recorded.

        A task id that is recorded already is no acceptance: the outcome is unknown then.
        """

    def observe(self, attempt: Attempt, seen: Observation, *, settles: bool) -> None:
        """Records a new state of an attempt's task; `settles`: nothing more will come of it."""

    def adopt(self, identity: JobId, number: int, attempt_id: int, run_id: int, at_s: float) -> None:
        """Records that a job takes over another's attempt, as its own of this number.

        Raises:
            ClaimConflict: the job has one with this number.
        """

    def record_clip(self, attempt_id: int, clip: Clip, adoption_id: int | None = None) -> None:
        """Records under which path a verified file, or an adopting job's copy of it, is about to be put."""

    def settle(self, attempt_id: int, at_s: float) -> None:
        """Closes an attempt whose clip is in place, once."""

    def decide(self, decisions: Iterable[tuple[JobId, Decision]]) -> None:
        """Records what was decided about many jobs, all or none. Those without a name become one decision.

        A name that is recorded for a job already breaks a rule: a decision is recorded once.
        """

    def write_off(self, identity: JobId, attempt: Attempt, at_s: float) -> None:
        """Closes an unknown attempt that a person pays again for: it stays booked, and a decision says so."""

    def import_receipts(self, receipts: Sequence[Receipt]) -> int:
        """Records what receipts tell and this ledger does not know, all of it or none.

        Gives how many lines that were; 0 when the same are imported again. Knowing more never becomes knowing less,
        and of this ledger's own submits only what a person resolved elsewhere is added.
        """
