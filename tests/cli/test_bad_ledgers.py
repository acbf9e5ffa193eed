"""Every command beside a ledger that is none, or a later release's: a sentence, and all stays as it is."""

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.storage.open import trust_ledger
from tests.ledgers.make import HERE

COMMANDS = [
    ["status", "film.yaml"],
    ["plan", "film.yaml"],
    ["report", "film.yaml"],
    ["uploads", "film.yaml"],
    ["run", "film.yaml", "--yes"],
    ["fetch", "film.yaml"],
    ["retry", "film.yaml", "--yes"],
    ["redo", "film.yaml", "done", "--yes"],
    ["resolve", "film.yaml", "unknown", "--pay-again"],
    ["accept", "film.yaml", "edited"],
]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a project in the current folder, whose service cannot be reached."""
    (tmp_path / ".batchrunner").mkdir()
    shutil.copy(HERE / "film.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELLIX_API_KEY", "mdlx-test-0001")
    monkeypatch.setenv("MODELLIX_BASE_URL", "http://127.0.0.1:9")
    with trust_ledger(Path(shutil.copy(HERE / "v1.db", tmp_path / ".batchrunner" / "ledger.db"))):
        pass
    return tmp_path / ".batchrunner" / "ledger.db"


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwritten(path: Path) -> None:
    """From its middle on it is somebody else's bytes, as after a bad copy."""
    middle = path.stat().st_size // 2
    path.write_bytes(path.read_bytes()[:middle] + b"\x5a" * middle)


def text(path: Path) -> None:
    path.write_text("a shopping list\n" * 300, encoding="utf-8")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "note").write_text("somebody's own", encoding="utf-8")


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file but the empty ones that a lock leaves."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("harm", [newer, cut, overwritten, text, folder])
def test_a_ledger_that_is_none_is_left_as_it_is(
    ledger: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], None], command: list[str]
) -> None:
    (ledger.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    harm(ledger)
    before = contents(ledger.parent.parent)

    code = outcome(command)

    said = capsys.readouterr().err
    assert code == (2 if harm is newer else 5), said
    assert "batchrunner: the ledger " in said
    assert ("update batchrunner" in said) == (harm is newer)
    assert contents(ledger.parent.parent) == before
