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
    HoldReason.DAMAGED: "{count} held by damaged rows of the ledger: bring back a copy of it that is whole (or, where "
    "the receipts are whole, move it away: they hold what was paid), then `batchrunner run {manifest}`",
    HoldReason.EXPIRED: "{count} paid, but the service no longer has the result.",
    HoldReason.FOREIGN_FILE: "{count} held by a file in its place: give the job another `output:`, or move it away, "
    "then `batchrunner run {manifest}`",
    HoldReason.KEY: "the key was refused: set MODELLIX_API_KEY, then `batchrunner run {manifest}`",
    HoldReason.OTHER_KEY: "{count} submitted with another key: set that one, then `batchrunner fetch {manifest}`",
    HoldReason.BALANCE: "the balance is used up: top it up, then `batchrunner run {manifest}`",
    HoldReason.COST_LIMIT: "{count} left out by the cost limit: raise `settings.budget` or `--max-cost`",
    HoldReason.PRICE: "{count} left out because clips cost more than was agreed to: name today's prices with --prices",
    HoldReason.UPLOAD: "{count} wait for a picture that could not be uploaded, then `batchrunner run {manifest}`",
    HoldReason.ADDRESS: "{count} refused by address or model: check `model` and MODELLIX_BASE_URL",
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
            f"{len(unknown)} may have been paid. What to look for in the console: `batchrunner resolve {manifest}`; "
            f"then: `batchrunner resolve {manifest} {unknown[0]} --task ID` (or --not-submitted, or --pay-again)"
        )
    for block, sentence in _SENTENCES.items():
        count = sum(1 for row in rows if row.hold_reason is block)
        if count:
            lines.append(sentence.format(count=count, manifest=manifest))
    if any(row.hold_reason in _WORK_LEFT or not row.is_last for row in rows):
        lines.append(f"to go on: `batchrunner run {manifest}`")
    if any(row.status is Status.FAILED for row in rows):
        lines.append(f"to try the failed ones again (each is paid again): `batchrunner retry {manifest}`")
    return lines
