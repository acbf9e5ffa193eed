"""The next command to type, for each kind of thing that is left to do."""

import shlex
from collections.abc import Iterable, Iterator, Mapping

from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.domain.text import listed, plural
from batchrunner.reports.failure_help import Help, help_of
from batchrunner.reports.report import ReportRow

# Paid, and not on the disk yet.
_PAID = {Status.RUNNING, Status.RENDERED}

_MOST_NAMED = 5
_MOST_COMMANDS = 5

_WORK_LEFT = (
    HoldReason.DRAIN,
    HoldReason.DEADLINE,
    HoldReason.HALT,
    HoldReason.LEDGER,
    HoldReason.TASK_TIMEOUT,
    HoldReason.FETCH_FAILED,
    HoldReason.TASK_REFUSED,
    HoldReason.IN_FLIGHT,
    HoldReason.NOT_AGREED,
    HoldReason.WAITS_FOR_REUSE,
)

_SENTENCES: Mapping[HoldReason, str] = {
    HoldReason.DAMAGED: "{count} held because their rows in the ledger are damaged: restore an intact copy of the "
    "ledger (or, if the receipts are intact, move it away: they record what was paid), then "
    "`batchrunner run {manifest}`",
    HoldReason.EXPIRED: "{count} paid, but the service no longer has the result: `batchrunner fetch {manifest}` asks "
    "once more, free; `batchrunner redo {manifest} {jobs}` pays again",
    HoldReason.FOREIGN_FILE: "{count} held because another file is at the output path: move that file, or give the job "
    "another `output:`, then `batchrunner run {manifest}`",
    HoldReason.KEY: "the API key was refused: set MODELLIX_API_KEY, then `batchrunner run {manifest}`",
    HoldReason.OTHER_KEY: "{count} submitted with another API key: set that key, then `batchrunner fetch {manifest}`",
    HoldReason.BALANCE: "the balance is used up: top it up, then `batchrunner run {manifest}`",
    HoldReason.COST_LIMIT: "{count} not submitted because of the cost limit: raise `settings.budget` or `--max-cost`",
    HoldReason.PRICE: "{count} not submitted because clips cost more than was approved: pass today's prices with "
    "--prices",
    HoldReason.UPLOAD: "{count} waiting for an image whose upload failed; to try again: `batchrunner run {manifest}`",
    HoldReason.ADDRESS: "{count} refused because of the address or the model: check `model` and MODELLIX_BASE_URL",
}


def next_commands(rows: Iterable[ReportRow], manifest: str, options: Iterable[str] = ()) -> list[str]:
    """One line for each kind of thing that is left; empty where nothing is.

    `manifest` is its path, as typed; `options` are those without which a command would be about other jobs.
    """
    rows, manifest = list(rows), shlex.join([manifest, *options])
    lines = []
    unknown = [
        row.identity.name for row in rows if row.status is Status.UNKNOWN and row.hold_reason is not HoldReason.DAMAGED
    ]
    unknown = unknown or [row.identity.name for row in rows if row.hold_reason is HoldReason.UNKNOWN]
    if unknown:
        lines.append(
            f"{len(unknown)} sent without an answer, may be paid, and not sent again until you decide. "
            f"To see what to look for in the web console: `batchrunner resolve {manifest}`; "
            f"then: `batchrunner resolve {manifest} {unknown[0]} --task ID` (or --not-submitted, or --pay-again)"
        )
    for block, sentence in _SENTENCES.items():
        count = sum(1 for row in rows if row.hold_reason is block)
        if count:
            jobs = _jobs([row for row in rows if row.hold_reason is block], "status:expired")
            lines.append(sentence.format(count=count, manifest=manifest, jobs=jobs))
    if any(row.hold_reason in _WORK_LEFT or not row.is_last for row in rows):
        lines.append(f"to continue: `batchrunner run {manifest}`")
        if any(row.status in _PAID for row in rows):
            lines[-1] += f"; to download what is paid and submit nothing: `batchrunner fetch {manifest}`"
    return [*lines, *_after_failures([row for row in rows if row.status is Status.FAILED], manifest)]


def first_commands(rows: Iterable[ReportRow], manifest: str, options: Iterable[str] = ()) -> list[str]:
    """The same at the end of a run: of many, the first, and the command that shows all."""
    lines, options = next_commands(rows, manifest, options), list(options)
    if len(lines) <= _MOST_COMMANDS:
        return lines
    rest = len(lines) - _MOST_COMMANDS + 1
    return [*lines[:-rest], f"{rest} more kinds of work: `batchrunner status {shlex.join([manifest, *options])}`"]


def _after_failures(failed: list[ReportRow], manifest: str) -> Iterator[str]:
    edited = [row for row in failed if help_of(row.error) is Help.EDIT]
    again = [row for row in failed if help_of(row.error) is not Help.EDIT]
    if edited:
        where = listed(f"{row.identity.name}{_line(row)}" for row in edited)
        yield f"edit what was refused as it is, {where}; then `batchrunner run {manifest}`"
    if again:
        which = "the failed jobs" if not edited else plural(len(again), "failed job")
        named = f" {_jobs(again, 'class:provider')}" if edited else ""
        yield f"to retry {which} (each is paid again): `batchrunner retry {manifest}{named}`"


def _line(row: ReportRow) -> str:
    return f" ({row.source[0]}:{row.source[1]})" if row.source else ""


def _jobs(rows: list[ReportRow], selection: str) -> str:
    """Jobs as a command names them: each by its name, or many by a word of `--select`."""
    if len(rows) > _MOST_NAMED:
        return f"--select {selection}"
    return shlex.join(row.identity.name for row in rows)
