"""Whether git tracks a file, read from its index: git itself, asked in a stranger's clone, runs what that names."""

import os.path
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_MOST_BYTES = 256 << 20
_POINTER_BYTES = 4096
# Source: gitformat-index(5): what stands before the digest of an entry, and how long that is (SHA-1, SHA-256).
_STAT_BYTES = 40
_DIGEST_BYTES = (20, 32)
_EXTENDED = 0x4000
_COMPRESSED = 4


def is_tracked(path: Path) -> bool:
    """Whether the git work tree in which a file lies tracks it."""
    for folder in path.parents:
        if os.path.lexists(folder / ".git"):
            name = os.fsencode(path.relative_to(folder).as_posix())
            return _holds(_index(folder / ".git"), name)
    return False


def _index(git: Path) -> bytes:
    """The index of a work tree; empty where it has none that can be read."""
    with suppress(OSError):
        if git.is_file():  # of a linked work tree or a submodule
            with git.open("rb") as pointer:
                target = pointer.read(_POINTER_BYTES).removeprefix(b"gitdir:").strip()
            git = git.parent / os.fsdecode(target)
        index = git / "index"
        if index.is_file() and index.stat().st_size <= _MOST_BYTES:
            return index.read_bytes()
    return b""


def _holds(index: bytes, name: bytes) -> bool:
    version = int.from_bytes(index[4:8])
    if not index.startswith(b"DIRC") or (version < _COMPRESSED and name not in index):
        return False
    for digest_bytes in _DIGEST_BYTES:
        with suppress(ValueError, IndexError):
            return any(found == name for found in _names(index, version, digest_bytes))
    return False


def _names(index: bytes, version: int, digest_bytes: int) -> Iterator[bytes]:
    """The paths of all entries.

    Raises:
        ValueError, IndexError: it is not laid out like this.
    """
    at, name = 12, b""
    for _ in range(int.from_bytes(index[8:12])):
        flags_at = at + _STAT_BYTES + digest_bytes
        begins = flags_at + (4 if int.from_bytes(index[flags_at : flags_at + 2]) & _EXTENDED else 2)
        if version < _COMPRESSED:
            ends = index.index(b"\0", begins)
            name = index[begins:ends]
            at += (ends - at + 8) // 8 * 8  # padded with 1 to 8 NULs
        else:
            dropped, begins = _number(index, begins)
            ends = index.index(b"\0", begins)
            name = name[: len(name) - dropped] + index[begins:ends]
            at = ends + 1
        yield name


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of git's, and where it ends. Source: git's varint.c."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) + (data[at] & 0x7F)
    return value, at + 1
