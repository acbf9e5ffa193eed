"""The next command to type, for each kind of thing that is left to do."""

import shlex
from collections.abc import Iterable, Mapping

from batchrunner.domain.status import Status
from batchrunner.domain.step import HoldReason
from batchrunner.reports.report import ReportRow

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
    "once more, free; `batchrunner redo {manifest} JOB` pays for a job again",
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
            f"{len(unknown)} sent without an answer, may be paid. To see what to look for in the web console: "
            f"`batchrunner resolve {manifest}`; "
            f"then: `batchrunner resolve {manifest} {unknown[0]} --task ID` (or --not-submitted, or --pay-again)"
        )
    for block, sentence in _SENTENCES.items():
        count = sum(1 for row in rows if row.hold_reason is block)
        if count:
            lines.append(sentence.format(count=count, manifest=manifest))
    if any(row.hold_reason in _WORK_LEFT or not row.is_last for row in rows):
        lines.append(f"to continue: `batchrunner run {manifest}`")
    if any(row.status is Status.FAILED for row in rows):
        lines.append(f"to retry the failed jobs (each is paid again): `batchrunner retry {manifest}`")
    return lines
