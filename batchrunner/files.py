"""Files that are there whole or not at all, and never on top of another."""

import hashlib
import os
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def sync_file(path: Path) -> None:
    """Returns when the file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Returns when the folder's names are on the disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def put_in_place(source: Path, final: Path) -> None:
    """Gives a file its final name in one step, durably.

    Raises:
        FileExistsError: something lies there already; it stays as it is.
    """
    sync_file(source)
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, final)
        source.unlink()
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links (exFAT, some network folders): the check is not atomic there
        if os.path.lexists(final):
            raise FileExistsError(final) from None
        source.rename(final)
    sync_folder(final.parent)


def hidden_neighbour(final: Path) -> Path:
    """Where a file grows until it is whole: beside its final name, hidden from a listing."""
    return final.with_name(f".{final.name}.part")


def write_whole(path: Path, text: str) -> None:
    """Writes a text file so that a reader sees the old text or the new one.

    Raises:
        OSError: the disk does not take it; its `filename` says what.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    neighbour = hidden_neighbour(path)
    try:
        neighbour.write_text(text, encoding="utf-8")
        sync_file(neighbour)
        neighbour.replace(path)
    except OSError as error:
        error.filename = str(path)  # a full disk does not say it
        raise
    sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def make_private_folder(folder: Path) -> None:
    """A folder that git ignores by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
