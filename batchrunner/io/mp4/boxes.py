"""The boxes of an MP4, read within bounds."""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

# What a file may begin with: some writers leave room, or a mark of their own, in front.
BEGINNINGS = frozenset({b"ftyp", b"styp", b"free", b"skip", b"wide", b"uuid", b"pdin"})
_MOST_BOXES = 100_000
# A second of film has some hundred samples of pictures and sound.
_MOST_ENTRIES = 500_000
_LEAST_BOX_BYTES = 8


class BrokenFilm(Exception):  # told as a sentence by `fault`, it never leaves this package
    """What is wrong, in words."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: where it begins, where its content does, and the first byte behind it."""

    kind: bytes
    position: int
    start: int
    end: int


@dataclass(slots=True)
class Film:
    """A file under examination: where its media data lie (in order), and how much more of it may be read."""

    file: BinaryIO
    size_bytes: int
    media: list[tuple[int, int]] = field(default_factory=list)
    _boxes_left: int = _MOST_BOXES
    _entries_left: int = _MOST_ENTRIES

    def top(self) -> list[Box]:
        """The boxes of the file itself, which have to add up to it."""
        boxes: list[Box] = []
        for box in self._walk(0, self.size_bytes):
            if not boxes and box.kind not in BEGINNINGS:
                raise BrokenFilm("it does not begin as an MP4 does")
            if box.end > self.size_bytes:
                raise BrokenFilm(f"it is cut short: {self.size_bytes} bytes of at least {box.end}")
            boxes.append(box)
        return boxes

    def boxes(self, parent: Box, kind: bytes) -> Iterator[Box]:
        """The boxes of a kind in another one; a few bytes that are too few for a box may follow them."""
        for box in self._walk(parent.start, parent.end, least_bytes=_LEAST_BOX_BYTES):
            if box.end > parent.end:
                raise BrokenFilm("a box reaches beyond the one that holds it")
            if box.kind == kind:
                yield box

    def first(self, parent: Box | None, *kinds: bytes) -> Box | None:
        """The first box of a kind in another, the first of the next kind in that, and so on."""
        for kind in kinds:
            parent = next(self.boxes(parent, kind), None) if parent else None
        return parent

    def _walk(self, position: int, limit: int, least_bytes: int = 1) -> Iterator[Box]:
        while position + least_bytes <= limit:
            self._boxes_left -= 1
            if self._boxes_left < 0:
                raise BrokenFilm("it holds too many boxes to be checked")
            size, kind = self.unpack(">I4s", position)
            start = position + 8
            if size == 1:  # a large box tells its size in eight more bytes
                (size,) = self.unpack(">Q", start)
                start += 8
            end = limit if size == 0 else position + size
            if end < start:
                raise BrokenFilm("it holds a box that is too small for itself")
            yield Box(kind, position, start, end)
            position = end

    def read(self, position: int, size: int) -> bytes:
        """Some bytes; fewer where the file ends."""
        self.file.seek(position)
        return self.file.read(size)

    def unpack(self, form: str, position: int) -> tuple[Any, ...]:
        """Some numbers."""
        return struct.unpack(form, self.read(position, struct.calcsize(form)))

    def rows(self, table: Box, position: int, count: int, form: str) -> list[tuple[int, ...]]:
        """The rows of a table: so many, within its box and within what is read of one file."""
        width = struct.calcsize(">" + form)
        self._entries_left -= count * len(form)
        if self._entries_left < 0:
            raise BrokenFilm("its index is too large to be checked")
        if position + count * width > table.end:
            raise BrokenFilm("its index ends in the middle of a table")
        return list(struct.iter_unpack(">" + form, self.read(position, count * width)))

    def check_media(self, start: int, size: int) -> None:
        """Whether all of these bytes are media data of this file."""
        at = bisect_right(self.media, (start, self.size_bytes)) - 1
        if at < 0 or start + size > self.media[at][1]:
            raise BrokenFilm("its index points outside of its frames")

    def duration(self, movie: Box) -> int:
        """The film's length in its own units, 0 where the header does not say."""
        header = self.first(movie, b"mvhd")
        if header is None:
            return 0
        (version,) = self.unpack(">B", header.start)
        form, behind = (">Q", 24) if version == 1 else (">I", 16)
        return int(self.unpack(form, header.start + behind)[0])
