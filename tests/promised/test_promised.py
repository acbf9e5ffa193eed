"""What is persisted or promised stays: a rename inside of the program changes none of it."""

import json
from pathlib import Path

import pytest

from tests.promised import receipts
from tests.promised.snapshots import HERE, SNAPSHOTS, Snapshot

DECIDE = """\
{name}: what is persisted or promised is not what it was (- went missing, + appeared):
{difference}
Renewal is a decision: a name that is gone or another breaks somebody's ledger, receipts, script or manifest.
If it is meant, run `python -m tests.promised.renew {stem}`, and say in the commit and in CHANGELOG.md what breaks."""


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda snapshot: snapshot.name)
def test_what_is_persisted_or_promised_stays_as_it_was(snapshot: Snapshot) -> None:
    kept, given = snapshot.kept, snapshot.given()
    stem = snapshot.path.stem
    assert kept == given, DECIDE.format(name=snapshot.name, stem=stem, difference=snapshot.difference(kept, given))


def test_every_file_of_promises_is_compared_with_something() -> None:
    kept = {path.name for path in HERE.iterdir() if path.is_file() and path.suffix != ".py"}
    assert kept == {snapshot.name for snapshot in SNAPSHOTS}


def test_receipts_that_were_kept_are_taken_in_and_written_again_byte_for_byte(tmp_path: Path) -> None:
    kept = (HERE / "receipts.jsonl").read_bytes()
    assert receipts.written_again(kept, tmp_path) == kept


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda snapshot: snapshot.name)
def test_a_line_that_is_missing_is_named(snapshot: Snapshot) -> None:
    kept = snapshot.kept
    if snapshot.name.endswith(".json"):
        data = json.loads(kept)
        name, _ = data.popitem()
        given = json.dumps(data)
    else:
        name = kept.splitlines()[-1]
        given = kept.removesuffix(f"{name}\n")
    assert f"- {name}" in snapshot.difference(kept, given)
