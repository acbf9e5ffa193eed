"""Files are there whole or not at all, and never on top of another."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from batchrunner import files, resources


@pytest.fixture(params=["links", "no links"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A disk with hard links, and one without, such as exFAT."""
    if request.param == "no links":

        def refuses(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuses)
    return str(request.param)


on_every_disk = pytest.mark.usefixtures("disk")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / ".hero.mp4.part"
    path.write_bytes(b"new")
    return path


@on_every_disk
def test_a_file_gets_its_final_name_in_a_new_folder(source: Path, tmp_path: Path) -> None:
    final = tmp_path / "outputs" / "film" / "hero.mp4"
    files.put_in_place(source, final)
    assert final.read_bytes() == b"new"
    assert not source.exists()


@on_every_disk
def test_a_file_that_is_there_already_stays(source: Path, tmp_path: Path) -> None:
    final = tmp_path / "hero.mp4"
    final.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        files.put_in_place(source, final)
    assert (final.read_bytes(), source.read_bytes()) == (b"old", b"new")


@on_every_disk
def test_an_empty_file_is_a_file_too(source: Path, tmp_path: Path) -> None:
    final = tmp_path / "hero.mp4"
    final.touch()
    with pytest.raises(FileExistsError):
        files.put_in_place(source, final)
    assert final.read_bytes() == b""


@on_every_disk
@pytest.mark.parametrize("content", [b"far away", None])
def test_a_link_to_another_place_stays_even_if_nothing_is_there(
    source: Path, tmp_path: Path, content: bytes | None
) -> None:
    final, target = tmp_path / "hero.mp4", tmp_path / "archive.mp4"
    if content is not None:
        target.write_bytes(content)
    final.symlink_to(target)
    with pytest.raises(FileExistsError):
        files.put_in_place(source, final)
    assert final.is_symlink()
    assert source.read_bytes() == b"new"


@on_every_disk
def test_a_folder_of_that_name_stays(source: Path, tmp_path: Path) -> None:
    (tmp_path / "hero.mp4").mkdir()
    with pytest.raises(FileExistsError):
        files.put_in_place(source, tmp_path / "hero.mp4")
    assert source.exists()


@on_every_disk
def test_a_source_that_is_gone_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.put_in_place(tmp_path / "gone", tmp_path / "hero.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_file_grows_beside_its_final_name_and_hidden() -> None:
    assert files.hidden_neighbour(Path("outputs/hero.mp4")) == Path("outputs/.hero.mp4.part")


def test_a_text_is_written_whole_over_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "note.json"
    files.write_whole(path, "one")
    files.write_whole(path, "zwei: ü")
    assert path.read_bytes() == "zwei: ü".encode()
    assert os.listdir(path.parent) == ["note.json"]  # noqa: PTH208  # hidden neighbours count


@pytest.mark.parametrize("size_bytes", [0, 1, 1 << 20, (1 << 20) + 1])
def test_a_digest_is_that_of_all_bytes(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * size_bytes)
    assert files.sha256_of(path) == hashlib.sha256(b"x" * size_bytes).hexdigest()


def test_a_private_folder_hides_itself_and_keeps_what_it_was_told(tmp_path: Path) -> None:
    folder = tmp_path / "a" / ".batchrunner"
    files.make_private_folder(folder)
    ignore = folder / ".gitignore"
    assert ignore.read_text(encoding="utf-8") == "*\n"
    ignore.write_text("mine\n", encoding="utf-8")
    files.make_private_folder(folder)
    assert ignore.read_text(encoding="utf-8") == "mine\n"


def test_the_shipped_data_is_found_wherever_the_program_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resources.read_text("schemas/report.schema.json").startswith("{")
    assert resources.read_text("jobs-examples/01-first.yaml").startswith("#")
    assert resources.read_package_text("ledger/tables.sql").startswith("--")
    assert resources.read_bytes("sandbox/clip.mp4")[4:8] == b"ftyp"


def test_a_full_disk_is_told_with_the_file_that_it_did_not_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "sync_file", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        files.write_whole(tmp_path / "note.json", "{}")
    assert caught.value.filename == str(tmp_path / "note.json")
