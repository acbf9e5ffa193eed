"""Words and numbers that people and programs look up: exit codes, codes of problems, faults, kinds of events."""

from decimal import Decimal

from batchrunner import errors
from batchrunner.domain.event import EventKind
from batchrunner.domain.problem import Code, Severity
from batchrunner.errors import ExitCode
from batchrunner.sandbox import Charged, Fault, Leaked, Refunded, Uploaded
from batchrunner.sandbox.journal_events import Deleted, Opened, to_line
from tests.broken.transcripts import HEAD, transcripts
from tests.promised.outputs import listed
from tests.promised.story import CHOICES, story

_WARNING = ": warning: "


def exit_codes() -> object:
    """What a process ends with, in words of our own here, and which error that stops it ends how."""
    meanings = {
        "every job is done": ExitCode.DONE,
        "a job failed": ExitCode.FAILED,
        "usage, or nobody agreed": ExitCode.USAGE,
        "key refused, or balance used up": ExitCode.REFUSED,
        "a person is needed": ExitCode.PERSON_NEEDED,
        "work left": ExitCode.WORK_LEFT,
        "cost limit": ExitCode.COST_LIMIT,
        "deadline": ExitCode.DEADLINE,
        "another run is at work": ExitCode.LOCKED,
        "our bug": ExitCode.BUG,
        "interrupted": ExitCode.INTERRUPTED,
        "terminated": ExitCode.TERMINATED,
    }
    stops: dict[str, type[errors.BatchrunnerError]] = {
        "usage": errors.UsageError,
        "invalid manifest": errors.InvalidManifest,
        "bad receipts": errors.BadReceipts,
        "nobody agreed": errors.NotConfirmed,
        "no key": errors.Unauthorized,
        "balance does not pay for all": errors.InsufficientBalance,
        "certificate refused": errors.CertificateRefused,
        "ledger": errors.LedgerError,
        "ledger of a later release": errors.NewerLedger,
        "ledger of somebody else": errors.UntrustedLedger,
        "claim refused": errors.ClaimConflict,
        "locked": errors.RunLocked,
    }
    return {
        "all": sorted(map(int, ExitCode)),
        "meanings": {name: int(code) for name, code in meanings.items()},
        "errors": {name: int(error.exit_code) for name, error in stops.items()},
    }


def problem_codes() -> str:
    """Each code with its severities: its own, and what `tests/broken` shows."""
    found: dict[str, set[str]] = {str(code): {code.severity.value} for code in Code}
    for transcript in transcripts():
        for head in HEAD.finditer(transcript.expected):
            severity = Severity.WARNING if _WARNING in head[0] else Severity.ERROR
            found.setdefault(head["code"], set()).add(severity.value)
    return "".join(f"{code}  {', '.join(sorted(severities))}\n" for code, severities in sorted(found.items()))


def words() -> object:
    """Words beside those of a ledger, a plan and a report."""
    return {
        "kinds of lines in a log": listed(EventKind),
        "faults of the sandbox": listed(Fault),
        "words that --select takes": [word for word in CHOICES if story().printed[f"choice of {word}"]],
    }


def sandbox_journal() -> str:
    """What an imitated service remembers, one line of each kind."""
    events = (
        Opened(1.0),
        Charged(2.0, "task-1", "google/veo-3.1-i2v", {"prompt": "p"}, Decimal("2.576"), "ab" * 32, "0001", 60.0,
                frozenset({Fault.TASK_FAILED})),
        Refunded(3.0, "task-1", Decimal("2.576")),
        Uploaded(4.0, "file-1", "a.png", ".png", 70),
        Deleted(5.0, "file-1"),
        Leaked(6.0, "example.com", "GET", "/a", "0001"),
    )  # fmt: skip
    return "".join(to_line(event).decode() for event in events)
