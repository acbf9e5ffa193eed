"""Folders that take no clip are found without writing to them."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from batchrunner.io.files import Root
from batchrunner.storage.output_folders import folder_faults, try_folders
from tests.acceptance.test_bad_folders import contents


def disk(**said: int) -> Callable[[Path], SimpleNamespace]:
    """What the system says of every disk."""
    usual = {"f_flag": 0, "f_blocks": 1000, "f_bavail": 1 << 20, "f_frsize": 4096}
    return lambda _: SimpleNamespace(**{**usual, **said})


def test_a_folder_that_would_be_made_is_good_and_not_made(tmp_path: Path) -> None:
    assert folder_faults([tmp_path / "outputs" / "film", tmp_path]) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "film", "film/draft"])
def test_a_file_where_a_folder_must_be_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "outputs").write_bytes(b"mine")
    (fault,) = folder_faults([tmp_path / "outputs" / below])
    into = f", and clips are to go into {tmp_path}/outputs/{below}" if below else ""
    assert fault == f"{tmp_path}/outputs is not a folder{into}"
    assert contents(tmp_path) == {"outputs": b"mine"}


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "outputs").symlink_to(tmp_path / "unplugged")
    (fault,) = folder_faults([tmp_path / "outputs" / "film"])
    assert fault.startswith(f"{tmp_path}/outputs is not a folder")


def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    assert folder_faults([tmp_path / "outputs"]) == [f"{tmp_path} is not writable for this user"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"f_flag": os.ST_RDONLY}, "{} is on a read-only disk"),
        ({"f_bavail": 0}, "the disk of {} is full"),
        ({"f_blocks": 0, "f_bavail": 0}, None),
        ({"f_bavail": 4096}, None),
    ],
)
def test_a_disk_that_takes_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, int], fault: str | None
) -> None:
    monkeypatch.setattr(os, "statvfs", disk(**said))
    assert folder_faults([tmp_path / "outputs"]) == ([fault.format(tmp_path)] if fault else [])


def test_one_cause_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert len(folder_faults([tmp_path / "file", tmp_path / "file", tmp_path / "outputs"])) == 1


def test_a_try_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    assert try_folders(Root(tmp_path), [tmp_path / "outputs" / "film"]) == []
    assert list((tmp_path / "outputs" / "film").iterdir()) == []


def test_a_try_finds_what_cannot_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> object:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(Root, "create", refused)
    assert try_folders(Root(tmp_path), [tmp_path / "outputs"]) == [
        f"{tmp_path}/outputs cannot be written to: Disk quota exceeded"
    ]


def test_a_try_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "outputs").symlink_to(tmp_path / "elsewhere")
    (fault,) = try_folders(Root(tmp_path), [tmp_path / "outputs" / "film"])
    assert f"{tmp_path}/outputs is a link" in fault
    assert list((tmp_path / "elsewhere").iterdir()) == []
