"""The only module that writes: below a root no link is followed, and a file is there whole or not at all."""

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from batchrunner.io.dir_fd import Refused, is_link_at, named_errors, refused_link, rename_new

_SUFFIX = ".part"
_CHUNK_BYTES = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# No link is followed, and nobody waits for the other end of a pipe.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE


@dataclass(frozen=True, slots=True)
class Root:
    """A folder, and the right to write below it. Paths are whole ones, and must lie inside.

    The folder itself may be reached through links. Below it none is followed, neither in the last part of a path nor
    in one before; every method raises `Refused` there, and an `OSError` that names the path where the disk does not
    take it. Folders are made where they are missing. Where the root is private, what is made is for nobody else to
    read.
    """

    path: Path
    is_private: bool = False

    def make_folder(self, folder: Path) -> None:
        """Makes a folder, and those above it."""
        with self._folder(folder, make=True):
            pass

    def create(self, path: Path) -> IO[bytes]:
        """A new file, open to be written.

        Raises:
            FileExistsError: something has that name, be it a link that leads nowhere.
        """
        with self._folder(path.parent, make=True) as folder, named_errors(path):
            return os.fdopen(self._new(path.name, folder), "wb")

    def extend(self, path: Path) -> IO[bytes]:
        """A file that is there, open to be written behind its end."""
        with self._folder(path.parent) as folder:
            return self._open(path, folder, os.O_WRONLY | os.O_APPEND, "ab")

    def append(self, path: Path, data: bytes, *, durably: bool = True) -> None:
        """Adds bytes to the end of a file, which is made where there is none."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with self._folder(path.parent, make=True) as folder, self._open(path, folder, flags, "ab") as file:
            file.write(data)
            file.flush()
            if durably:
                os.fsync(file.fileno())

    def cut(self, path: Path, size_bytes: int) -> None:
        """Takes away what lies beyond the first so many bytes."""
        with self._folder(path.parent) as folder, self._open(path, folder, os.O_WRONLY, "ab") as file:
            file.truncate(size_bytes)

    def open(self, path: Path) -> IO[bytes]:
        """A file that is there, open to be read."""
        with self._folder(path.parent) as folder:
            return self._open(path, folder, os.O_RDONLY, "rb")

    def write_whole(self, path: Path, data: bytes, *, durably: bool = True) -> None:
        """Writes a file so that a reader sees the old one or the new one."""
        with self._folder(path.parent, make=True) as folder, named_errors(path):
            if is_link_at(path.name, folder):
                raise refused_link(path)
            self._write(path, folder, data, os.replace, durably=durably)

    def write_new(self, path: Path, data: bytes) -> None:
        """Writes a file that is not there yet; a reader sees all of it or nothing.

        Raises:
            FileExistsError: something has that name; it stays as it is.
        """
        with self._folder(path.parent, make=True) as folder, named_errors(path):
            self._write(path, folder, data, rename_new)

    def move(self, source: Path, final: Path) -> None:
        """Gives a file another name in one step, durably.

        Raises:
            FileExistsError: something lies there already; it stays as it is.
        """
        with self._folder(source.parent) as old:
            with self._open(source, old, os.O_RDONLY, "rb") as file:
                os.fsync(file.fileno())
            with self._folder(final.parent, make=True) as new, named_errors(final):
                rename_new(source.name, final.name, src_dir_fd=old, dst_dir_fd=new)
                os.fsync(new)

    def copy(self, source: Path, final: Path) -> str:
        """Copies a file of this root to a new name; gives the digest of the bytes that were copied."""
        digest = hashlib.sha256()
        with self.open(source) as old, self.create(final) as new:
            while chunk := old.read(_CHUNK_BYTES):
                digest.update(chunk)
                new.write(chunk)
        return digest.hexdigest()

    def remove(self, path: Path) -> None:
        """Takes a file away, or a link itself; one that is not there is no error."""
        with suppress(FileNotFoundError), self._folder(path.parent) as folder, named_errors(path):
            os.unlink(path.name, dir_fd=folder)

    def remove_temporaries(self, final: Path) -> None:
        """Takes away what an earlier try, which was killed, left of a file that was to have this name."""
        with suppress(FileNotFoundError), self._folder(final.parent) as folder:
            for entry in _left_over(final, folder):
                os.unlink(entry.name, dir_fd=folder)

    def check(self, path: Path) -> None:
        """Nothing, where a path may be a folder or a file that is written to, as far as it is there.

        Raises:
            Refused: a part of it is a link, or it is no file, or one that has another name elsewhere.
        """
        place = self.path
        for name in self._parts(path):
            place /= name
            if place.is_symlink():
                raise refused_link(place)
        with suppress(FileNotFoundError, NotADirectoryError):
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode):
                _check_file(path, path.parent, found)

    def _parts(self, path: Path) -> tuple[str, ...]:
        parts = path.relative_to(self.path).parts if path.is_relative_to(self.path) else ("..",)
        if ".." in parts:
            raise Refused(path, f"is outside {self.path}, where nothing is written")
        return parts

    @contextmanager
    def _folder(self, folder: Path, *, make: bool = False) -> Iterator[int]:
        """A folder below the root, opened part by part."""
        parts = self._parts(folder)
        if make:
            self.path.mkdir(parents=True, exist_ok=True)
        place, opened = self.path, os.open(self.path, _FOLDER)
        try:
            for name in parts:
                place /= name
                outer, opened = opened, self._inner(place, opened, make=make)
                os.close(outer)
            yield opened
        finally:
            os.close(opened)

    def _inner(self, place: Path, outer: int, *, make: bool) -> int:
        with named_errors(place):
            if is_link_at(place.name, outer):
                raise refused_link(place)
            try:
                return os.open(place.name, _FOLDER | os.O_NOFOLLOW, dir_fd=outer)
            except FileNotFoundError:
                if not make:
                    raise
            with suppress(FileExistsError):
                os.mkdir(place.name, self._mode(0o777), dir_fd=outer)
            return os.open(place.name, _FOLDER | os.O_NOFOLLOW, dir_fd=outer)

    def _open(self, path: Path, folder: int, flags: int, mode: str) -> IO[bytes]:
        with named_errors(path):
            if is_link_at(path.name, folder):
                raise refused_link(path)
            file: IO[bytes] = os.fdopen(os.open(path.name, flags | _FILE, self._mode(0o666), dir_fd=folder), mode)
            try:
                _check_file(path, folder, os.fstat(file.fileno()), is_written=mode == "ab")
            except Refused:
                file.close()
                raise
            return file

    def _new(self, name: str, folder: int) -> int:
        return os.open(name, _NEW, self._mode(0o666), dir_fd=folder)

    def _write(
        self, path: Path, folder: int, data: bytes, rename: Callable[..., None], *, durably: bool = True
    ) -> None:
        name = temporary(path).name
        try:
            with os.fdopen(self._new(name, folder), "wb") as file:
                file.write(data)
                file.flush()
                if durably:
                    os.fsync(file.fileno())
            rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
        if durably:
            os.fsync(folder)

    def _mode(self, mode: int) -> int:
        return mode & 0o700 if self.is_private else mode


def temporary(final: Path) -> Path:
    """Where a file grows until it is whole: beside its final name, hidden, under a name that nobody can foresee."""
    return final.with_name(f".{final.name}.{secrets.token_hex(8)}{_SUFFIX}")


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_file(path: Path, folder: int | Path, found: os.stat_result, *, is_written: bool = True) -> None:
    """Nothing, where what was found at a path is a file; one that is written to has no other name elsewhere.

    A name that a killed write left beside it is none of these.
    """
    if not stat.S_ISREG(found.st_mode):
        raise Refused(path, "is not a file: put it elsewhere")
    if is_written and found.st_nlink > 1:
        ours = sum(entry.inode() == found.st_ino for entry in _left_over(path, folder))
        if found.st_nlink > 1 + ours:
            raise Refused(path, "has another name elsewhere (a hard link), whose text would change: put a copy there")


def _left_over(final: Path, folder: int | Path) -> list[os.DirEntry[str]]:
    """What earlier writes of a file, which were killed, left in its folder."""
    left = re.compile(re.escape(f".{final.name}.") + "[0-9a-f]{16}" + re.escape(_SUFFIX))
    with os.scandir(folder) as entries:
        return [entry for entry in entries if left.fullmatch(entry.name)]
