"""The media files of the team: their bytes beside the state file, their story in the journal."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from batchrunner.io.files import Root
from batchrunner.sandbox.exchange import host_of
from batchrunner.sandbox.journal import Journal
from batchrunner.sandbox.journal_events import Deleted, Event, Uploaded

UPLOADS = "uploads"
MAX_BYTES = 16 * 1024 * 1024
_LIFE_S = 7 * 86_400.0


def image_suffix(image: bytes) -> str | None:
    """The kind of an image by its first bytes: `png`, `jpeg` or `webp`; None for any other file."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if image.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "webp"
    return None


@dataclass(slots=True)
class Uploads:
    """Keeps uploaded images for 7 days."""

    root: Root
    folder: Path
    journal: Journal
    files_url: str
    _kept: dict[str, Uploaded] = field(default_factory=dict)
    _ever: int = 0

    def replay(self, events: Iterable[Event]) -> None:
        """Takes up what the journal tells."""
        for event in events:
            match event:
                case Uploaded():
                    self._ever += 1
                    self._kept[event.file_id] = event
                case Deleted():
                    self._kept.pop(event.file_id, None)
                case _:
                    pass

    def url(self, file: Uploaded) -> str:
        """Where the file is read, without a key."""
        return f"{self.files_url}/{UPLOADS}/{_name(file)}"

    def kept(self, now_s: float) -> list[Uploaded]:
        """The files that are neither deleted nor past their time, the oldest first."""
        return [file for file in self._kept.values() if now_s < file.at_s + _LIFE_S]

    def add(self, filename: str, image: bytes, suffix: str, now_s: float) -> Uploaded:
        """Keeps an image; both it and its entry are on disk when it returns."""
        digest = hashlib.sha256(f"{self._ever + 1}:{now_s}".encode()).hexdigest()
        file = Uploaded(now_s, f"file-{digest[:16]}", filename, suffix, len(image))
        self.root.write_whole(self.folder / _name(file), image)
        self.journal.append(file)
        self.replay([file])
        return file

    def delete(self, file_id: str, now_s: float) -> bool:
        """Forgets a file; False where there is none."""
        file = next((file for file in self.kept(now_s) if file.file_id == file_id), None)
        if file is None:
            return False
        deleted = Deleted(now_s, file_id)
        self.journal.append(deleted)
        self.replay([deleted])
        self.root.remove(self.folder / _name(file))
        return True

    def read(self, name: str, now_s: float) -> bytes | None:
        """The bytes of the file at `…/uploads/NAME`."""
        known = any(_name(file) == name for file in self.kept(now_s))
        if not known:
            return None
        with self.root.open(self.folder / name) as file:
            return file.read()

    def misses(self, url: object, now_s: float) -> bool:
        """Whether an address is one of ours and names no file: the service could not fetch it."""
        if not isinstance(url, str) or host_of(url) != host_of(self.files_url):
            return False
        return urlsplit(url).path not in {f"/{UPLOADS}/{_name(file)}" for file in self.kept(now_s)}


def _name(file: Uploaded) -> str:
    return f"{file.file_id}.{file.suffix}"
