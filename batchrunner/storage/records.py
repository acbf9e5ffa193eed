"""What goes into a ledger and comes out of it in one piece, beside the histories of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from batchrunner.domain.job import JobId
from batchrunner.domain.request import Request


@dataclass(frozen=True, slots=True)
class NewRun:
    """One invocation, as it is recorded at its start."""

    manifest: str
    profile: str
    command: str
    path: str
    base_url: str
    host: str
    pid: int
    release: str
    jobs: Sequence[Mapping[str, Any]]
    started_at_s: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to submit one job once: taken before the POST leaves, refused if memory has moved.

    `decision` names the one that it carries out: a person's word to submit the job again.
    `newest` is the last attempt of anybody that was known when this was decided.
    """

    identity: JobId
    number: int
    run_id: int
    request: Request
    output: str
    base_url: str
    key_digest: str
    key_last4: str
    reserved_usd: Decimal
    at_s: float
    decision: str | None = None
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger has it; `jobs` are those it wanted, in the manifest's order."""

    id: int
    command: str
    profile: str
    started_at_s: float
    ended_at_s: float | None
    exit_code: int | None
    jobs: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rivals:
    """What the jobs of a ledger hold, as one manifest and profile sees it. Paths are as the ledger keeps them.

    `stored` is where clips of other manifests and profiles were put last, `opened` where the open attempts of all jobs
    will put theirs. `former` are the names that this manifest had before. `newest` is the last attempt that is known.
    """

    stored: Mapping[str, JobId] = field(default_factory=dict)
    opened: Mapping[str, JobId] = field(default_factory=dict)
    former: frozenset[str] = frozenset()
    newest: int = 0


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """The last attempt and the last answer that were recorded at a moment."""

    attempt_id: int
    answer_id: int


@dataclass(frozen=True, slots=True)
class LedgerMark:
    """What a ledger held at a moment, for `LedgerReader.touched_since` later: made and read by ledgers alone."""

    newest: tuple[int, ...]
    open_attempts: frozenset[int]


class IntegrityViolation(Exception):
    """A write that breaks a rule of the ledger, such as a fact that is recorded twice: a mistake of the program."""
