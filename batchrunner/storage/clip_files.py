"""What of a job's history the disk confirms, and whose file is at a path."""

import os
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.clip import Clip
from batchrunner.domain.history import JobHistory
from batchrunner.io import mp4
from batchrunner.io.files import sha256_of
from batchrunner.storage.paths import ProjectPaths, is_inside


def on_disk(project: ProjectPaths, history: JobHistory) -> tuple[JobHistory, frozenset[int]]:
    """The history as the disk confirms it, and the ids of the attempts whose clip is there, whole.

    A path is recorded before a file gets it. Where a run ended in between, the clip is still at the path before: what
    was recorded after that never happened, and is left out.
    """
    contested = _contested(project, history)
    present = {a.id: number for a in history.attempts if (number := _last_present(project, a, contested))}
    if all(present.get(a.id, len(a.clips)) == len(a.clips) for a in history.attempts):
        return history, frozenset(present)
    attempts = (replace(a, clips=a.clips[: present.get(a.id)]) for a in history.attempts)
    return replace(history, attempts=tuple(attempts)), frozenset(present)


def _contested(project: ProjectPaths, history: JobHistory) -> frozenset[str]:
    """The paths where only the bytes tell whose clip it is.

    Two attempts claim one, or an attempt that once had it is not where it was moved to.
    """
    claims = Counter(a.clip.path for a in history.attempts if a.clip)
    moved = (a for a in history.attempts if a.clip and len(a.clips) > 1)
    misplaced = (a for a in moved if a.clip and not (claims[a.clip.path] == 1 and _has_size(project, a.clip)))
    return frozenset(
        [*(path for path, count in claims.items() if count > 1), *(clip.path for a in misplaced for clip in a.clips)]
    )


def owner_of(project: ProjectPaths, path: Path, history: JobHistory, present: frozenset[int]) -> Attempt | None:
    """The attempt whose clip is at this path; None where it is nobody's. `history` and `present`: see `on_disk`."""
    found = (a for a in history.attempts if a.id in present and a.clip)
    own = next((a for a in found if a.clip and project.found(a.clip.path) == path), None)
    return own or next((a for a in history.attempts if source_at(project, path, a)), None)


def source_at(project: ProjectPaths, path: Path, attempt: Attempt) -> Clip | None:
    """The other's clip at this path, where a job took it over and has no copy of its own yet; None if it is not."""
    if attempt.clips:
        return None
    present = (clip for clip in reversed(attempt.sources) if _has_size(project, clip))
    found = (clip for clip in present if project.found(clip.path) == path)
    with suppress(OSError):
        return next((clip for clip in found if _has_bytes(project, clip)), None)
    return None


def _last_present(project: ProjectPaths, attempt: Attempt, contested: frozenset[str]) -> int:
    """The number of the last of its clips that is found, counted from 1; 0 where none is."""
    last = len(attempt.clips)
    for number in range(last, 0, -1):
        clip = attempt.clips[number - 1]
        # the size tells a finished clip; its bytes tell one whose name another may have, or that was not confirmed
        by_bytes = attempt.is_open or number < last or clip.path in contested or clip.is_told
        if _has_size(project, clip) and (not by_bytes or _has_bytes(project, clip)):
            return number
    return 0


def _has_bytes(project: ProjectPaths, clip: Clip) -> bool:
    return sha256_of(project.found(clip.path)) == clip.sha256 and is_sound(project, clip)


def is_sound(project: ProjectPaths, clip: Clip) -> bool:
    """Whether a file that is there, and that only a receipt tells of, is reached through no link, and is a video."""
    if not clip.is_told:
        return True
    path = project.found(clip.path)
    is_there = path.resolve() == project.root.resolve() / clip.path
    return is_there and mp4.fault(path) is None


def _has_size(project: ProjectPaths, clip: Clip) -> bool:
    if not is_inside(clip.path):
        return False
    try:
        found = os.stat(os.path.join(project.root, clip.path))  # noqa: PTH116, PTH118  # for every clip of every plan
    except OSError:
        return False
    return S_ISREG(found.st_mode) and found.st_size == clip.size_bytes
