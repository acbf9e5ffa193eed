"""Names below an open folder: nothing is replaced, and an error says the whole path."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Refused(OSError):
    """A place where nothing is written, for it may be anybody's: a link, or a path that leads outside."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(errno.ELOOP, why, str(path))

    def __str__(self) -> str:
        return f"{self.filename} {self.strerror}"


def refused_link(path: Path) -> Refused:
    """What is said of a link where something was to be written."""
    return Refused(path, "is a link, and nothing is written through links: put a real file or folder there")


def is_link_at(name: str, folder: int) -> bool:
    """Whether a name is a link, wherever that leads."""
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def rename_new(source: str, final: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
    """Another name for a file, never on top of something."""
    try:
        os.link(source, final, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=False)
        os.unlink(source, dir_fd=src_dir_fd)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links (exFAT, some network folders): the check is not atomic there
        with suppress(FileNotFoundError):
            os.stat(final, dir_fd=dst_dir_fd, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(source, final, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """An error within says the whole path; a full disk says none, and names below an open folder are short."""
    try:
        yield
    except Refused:
        raise
    except OSError as error:
        error.filename = str(path)
        del error.filename2
        raise
