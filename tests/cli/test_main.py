"""The one place where errors become sentences and exit codes; and the code of a whole run."""

import errno
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import click
import pytest

from batchrunner import errors
from batchrunner.cli import main as boundary
from batchrunner.domain.status import Status
from batchrunner.domain.step import Action, HoldReason, Step
from batchrunner.engine.exit_code import exit_code
from batchrunner.engine.shutdown import ShutdownReason
from batchrunner.errors import BatchrunnerError, ExitCode


@pytest.fixture
def bugs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where tracebacks go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ends(monkeypatch: pytest.MonkeyPatch, how: BaseException | int | None) -> int:
    """The exit code of a command that ends like this."""

    @click.command()
    def command() -> int | None:
        if isinstance(how, BaseException):
            raise how
        return how

    monkeypatch.setattr(boundary, "group", command)
    return boundary.outcome([])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("that is why"), 2),
        (errors.InvalidManifest([]), 2),
        (errors.BadReceipts(["that is why"]), 2),
        (errors.NotConfirmed("that is why"), 2),
        (errors.NewerLedger("that is why"), 2),
        (errors.UntrustedLedger("that is why"), 2),
        (errors.Unauthorized("that is why"), 3),
        (errors.InsufficientBalance("that is why"), 3),
        (errors.CertificateRefused("that is why"), 5),
        (errors.LedgerError("that is why"), 5),
        (errors.ClaimConflict("that is why"), 5),
        (errors.RunLocked("that is why"), 11),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_expected_error_is_one_sentence_and_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BatchrunnerError, code: int
) -> None:
    assert ends(monkeypatch, error) == code
    assert capsys.readouterr() == ("", f"batchrunner: {error}\n")


def test_every_error_of_ours_is_in_that_table() -> None:
    def kinds(kind: type[BatchrunnerError]) -> Iterator[type[BatchrunnerError]]:
        for below in kind.__subclasses__():
            yield below
            yield from kinds(below)

    assert {kind.__name__ for kind in kinds(BatchrunnerError)} == {
        "UsageError",
        "InvalidManifest",
        "BadReceipts",
        "NotConfirmed",
        "NewerLedger",
        "UntrustedLedger",
        "Unauthorized",
        "InsufficientBalance",
        "CertificateRefused",
        "LedgerError",
        "ClaimConflict",
        "RunLocked",
    }
    tree = errors.__doc__ or ""
    assert all(kind.__name__ in tree for kind in kinds(BatchrunnerError))


@pytest.mark.parametrize("how", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_says_that_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: BaseException
) -> None:
    assert ends(monkeypatch, how) == 130
    assert capsys.readouterr().err.strip() == "interrupted; nothing is lost, run the same command to continue"


def test_a_reader_that_has_seen_enough_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(monkeypatch, BrokenPipeError(errno.EPIPE, "Broken pipe")) == 0
    assert capsys.readouterr() == ("", "")


def test_anything_else_is_our_bug_with_its_traceback_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bugs: Path
) -> None:
    assert ends(monkeypatch, ZeroDivisionError("a bug of ours")) == 70
    (log,) = bugs.glob("batchrunner-bug-*.log")
    shown = capsys.readouterr()
    assert shown == ("", f"batchrunner: this is a bug in batchrunner, not your mistake. Please report {log}\n")
    assert "ZeroDivisionError: a bug of ours" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(("how", "code"), [(None, 0), (0, 0), (ExitCode.DONE, 0), (ExitCode.WORK_LEFT, 5), (1, 1)])
def test_what_a_command_returns_is_its_code(monkeypatch: pytest.MonkeyPatch, how: int | None, code: int) -> None:
    assert ends(monkeypatch, how) == code


# The ladder of codes of a run


PERSON = {HoldReason.UNKNOWN, HoldReason.DAMAGED, HoldReason.EXPIRED, HoldReason.FOREIGN_FILE}
REFUSED = {HoldReason.KEY, HoldReason.OTHER_KEY, HoldReason.BALANCE}
LIMIT = {HoldReason.COST_LIMIT, HoldReason.PRICE}
SILENT = {HoldReason.NOT_SELECTED}
LATE = {HoldReason.DEADLINE}
LEFT = set(HoldReason) - PERSON - REFUSED - LIMIT - LATE - SILENT


def held(block: HoldReason) -> Step:
    return Step(Action.HOLD, Status.PENDING, "that is why", hold_reason=block)


FAILED = Step(Action.NONE, Status.FAILED, "the render broke")
DONE = Step(Action.NONE, Status.DONE, "done")
EVERY_END = [*(held(block) for block in HoldReason), FAILED, DONE]


def ladder(steps: tuple[Step, ...]) -> int:
    """The table of exit codes, as the command line promises it."""
    blocks = {step.hold_reason for step in steps}
    for code, kinds in ((4, PERSON), (3, REFUSED), (8, LIMIT), (10, LATE), (5, LEFT)):
        if blocks & kinds:
            return code
    return 1 if FAILED in steps else 0


@pytest.mark.parametrize("number", range(4))
def test_the_gravest_end_of_any_job_is_the_code_of_the_run(number: int) -> None:
    for steps in combinations(EVERY_END, number):
        assert exit_code(steps) == ladder(steps), steps
        assert exit_code(reversed(steps)) == ladder(steps), steps


def test_all_ends_at_once_need_a_person_first_of_all() -> None:
    found = []
    left = EVERY_END
    while left:
        code = exit_code(left)
        found.append(int(code))
        left = [step for step in left if exit_code([step]) is not code]
    assert found == [4, 3, 8, 10, 5, 1, 0]


@pytest.mark.parametrize(
    ("by", "code"), [(ShutdownReason.INTERRUPT, 130), (ShutdownReason.HANGUP, 130), (ShutdownReason.TERMINATE, 143)]
)
def test_who_leaves_at_once_says_by_which_signal(by: ShutdownReason, code: int) -> None:
    assert exit_code(EVERY_END, by) == code
    assert exit_code([], by) == code


def test_a_bill_above_the_estimate_counts_even_where_every_job_is_done() -> None:
    assert exit_code([DONE], is_overcharged=True) == 8
    assert exit_code([DONE, FAILED], is_overcharged=True) == 8
    assert exit_code(EVERY_END, is_overcharged=True) == 4


def test_a_failed_job_that_is_held_for_another_reason_counts_for_that_reason() -> None:
    step = Step(Action.HOLD, Status.FAILED, "not asked for", hold_reason=HoldReason.NOT_SELECTED)
    assert exit_code([step]) == 0


@pytest.mark.parametrize("action", [Action.SUBMIT, Action.POLL, Action.FETCH, Action.SETTLE, Action.RESTORE])
def test_a_job_that_could_have_gone_on_leaves_work(action: Action) -> None:
    """As when the disk of the ledger is full: nothing holds the job, and yet it stands still."""
    assert exit_code([DONE, FAILED, Step(action, Status.PENDING, "new")]) == 5
