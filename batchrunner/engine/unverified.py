"""Files that were served whole for a paid clip and cannot be verified: kept, for a person to look at."""

import os
from collections.abc import Iterator
from pathlib import Path

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.observation import TaskState
from batchrunner.io.clock import Clock
from batchrunner.io.download import DownloadedFile
from batchrunner.io.files import Root, sha256_of
from batchrunner.planning.batch import Batch, JobState
from batchrunner.storage.clips import ClipStore
from batchrunner.storage.interface import Ledger


def keep(root: Root, odd: DownloadedFile, final: Path) -> Path:
    """Puts it beside the name that its clip was to have: `hero.odd.mp4`. Gives where it is; it is kept once.

    Raises:
        OSError: the disk does not take it.
    """
    known = kept(odd, final)
    if known is not None:
        root.remove(odd.path)
        return known
    free = next(path for path in _names(final) if not os.path.lexists(path))
    root.move(odd.path, free)
    return free


def kept(odd: DownloadedFile, final: Path) -> Path | None:
    """Where exactly this file is kept already; None where it is not."""
    return next((path for path in _lying(final) if _is(path, odd)), None)


def _is(path: Path, odd: DownloadedFile) -> bool:
    return path.stat().st_size == odd.size_bytes and sha256_of(path) == odd.sha256


def take(batch: Batch, ledger: Ledger, clock: Clock, seen: JobState) -> str | None:
    """A person says that the newest of them is the job's clip. Gives its final name; None where there is none.

    Raises:
        OSError: the disk does not take it.
    """
    attempt = seen.step.attempt
    if seen.job is None or attempt is None or not _waits(attempt):
        return None
    final = batch.project.output(seen.job.output)
    path = max(_lying(final), key=lambda each: each.stat().st_mtime, default=None)
    if path is None:
        return None
    odd = DownloadedFile(path, path.stat().st_size, sha256_of(path))
    return ClipStore(batch.project, ledger, clock).store(seen.identity, attempt, odd, final)


def _waits(attempt: Attempt) -> bool:
    """Whether a clip was rendered, and has not come."""
    return attempt.task is TaskState.SUCCESS and not attempt.clips


def _lying(final: Path) -> list[Path]:
    found: list[Path] = []
    for path in _names(final):
        if not os.path.lexists(path):
            return found
        if path.is_file() and not path.is_symlink():
            found.append(path)
    return found


def _names(final: Path) -> Iterator[Path]:
    """All the names that such files have, as `hero.odd.mp4` and `hero.odd.2.mp4`."""
    yield final.with_name(f"{final.stem}.odd{final.suffix}")
    number = 1
    while True:
        number += 1
        yield final.with_name(f"{final.stem}.odd.{number}{final.suffix}")
