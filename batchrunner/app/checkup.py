"""What health checks look at, and what they find."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from batchrunner.app.endpoint import AccountAnswer
from batchrunner.errors import BatchrunnerError
from batchrunner.manifest.load import Manifest
from batchrunner.storage.paths import ProjectPaths

_NOT_ASKED = "not asked"


class Health(StrEnum):
    """What a check found. `WARNING` is worth a look; `WRONG` keeps a run from its end; `SKIPPED` was not looked at."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, in words, and what helps; no help where nothing needs any."""

    name: str
    state: Health
    words: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What the checks look at.

    `manifest` is None where none was named. `account` is what the service answered, by the clock of this machine at
    `now_s`; a text says why it was not asked, or that it did not answer.
    """

    project: ProjectPaths
    environment: Mapping[str, str]
    now_s: float
    account: AccountAnswer | str = _NOT_ASKED
    manifest: Manifest | None = None
    is_sandbox: bool = False


Found = tuple[Health, str, str]


def parted(error: Exception) -> tuple[str, str]:
    """What is wrong, and what helps, of one sentence."""
    first = error.lines[0] if isinstance(error, BatchrunnerError) else str(error)
    words, _, helps = first.partition(": ") if ": " in first else first.partition("; ")
    return (words, helps) if " " in helps else (first, "")
