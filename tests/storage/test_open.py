"""Where a ledger is opened, what it is called decides which database keeps it."""

from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest

from batchrunner.cli.main import outcome
from batchrunner.errors import UsageError
from batchrunner.storage.open import open_ledger, read_ledger, trust_ledger
from tests.studio import manifest_text


@pytest.mark.parametrize("opens", [open_ledger, read_ledger, trust_ledger])
@pytest.mark.parametrize("location", ["postgresql://host/film", "postgres://host/film", Path("postgresql://host/film")])
def test_a_server_is_refused_in_one_sentence(opens: Callable[[Path | str], object], location: Path | str) -> None:
    with pytest.raises(UsageError, match="PostgreSQL is not supported yet"):
        opens(location)


def test_a_server_named_on_the_command_line_makes_no_folder_of_that_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.yaml").write_text(manifest_text("a"), encoding="utf-8")
    with chdir(tmp_path):
        assert outcome(["status", "film.yaml", "--ledger", "postgresql://host/film"]) == 2
    assert "PostgreSQL is not supported yet" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["film.yaml"]


def test_reading_a_ledger_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with read_ledger(tmp_path / "ledger.db") as ledger:
        assert ledger.all_histories() == {}
    assert list(tmp_path.iterdir()) == []
