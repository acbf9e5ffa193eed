"""Output folders, looked at before anything is paid for: a disk that takes no clip is found too late after that."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from batchrunner.io.dir_fd import Refused
from batchrunner.io.files import Root, temporary

# Less is no room for a clip: a Veo 3.1 clip has some megabytes. Source: clips of August 2026.
_LEAST_FREE_BYTES = 16 << 20


def folder_faults(folders: Iterable[Path]) -> list[str]:
    """Why clips cannot be written into these folders, a sentence for each cause. Nothing is written to find that out.

    A folder that is not there yet is judged by the nearest one above it, in which it would be made.
    """
    found = (_fault(folder) for folder in sorted(set(folders)))
    return list(dict.fromkeys(fault for fault in found if fault))


def try_folders(root: Root, folders: Iterable[Path]) -> list[str]:
    """Why a file cannot be made in these folders, a sentence for each. They are made, and left empty.

    Whether a disk takes something, only a try can tell: rights of the network, quotas and such are not to be seen.
    """
    return [fault for folder in sorted(set(folders)) if (fault := _tried(root, folder))]


def _tried(root: Root, folder: Path) -> str | None:
    path = temporary(folder / "trial")
    try:
        root.create(path).close()
        root.remove(path)
    except Refused as error:
        return str(error)
    except OSError as error:
        return f"{folder} cannot be written to: {error.strerror}"
    return None


def _fault(folder: Path) -> str | None:
    place, mode = nearest(folder)
    if not stat.S_ISDIR(mode):
        return f"{place} is not a folder" + (f", and clips are to go into {folder}" if folder != place else "")
    try:
        disk = os.statvfs(place)
    except OSError as error:
        return f"{place} cannot be read: {error.strerror}"
    if disk.f_flag & os.ST_RDONLY:
        return f"{place} is on a read-only disk"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} is not writable for this user"
    # some network disks tell no sizes
    if disk.f_blocks and disk.f_bavail * disk.f_frsize < _LEAST_FREE_BYTES:
        return f"the disk of {place} is full"
    return None


def nearest(folder: Path) -> tuple[Path, int]:
    """The first of a folder and those above it that is there, with its mode; 0 for a link that leads nowhere."""
    for place in (folder, *folder.parents):
        try:
            return place, place.stat().st_mode
        except OSError:
            if place.is_symlink():
                return place, 0
    return folder, 0
