"""The checks of `doctor`, each by what it looks at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batchrunner.app import health_checks
from batchrunner.app.checkup import CheckResult, Checkup, Health
from batchrunner.app.endpoint import AccountAnswer
from batchrunner.app.health_checks import CHECKS, checked
from batchrunner.manifest.load import load
from batchrunner.providers.provider import BalanceReply, BalanceStatus, KeyStatus, RateLimitHeaders
from batchrunner.storage.paths import find_project
from tests.storage.sqlite.test_damage import harm
from tests.studio import Studio, manifest_text

NOON_S = 1_795_478_400.0
ENVIRONMENT = {"MODELLIX_API_KEY": "mdlx-0123456789"}


def answer(usd: int | None = 90, key: KeyStatus = KeyStatus.ACCEPTED, at_s: float | None = NOON_S) -> AccountAnswer:
    status = BalanceStatus.UNTOLD if usd is None else BalanceStatus.TOLD
    money = None if usd is None else Decimal(usd)
    return AccountAnswer(key, BalanceReply(status, money, RateLimitHeaders(sent_at_s=at_s)))


SILENT = AccountAnswer(KeyStatus.UNKNOWN, BalanceReply(BalanceStatus.UNANSWERED))


@pytest.fixture
def checkup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkup:
    """Everything is well, in an empty folder; nobody is to be kept awake for it."""
    monkeypatch.setattr(health_checks, "awake", kept_awake)
    return Checkup(find_project(tmp_path / "film.yaml"), ENVIRONMENT, NOON_S, answer())


@contextmanager
def kept_awake(_: object) -> Iterator[None]:
    yield


def found(name: str, checkup: Checkup) -> CheckResult:
    (result,) = (each for each in checked(checkup) if each.name == name)
    return result


def test_where_all_is_well_nothing_is_worth_a_look_and_nothing_is_written(checkup: Checkup) -> None:
    results = checked(checkup)
    assert [each.name for each in results] == list(CHECKS)
    assert {each.name: each.state for each in results if each.state is not Health.OK} == {"manifest": Health.SKIPPED}
    assert all(each.words and not each.help for each in results)
    assert list(checkup.project.root.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "environment", "state", "words", "help_"),
    [
        ("key", {}, Health.WRONG, "no API key found", "set MODELLIX_API_KEY"),
        ("key", {"MODELLIX_API_KEY": "mdlx 1"}, Health.WRONG, "contains an invalid character", "copy it again"),
        ("address", {"MODELLIX_BASE_URL": "http://example.com"}, Health.WRONG, "must be https", "unencrypted"),
        ("address", {"MODELLIX_BASE_URL": "nothing"}, Health.WRONG, "is not a valid URL", ""),
    ],
)
def test_what_the_environment_says_is_looked_at(
    checkup: Checkup, name: str, environment: dict[str, str], state: Health, words: str, help_: str
) -> None:
    result = found(name, replace(checkup, environment=environment))
    assert result.state is state
    assert words in result.words
    assert help_ in result.help


def test_the_key_is_named_by_its_end_alone(checkup: Checkup) -> None:
    assert found("key", checkup).words == "it ends with 6789, and is accepted"
    refused = found("key", replace(checkup, account=answer(key=KeyStatus.REFUSED)))
    assert (refused.state, refused.words) == (Health.WRONG, "it ends with 6789, and the service refuses it")
    assert refused.help


def test_a_service_that_does_not_answer_is_wrong_and_what_it_would_have_said_is_left_out(checkup: Checkup) -> None:
    silent = replace(checkup, account=SILENT)
    assert found("address", silent).state is Health.WRONG
    assert {found(name, silent).state for name in ("key", "balance", "clock")} == {Health.SKIPPED}


def test_a_service_with_a_certificate_that_is_not_accepted_is_wrong(checkup: Checkup) -> None:
    result = found(
        "address", replace(checkup, account=replace(SILENT, refusal="https://a.example: a bad certificate. Do so"))
    )
    assert result == CheckResult("address", Health.WRONG, "https://a.example: a bad certificate", "Do so")


@pytest.mark.parametrize(
    ("usd", "state"), [(0, Health.WARNING), (1, Health.OK), (None, Health.SKIPPED)], ids=["none", "some", "untold"]
)
def test_a_balance_of_nothing_is_worth_a_look(checkup: Checkup, usd: int | None, state: Health) -> None:
    assert found("balance", replace(checkup, account=answer(usd))).state is state


@pytest.mark.parametrize(
    ("ahead_s", "state", "words"),
    [
        (59, Health.OK, "within a minute"),
        (-61, Health.WARNING, "61 s behind the service's"),
        (300, Health.WARNING, "5 min ahead of the service's"),
        (7200, Health.WRONG, "2 h 00 min ahead of the service's"),
    ],
)
def test_a_clock_that_is_off_is_told(checkup: Checkup, ahead_s: float, state: Health, words: str) -> None:
    result = found("clock", replace(checkup, account=answer(at_s=NOON_S - ahead_s)))
    assert result.state is state
    assert words in result.words
    assert bool(result.help) is (state is not Health.OK)


def test_a_service_without_a_clock_tells_nothing_of_ours(checkup: Checkup) -> None:
    assert found("clock", replace(checkup, account=answer(at_s=None))).state is Health.SKIPPED


def test_the_sandbox_needs_neither_key_nor_address(checkup: Checkup) -> None:
    alone = replace(checkup, environment={}, account="not asked", is_sandbox=True)
    assert {each.state for each in checked(alone)} == {Health.OK, Health.SKIPPED}


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """A project with one clip."""
    studio = Studio(tmp_path)
    studio.write(manifest_text("a"))
    studio.run()
    return studio


def test_a_ledger_that_is_sound_says_how_much_it_knows(checkup: Checkup, studio: Studio) -> None:
    assert found("ledger", replace(checkup, project=studio.project)).words.endswith("sound; it knows 1 job")
    assert found("receipts", replace(checkup, project=studio.project)).words == "3 receipts can be read"


def test_a_ledger_that_nobody_here_trusts_is_wrong_and_says_what_to_type(
    checkup: Checkup, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-person"))
    result = found("ledger", replace(checkup, project=studio.project))
    assert result.state is Health.WRONG
    assert "was not made by you on this machine" in result.words
    assert "`batchrunner trust " in result.help


def test_a_ledger_with_a_damaged_row_is_wrong(checkup: Checkup, studio: Studio) -> None:
    harm(studio, "UPDATE attempt SET take = 2")
    result = found("ledger", replace(checkup, project=studio.project))
    assert (result.state, "damaged row" in result.words, bool(result.help)) == (Health.WRONG, True, True)


def test_a_file_that_is_no_ledger_is_wrong(checkup: Checkup) -> None:
    checkup.project.folder.mkdir()
    checkup.project.ledger.write_bytes(b"nothing of the kind")
    assert found("ledger", checkup).state is Health.WRONG


def test_receipts_that_cannot_be_read_are_wrong(checkup: Checkup, studio: Studio) -> None:
    with (studio.folder / "batch.receipts.jsonl").open("a", encoding="utf-8") as file:
        file.write("{\n")
    assert found("receipts", replace(checkup, project=studio.project)).state is Health.WRONG


def test_a_manifest_is_judged_where_one_is_named(checkup: Checkup, tmp_path: Path) -> None:
    film = tmp_path / "film.yaml"
    film.write_text(manifest_text("a"), encoding="utf-8")
    assert found("manifest", replace(checkup, manifest=load(film))).state is Health.OK
    film.write_text("version: 1\n", encoding="utf-8")
    wrong = found("manifest", replace(checkup, manifest=load(film)))
    assert (wrong.state, f"`batchrunner validate {film}`" in wrong.help) == (Health.WRONG, True)


def test_a_disk_that_takes_no_clips_is_wrong(checkup: Checkup, tmp_path: Path) -> None:
    film = tmp_path / "film.yaml"
    film.write_text(manifest_text("a"), encoding="utf-8")
    (tmp_path / "outputs").write_text("in the way", encoding="utf-8")
    result = found("disk", replace(checkup, manifest=load(film)))
    assert (result.state, "is not a folder" in result.words, bool(result.help)) == (Health.WRONG, True, True)


def test_a_disk_with_little_room_is_worth_a_look(checkup: Checkup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_checks, "_free_bytes", lambda _: 300_000_000)
    result = found("disk", checkup)
    assert (result.state, "300 MB" in result.words) == (Health.WARNING, True)


def test_a_machine_that_cannot_be_kept_awake_is_worth_a_look(
    checkup: Checkup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    result = found("sleep", checkup)
    assert (result.state, "may fall asleep" in result.words) == (Health.WARNING, True)


ATTRIBUTES = "*.png filter=lfs diff=lfs merge=lfs -text\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"


def test_pictures_of_git_lfs_that_were_not_fetched_are_wrong(
    checkup: Checkup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8")
    assert found("git-lfs", checkup).state is Health.WARNING

    film = tmp_path / "film.yaml"
    film.write_text(manifest_text("a").replace("https://example.com/a.jpg", "a.png"), encoding="utf-8")
    (tmp_path / "a.png").write_bytes(POINTER)
    wrong = found("git-lfs", replace(checkup, manifest=load(film)))
    assert (wrong.state, wrong.help) == (Health.WRONG, "install git-lfs, then `git lfs pull`")

    (tmp_path / "git-lfs").touch(mode=0o755)
    assert found("git-lfs", checkup).state is Health.OK
    assert found("git-lfs", replace(checkup, manifest=load(film))).help == "`git lfs pull`"


def test_attributes_that_are_a_link_are_not_followed(checkup: Checkup, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(ATTRIBUTES, encoding="utf-8")
    (tmp_path / ".gitattributes").symlink_to("elsewhere")
    assert found("git-lfs", checkup).words == "not used here"
