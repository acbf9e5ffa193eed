"""Receipts: the text form of the ledger for git, beside the manifest."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchrunner.catalog import shipped
from batchrunner.domain.job import JobId
from batchrunner.domain.receipt import (
    AdoptionReceipt,
    DecisionReceipt,
    Receipt,
    SubmitReceipt,
    decision_of,
    receipts_of,
)
from batchrunner.domain.receipt_reader import ReadRequest, read_adoption, read_decision, read_receipt
from batchrunner.domain.receipt_schema import NAME, check_line
from batchrunner.errors import BatchrunnerError, LedgerError, UsageError
from batchrunner.io import mp4
from batchrunner.storage.interface import Ledger
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.receipts_file import Line, RefusedLine, append_line, read_lines, refuse

SUFFIX = ".receipts.jsonl"
_Reader = Callable[[str, Mapping[str, Any], ReadRequest], Receipt]
_READERS: Mapping[str, _Reader] = {"submit": read_receipt, "decision": read_decision, "adoption": read_adoption}
# Lines of one moment keep this order in every release: a file that is in git changes by what is new only.
_ORDER: Mapping[type[Receipt], int] = {AdoptionReceipt: 0, DecisionReceipt: 1, SubmitReceipt: 2}


def receipts_path(project: ProjectPaths, manifest: str) -> Path:
    """`<name>.receipts.jsonl` in the folder that the clips are relative to."""
    return project.base / f"{manifest}{SUFFIX}"


def read_receipts(project: ProjectPaths) -> tuple[Receipt, ...]:
    """The receipts of every manifest in this folder: what one paid, another may take over.

    Raises:
        UsageError: a file cannot be read, or lines of it; it names each.
    """
    stems = (path.name.removesuffix(SUFFIX) for path in project.base.glob(f"*{SUFFIX}"))
    names = sorted(stem for stem in stems if NAME.fits(stem))  # no manifest is called otherwise
    return tuple(each for name in names for each in _read(project, name))


def _read(project: ProjectPaths, manifest: str) -> list[Receipt]:
    read = [_receipt(manifest, line) for line in read_lines(project.safe, receipts_path(project, manifest))]
    refuse([each for each in read if isinstance(each, RefusedLine)])
    return [each for each in read if not isinstance(each, RefusedLine)]


def _receipt(manifest: str, line: Line | RefusedLine) -> Receipt | RefusedLine:
    if isinstance(line, RefusedLine):
        return line
    try:
        kind, data = check_line(line.data)
        return _READERS[kind](manifest, data, lambda request: shipped().request_of(request["model"], request["fields"]))
    except (ValueError, RecursionError) as error:
        return RefusedLine(line.location, str(error))


@dataclass(slots=True)
class ReceiptsWriter:
    """Writes receipts beside a ledger. What the disk does not take is reported once: the ledger has it already."""

    project: ProjectPaths
    ledger: Ledger
    say: Callable[[str], None]
    _has_failed: bool = False

    def submit(self, identity: JobId, attempt_id: int) -> None:
        """Appends how a submit stands; it is on the disk when this returns."""
        attempts = self.ledger.history(identity).attempts
        self._append(identity, (SubmitReceipt(identity, a, a.host) for a in attempts if a.id == attempt_id))

    def decisions(self, identities: Iterable[JobId]) -> None:
        """Appends the last decision about each of these jobs, likewise."""
        for identity in identities:
            history = self.ledger.history(identity)
            self._append(identity, (decision_of(identity, decision, history) for decision in history.decisions[-1:]))

    def whole(self, manifest: str) -> None:
        """Writes the receipts of a manifest whole, sorted, so that they merge in git; nothing where nothing was sent.

        What was put there meanwhile is imported first, and what has to wait is kept.
        """
        try:
            there = _read(self.project, manifest)
            self.ledger.import_receipts(there)
            _write(self.project, manifest, self.ledger, there)
        except (OSError, LedgerError, UsageError, ValueError) as error:
            self._failed(manifest, error)

    def _append(self, identity: JobId, receipts: Iterable[Receipt]) -> None:
        try:
            for each in receipts:
                append_line(self.project.safe, receipts_path(self.project, identity.manifest), _line(each))
        except (OSError, ValueError) as error:
            self._failed(identity.manifest, error)

    def _failed(self, manifest: str, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            path = receipts_path(self.project, manifest)
            why = error.lines[0] if isinstance(error, BatchrunnerError) else str(error)
            self.say(
                f"the receipts could not be written: {path}: {why}. The ledger has recorded it; "
                "other machines do not know it yet"
            )


def _write(project: ProjectPaths, manifest: str, ledger: Ledger, there: Sequence[Receipt]) -> None:
    whole = ((who, history) for who, history in ledger.histories(manifest).items() if not history.damage)
    known = [each for who, history in whole for each in receipts_of(who, history)]
    receipts = sorted(
        (*known, *ledger.unrecorded(there)), key=lambda each: (each.identity, each.at_s, _ORDER[type(each)])
    )
    lines, unfit = _lines(receipts)
    path = receipts_path(project, manifest)
    before = path.read_bytes() if path.exists() else b""
    if before != b"".join(lines):
        project.safe.write_whole(path, b"".join(lines))
    if unfit:
        raise unfit


def _lines(receipts: Iterable[Receipt]) -> tuple[list[bytes], ValueError | None]:
    """The lines that can be read again, and what is wrong with the others."""
    lines, unfit = [], None
    for each in receipts:
        try:
            lines.append(_line(each))
        except ValueError as error:
            unfit = error
    return list(dict.fromkeys(lines)), unfit


def _line(receipt: Receipt) -> bytes:
    """One line as it is written.

    Raises:
        ValueError: nobody would import it: the clock or the name of this machine is beyond all bounds.
    """
    data = receipt.as_json()
    check_line(data)
    return f"{json.dumps(data, ensure_ascii=False)}\n".encode()


def _is_clip(path: Path) -> bool:
    return path.is_file() and mp4.fault(path) is None


def check_memory(project: ProjectPaths, manifest: str, outputs: Iterable[str]) -> None:
    """Clips without a ledger and without receipts: the record of what was paid is lost.

    Raises:
        UsageError: it is; only `--fresh` says that this is meant.
    """
    remembers = project.ledger.exists() and project.ledger.stat().st_size > 0
    if remembers or receipts_path(project, manifest).exists():
        return
    there = next((output for output in outputs if _is_clip(project.output(output))), None)
    if there is not None:
        raise UsageError(
            f"{there} exists, but neither a ledger ({project.ledger}) nor receipts "
            f"({receipts_path(project, manifest).name}): the record of what was paid is lost; nothing was submitted. "
            "Restore one of them (git, a backup, another machine) and run the same command again: nothing is paid "
            "twice. Or pass --fresh to start over and pay for what is missing"
        )
