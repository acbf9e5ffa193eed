"""Where clips are put: recorded first, then under their final name; what was there before moves to the versions."""

import os.path
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from batchrunner.domain.attempt import Attempt
from batchrunner.domain.clip import Clip, ClipRole
from batchrunner.domain.history import JobHistory
from batchrunner.domain.job import JobId
from batchrunner.io.clock import Clock
from batchrunner.io.download import DownloadedFile
from batchrunner.io.files import temporary
from batchrunner.storage.clip_files import is_sound, on_disk, owner_of, source_at
from batchrunner.storage.interface import Ledger
from batchrunner.storage.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class ClipStore:
    """The clips of a project, and the ledger that knows each of them. Nothing of ours is ever deleted."""

    project: ProjectPaths
    ledger: Ledger
    clock: Clock

    def store(self, identity: JobId, attempt: Attempt, verified: DownloadedFile, final: Path) -> str:
        """Records a file, then gives it its final name, then closes the attempt. Gives the path as recorded.

        Raises:
            FileExistsError: a file that the ledger does not know has that name.
            OSError: the disk does not take it.
        """
        self._make_room(identity, final)
        clip = self._clip(ClipRole.FINAL, final, verified.size_bytes, verified.sha256)
        self.ledger.record_clip(attempt.id, clip, attempt.adoption_id)
        self.project.safe.move(verified.path, final)
        if attempt.is_open:
            self.ledger.settle(attempt.id, self.clock.wall_s())
        return clip.path

    def take_over(self, attempt: Attempt, final: Path) -> str | None:
        """Records that the clip that was taken over is at its final name already; None where it is not."""
        source = source_at(self.project, final, attempt)
        if source is None:
            return None
        clip = self._clip(ClipRole.FINAL, final, source.size_bytes, source.sha256)
        self.ledger.record_clip(attempt.id, clip, attempt.adoption_id)
        return clip.path

    def copy_of_source(self, attempt: Attempt, final: Path) -> DownloadedFile | None:
        """A copy, beside its final name, of what another job has of this very clip; None where it has nothing."""
        for clip in reversed(attempt.sources):
            path = temporary(final)
            with suppress(OSError):
                source = self.project.found(clip.path)
                is_it = source.stat().st_size == clip.size_bytes and is_sound(self.project, clip)
                if is_it and self.project.safe.copy(source, path) == clip.sha256:
                    return DownloadedFile(path, clip.size_bytes, clip.sha256)
            with suppress(OSError):
                self.project.safe.remove(path)
        return None

    def stored(self, attempt: Attempt) -> DownloadedFile:
        """The clip of an attempt, where it was put last."""
        if attempt.clip is None:
            raise AssertionError(f"attempt {attempt.id} has no clip")
        return DownloadedFile(self.project.found(attempt.clip.path), attempt.clip.size_bytes, attempt.clip.sha256)

    def confirm(self, history: JobHistory) -> None:
        """Records that clips are here, whole, that only receipts told of: their bytes are not read again."""
        if any(a.clip and a.clip.is_told for a in history.attempts):
            history, present = on_disk(self.project, history)
            for attempt in history.attempts:
                if attempt.clip and attempt.clip.is_told and attempt.id in present:
                    clip = replace(attempt.clip, at_s=self.clock.wall_s(), is_told=False)
                    self.ledger.record_clip(attempt.id, clip, attempt.adoption_id)

    def _make_room(self, identity: JobId, final: Path) -> None:
        """An older clip of the same job moves to the versions."""
        if not os.path.lexists(final):
            return
        history, present = on_disk(self.project, self.ledger.history(identity))
        attempt = owner_of(self.project, final, history, present)
        clip = (attempt.clip or source_at(self.project, final, attempt)) if attempt else None
        if attempt is None or clip is None:
            raise FileExistsError(final)
        version = _free_version(final)
        moved = self._clip(ClipRole.VERSION, version, clip.size_bytes, clip.sha256)
        self.ledger.record_clip(attempt.id, moved, attempt.adoption_id)
        self.project.safe.move(final, version)

    def _clip(self, role: ClipRole, path: Path, size_bytes: int, sha256: str) -> Clip:
        return Clip(self.clock.wall_s(), role, self.project.written(path), size_bytes, sha256)


def _free_version(final: Path) -> Path:
    """`versions/hero.v1.mp4`: the first number that is free."""
    number = 1
    while os.path.lexists(path := final.parent / "versions" / f"{final.stem}.v{number}{final.suffix}"):
        number += 1
    return path
