"""What is remembered of an account beside its key: read within bounds, and never a reason for a run to fail."""

from pathlib import Path

import pytest

from batchrunner.storage.account_limits import AccountLimits, own_limits

DIGEST, ADDRESS = "0123456789abcdef", "https://api.example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "accounts"


def test_what_was_learned_last_is_known_in_every_project(folder: Path) -> None:
    assert AccountLimits(folder).slots(DIGEST, ADDRESS) is None
    AccountLimits(folder).remember(DIGEST, ADDRESS, 10)
    AccountLimits(folder).remember(DIGEST, ADDRESS, 20)
    assert AccountLimits(folder).slots(DIGEST, ADDRESS) == 20


def test_another_key_and_another_address_are_other_accounts(folder: Path) -> None:
    AccountLimits(folder).remember(DIGEST, ADDRESS, 10)
    assert AccountLimits(folder).slots("another", ADDRESS) is None
    assert AccountLimits(folder).slots(DIGEST, "https://elsewhere.example.com") is None


def test_neither_key_nor_address_is_written_and_nobody_else_may_read(folder: Path) -> None:
    AccountLimits(folder).remember(DIGEST, ADDRESS, 10)
    [file] = folder.iterdir()
    assert DIGEST not in file.name
    assert file.read_text() == '{"slots": 10}'
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "10",
        "{}",
        '{"slots": "10"}',
        '{"slots": 10.5}',
        '{"slots": true}',
        '{"slots": 0}',
        '{"slots": -3}',
        '{"slots": 1000001}',
        '{"slots": 1' + "0" * 5000 + "}",
        "[" * 250,
        '{"slots": 10}' + " " * 300,
        "\udcff",
    ],
)
def test_what_is_no_number_of_slots_is_not_known(folder: Path, text: str) -> None:
    AccountLimits(folder).remember(DIGEST, ADDRESS, 10)
    [file] = folder.iterdir()
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert AccountLimits(folder).slots(DIGEST, ADDRESS) is None


def test_a_link_in_its_place_leads_nowhere(folder: Path, tmp_path: Path) -> None:
    AccountLimits(folder).remember(DIGEST, ADDRESS, 10)
    [file] = folder.iterdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text('{"slots": 7}')
    file.unlink()
    file.symlink_to(elsewhere)
    assert AccountLimits(folder).slots(DIGEST, ADDRESS) is None
    AccountLimits(folder).remember(DIGEST, ADDRESS, 20)
    assert elsewhere.read_text() == '{"slots": 7}'


def test_a_folder_that_cannot_be_written_is_no_error(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder belongs")
    AccountLimits(folder).remember(DIGEST, ADDRESS, 10)
    assert AccountLimits(folder).slots(DIGEST, ADDRESS) is None


def test_nothing_is_kept_where_there_is_no_folder() -> None:
    AccountLimits(None).remember(DIGEST, ADDRESS, 10)
    assert AccountLimits(None).slots(DIGEST, ADDRESS) is None


def test_a_person_s_own_are_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    own_limits().remember(DIGEST, ADDRESS, 10)
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "batchrunner" / "accounts"]
