"""Each row that decides about money has a digest over what it says."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batchrunner.io.roots import STATE_FOLDER
from batchrunner.storage.sqlite.digests import COVERED, content_digest, owner_digest
from batchrunner.storage.sqlite.ledger import SqliteLedger
from tests.ledgers.make import HERE
from tests.storage.ledger_samples import HERO, every_kind_of_fact, raw

# filled in later, or the digest itself
BESIDE = {"attempt": {"settled_at_s", "digest"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / STATE_FOLDER / "ledger.db"
    every_kind_of_fact(found)
    return found


@pytest.mark.parametrize("table", COVERED)
def test_a_digest_covers_every_column_that_never_changes(path: Path, table: str) -> None:
    columns = {name for _, name, *_ in raw(path).execute(f"PRAGMA table_info({table})")}
    assert set(COVERED[table].columns) == columns - BESIDE.get(table, {"digest"})


def all_digests(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """What every row has, and what it should have."""
    found = []
    for table, covered in COVERED.items():
        for *values, has in db.execute(f"SELECT {', '.join(covered.columns)}, digest FROM {table}"):
            owner = tuple(values[: len(covered.owner)])
            found.append((has, owner_digest(owner) + content_digest(tuple(values))))
    return found


def test_every_row_that_is_written_has_its_digest(path: Path) -> None:
    with SqliteLedger.writing(path) as ledger:
        run_id = ledger.history(HERO).attempts[0].run_id
        ledger.adopt(HERO, 3, 1, run_id, 1.0)
    with closing(raw(path)) as db:
        digests = all_digests(db)
    assert len(digests) >= 6
    assert [has for has, _ in digests] == [should for _, should in digests]


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.db")))
def test_the_rows_of_an_old_ledger_get_theirs(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "ledger.db"
    copy.write_bytes((HERE / name).read_bytes())
    with SqliteLedger.trusting(copy):
        pass
    with closing(raw(copy)) as db:
        digests = all_digests(db)
    assert len(digests) > 60
    assert [has for has, _ in digests] == [should for _, should in digests]


def test_a_digest_is_the_same_under_every_python() -> None:
    """It is on record: were it computed otherwise one day, every row would look damaged."""
    values = ("film", "", "hero", 1, "héros 漢字 \ud800 \U0001fadf", 2.5, None, 7)
    assert (owner_digest(values[:4]), content_digest(values)) == ("fe1ab7f5", "813c2d47b96a18c5")
