"""Receipts: the text form of the ledger for git, beside the manifest; written whole, taken in where they lack."""

import json
from collections.abc import Iterable
from pathlib import Path

from batchrunner import mp4
from batchrunner.catalog import request_of
from batchrunner.errors import UsageError
from batchrunner.ledger import Ledger
from batchrunner.nouns.receipt import Receipt, receipt_of
from batchrunner.nouns.receipt_schema import NAME, PAID, check
from batchrunner.runner.project import Project
from batchrunner.runner.receipts_file import Fault, Line, read_lines, refuse

SUFFIX = ".receipts.jsonl"


def receipts_path(project: Project, manifest: str) -> Path:
    """`<name>.receipts.jsonl` in the folder that the clips are relative to."""
    return project.base / f"{manifest}{SUFFIX}"


def read_receipts(project: Project) -> tuple[Receipt, ...]:
    """The receipts of every manifest in this folder: what one paid, another may take over.

    Raises:
        UsageError: a file cannot be read, or lines of it; it names each.
    """
    stems = (path.name.removesuffix(SUFFIX) for path in project.base.glob(f"*{SUFFIX}"))
    names = sorted(stem for stem in stems if NAME.fits(stem))  # no manifest is called otherwise
    read = [_receipt(name, line) for name in names for line in read_lines(receipts_path(project, name))]
    refuse([each for each in read if isinstance(each, Fault)])
    return tuple(each for each in read if isinstance(each, Receipt))


def _receipt(manifest: str, line: Line | Fault) -> Receipt | Fault:
    if isinstance(line, Fault):
        return line
    try:
        data = check(line.data, PAID)
        return Receipt.from_json(manifest, data, request_of(data["request"]["model"], data["request"]["fields"]))
    except (ValueError, RecursionError) as error:
        return Fault(line.place, str(error))


def take_in(ledger: Ledger, receipts: Iterable[Receipt]) -> int:
    """Gives a ledger the paid clips that it does not know; how many those were.

    A clip may stand there twice, where the lines of two sides were kept: the line that knows more of it is taken.
    """
    known = ledger.task_ids()
    by_knowledge = sorted(receipts, key=lambda receipt: (receipt.path is not None, receipt.rendered_at_s is not None))
    missing = {receipt.task_id: receipt for receipt in by_knowledge if receipt.task_id not in known}
    if missing:
        ledger.take_in(sorted(missing.values(), key=lambda receipt: receipt.submitted_at_s))
    return len(missing)


def write_receipts(project: Project, manifest: str, ledger: Ledger, host: str) -> None:
    """Writes the receipts of a manifest whole, sorted, so that they merge in git; nothing where nothing was paid."""
    found = [
        receipt
        for identity, memory in ledger.memories(manifest).items()
        for attempt in memory.attempts
        if (receipt := receipt_of(identity, attempt, host))
    ]
    found.sort(key=lambda receipt: (receipt.identity, receipt.submitted_at_s, receipt.task_id))
    text = "".join(f"{json.dumps(receipt.as_json(), ensure_ascii=False)}\n" for receipt in found)
    path = receipts_path(project, manifest)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != before:
        project.safe.write_whole(path, text.encode())


def _is_clip(path: Path) -> bool:
    return path.is_file() and mp4.fault(path) is None


def check_memory(project: Project, manifest: str, outputs: Iterable[str]) -> None:
    """Clips without a ledger and without receipts: the memory of what was paid is lost.

    Raises:
        UsageError: it is; only `--fresh` says that this is meant.
    """
    remembers = project.ledger.exists() and project.ledger.stat().st_size > 0
    if remembers or receipts_path(project, manifest).exists():
        return
    there = next((output for output in outputs if _is_clip(project.output(output))), None)
    if there is not None:
        raise UsageError(
            f"{there} is there, but neither a ledger ({project.ledger}) nor receipts: the memory of what was paid is "
            "lost. Bring them back (git, another machine), or say --fresh to begin anew and pay for what is missing"
        )
