"""Files are there whole or not at all, and never on top of another."""

import errno
import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from batchrunner.io import files, resources, roots
from batchrunner.io.dir_fd import Refused


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


@pytest.fixture
def root(tmp_path: Path) -> files.Root:
    return files.Root(tmp_path)


@on_every_disk
def test_a_file_gets_its_final_name_in_a_new_folder(root: files.Root, source: Path, tmp_path: Path) -> None:
    final = tmp_path / "outputs" / "film" / "hero.mp4"
    root.move(source, final)
    assert final.read_bytes() == b"new"
    assert not source.exists()


@on_every_disk
def test_a_file_that_is_there_already_stays(root: files.Root, source: Path, tmp_path: Path) -> None:
    final = tmp_path / "hero.mp4"
    final.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        root.move(source, final)
    assert (final.read_bytes(), source.read_bytes()) == (b"old", b"new")


@on_every_disk
def test_an_empty_file_is_a_file_too(root: files.Root, source: Path, tmp_path: Path) -> None:
    final = tmp_path / "hero.mp4"
    final.touch()
    with pytest.raises(FileExistsError):
        root.move(source, final)
    assert final.read_bytes() == b""


@on_every_disk
@pytest.mark.parametrize("content", [b"far away", None])
def test_a_link_to_another_place_stays_even_if_nothing_is_there(
    root: files.Root, source: Path, tmp_path: Path, content: bytes | None
) -> None:
    final, target = tmp_path / "hero.mp4", tmp_path / "archive.mp4"
    if content is not None:
        target.write_bytes(content)
    final.symlink_to(target)
    with pytest.raises(FileExistsError):
        root.move(source, final)
    assert final.is_symlink()
    assert source.read_bytes() == b"new"


@on_every_disk
def test_a_folder_of_that_name_stays(root: files.Root, source: Path, tmp_path: Path) -> None:
    (tmp_path / "hero.mp4").mkdir()
    with pytest.raises(FileExistsError):
        root.move(source, tmp_path / "hero.mp4")
    assert source.exists()


@on_every_disk
def test_a_source_that_is_gone_makes_no_file(root: files.Root, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        root.move(tmp_path / "gone", tmp_path / "hero.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_file_grows_beside_its_final_name_hidden_and_under_a_name_that_nobody_foresees() -> None:
    names = {files.temporary(Path("outputs/hero.mp4")) for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"outputs/\.hero\.mp4\.[0-9a-f]{16}\.part", str(name)) for name in names)


def test_what_a_killed_try_left_is_taken_away_and_nothing_else(root: files.Root, tmp_path: Path) -> None:
    final = tmp_path / "hero.mp4"
    kept = {"hero.mp4", ".hero.mp4.part", ".hero.mp4.0123456789abcdeg.part", ".other.mp4.0123456789abcdef.part"}
    for name in (*kept, files.temporary(final).name):
        (tmp_path / name).touch()
    root.remove_temporaries(final)
    assert set(os.listdir(tmp_path)) == kept  # noqa: PTH208  # hidden files count


def test_a_text_is_written_whole_over_the_old_one(root: files.Root, tmp_path: Path) -> None:
    path = tmp_path / "new" / "note.json"
    root.write_whole(path, b"one")
    root.write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["note.json"]  # noqa: PTH208  # hidden neighbours count


@pytest.mark.parametrize("size_bytes", [0, 1, 1 << 20, (1 << 20) + 1])
def test_a_digest_is_that_of_all_bytes(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * size_bytes)
    assert files.sha256_of(path) == hashlib.sha256(b"x" * size_bytes).hexdigest()


def test_a_private_folder_hides_itself_and_keeps_what_it_was_told(tmp_path: Path) -> None:
    folder = tmp_path / "a" / ".batchrunner"
    roots.make_state_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    ignore = folder / ".gitignore"
    assert ignore.read_text(encoding="utf-8") == "*\n"
    ignore.write_text("mine\n", encoding="utf-8")
    roots.make_state_folder(folder)
    assert ignore.read_text(encoding="utf-8") == "mine\n"


def test_the_shipped_data_is_found_wherever_the_program_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resources.read_text("schemas/report.schema.json").startswith("{")
    assert resources.read_text("jobs-examples/01-first.yaml").startswith("#")
    assert resources.read_package_text("storage/sqlite/migrations/version_1.sql").startswith("--")
    assert resources.read_bytes("sandbox/clip.mp4")[4:8] == b"ftyp"


def test_a_full_disk_is_told_with_the_file_that_it_did_not_take(
    root: files.Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        root.write_whole(tmp_path / "note.json", b"{}")
    assert caught.value.filename == str(tmp_path / "note.json")
    assert list(tmp_path.iterdir()) == []


# Links, and what lies outside


Write = Callable[[files.Root, Path], object]

WRITES: dict[str, Write] = {
    "create": lambda root, path: root.create(path).close(),
    "append": lambda root, path: root.append(path, b"new"),
    "write whole": lambda root, path: root.write_whole(path, b"new"),
    "write new": lambda root, path: root.write_new(path, b"new"),
    "move to": lambda root, path: root.move(root.path / "source", path),
    "move from": lambda root, path: root.move(path, root.path / "moved"),
    "copy to": lambda root, path: root.copy(root.path / "source", path),
    "copy from": lambda root, path: root.copy(path, root.path / "copied"),
    "cut": lambda root, path: root.cut(path, 1),
    "open": lambda root, path: root.open(path).close(),
    "remove": lambda root, path: root.remove(path),
    "make a folder": lambda root, path: root.make_folder(path / "inner"),
}
every_write = pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Somebody's home, with what must not change; beside the folder that is written to."""
    (tmp_path / "home" / "inner").mkdir(parents=True)
    (tmp_path / "home" / "file").write_bytes(b"precious")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "source").write_bytes(b"clip")
    return tmp_path / "home"


def state(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@every_write
def test_nothing_is_written_through_a_link_in_the_last_part(home: Path, write: Write) -> None:
    root, before = files.Root(home.parent / "project"), state(home)
    for name, target in {"file": home / "file", "folder": home, "nowhere": home / "new"}.items():
        link = root.path / name
        link.symlink_to(target)
        with suppress(OSError):
            write(root, link)
        assert state(home) == before


@every_write
def test_nothing_is_written_through_a_link_in_a_part_before(home: Path, write: Write) -> None:
    root, before = files.Root(home.parent / "project"), state(home)
    (root.path / "a").mkdir()
    (root.path / "a" / "link").symlink_to(home)
    for path in (root.path / "a" / "link" / "file", root.path / "a" / "link" / "inner" / "new"):
        with pytest.raises(Refused, match="project/a/link is a link") as caught:
            write(root, path)
        assert caught.value.filename == str(root.path / "a" / "link")
    assert state(home) == before


@every_write
def test_nothing_is_written_outside_the_root(home: Path, write: Write) -> None:
    root, before = files.Root(home.parent / "project"), state(home.parent)
    for path in (home / "file", root.path / ".." / "home" / "file", root.path / "x" / ".." / ".." / "home" / "file"):
        with pytest.raises(Refused, match="is outside"):
            write(root, path)
    assert state(home.parent) == before


def test_the_root_itself_may_be_reached_through_a_link(home: Path) -> None:
    (home.parent / "studio").symlink_to(home.parent / "project")
    files.Root(home.parent / "studio").write_whole(home.parent / "studio" / "a" / "b", b"new")
    assert (home.parent / "project" / "a" / "b").read_bytes() == b"new"


def test_a_link_that_is_in_the_way_is_found_before_anything_is_written(home: Path) -> None:
    root = files.Root(home.parent / "project")
    root.check(root.path / "not" / "there" / "yet")
    (root.path / "outputs").symlink_to(home)
    with pytest.raises(Refused, match="put a real file or folder there"):
        root.check(root.path / "outputs" / "film" / "hero.mp4")


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(root: files.Root, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    for write in (WRITES["append"], WRITES["open"], WRITES["cut"]):
        with pytest.raises(OSError, match=r"is not a file|No such device"):
            write(root, tmp_path / "log")


@pytest.mark.parametrize("write", [WRITES["append"], WRITES["cut"], lambda root, path: root.extend(path).close()])
def test_nothing_is_written_into_a_file_that_has_another_name_elsewhere(home: Path, write: Write) -> None:
    """An archive, unpacked in a home folder, may hold hard links to what is there."""
    root = files.Root(home.parent / "project")
    (root.path / "log").hardlink_to(home / "file")
    with pytest.raises(Refused, match="project/log has another name elsewhere"):
        write(root, root.path / "log")
    assert (home / "file").read_bytes() == b"precious"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.hardlink_to(path.with_name("source"))])
def test_what_is_no_file_of_one_name_is_found_before_anything_is_written(
    home: Path, make: Callable[[Path], object]
) -> None:
    root = files.Root(home.parent / "project")
    make(root.path / "log")
    with pytest.raises(Refused, match=r"is not a file|has another name elsewhere"):
        root.check(root.path / "log")


def test_a_name_that_a_killed_write_left_is_none_of_another_file(home: Path) -> None:
    root = files.Root(home.parent / "project")
    log = root.path / "log"
    log.write_bytes(b"a")
    files.temporary(log).hardlink_to(log)
    root.check(log)
    root.append(log, b"b")
    assert log.read_bytes() == b"ab"


def test_what_is_private_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    root = files.Root(tmp_path, is_private=True)
    root.append(tmp_path / "a" / "log", b"line")
    root.write_whole(tmp_path / "a" / "note", b"{}")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "a", *(tmp_path / "a").iterdir())}
    assert modes == {"a": 0o700, "log": 0o600, "note": 0o600}
