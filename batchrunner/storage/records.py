"""What is written down in one piece: a run at its start, and the claim to submit a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batchrunner.domain.job import JobId
from batchrunner.domain.request import Request


@dataclass(frozen=True, slots=True)
class NewRun:
    """One invocation, as it is written down at its start."""

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
