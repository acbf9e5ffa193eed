"""The header of a picture, and the bytes that it is read from."""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

LARGEST_BYTES = 16 * 1024 * 1024  # Source: the service's media files API, 2026-11
_TAIL_BYTES = 64 * 1024


class ImageKind(StrEnum):
    """The kinds of picture that the service takes."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """A picture's kind, and its size in pixels as viewers show it: a JPEG is turned as its camera noted."""

    kind: ImageKind
    width: int
    height: int


class NotAnImage(Exception):
    """The file cannot be used as a picture; the message is a clause that says what it is: `it is a GIF`."""


@dataclass(frozen=True, slots=True)
class ImageBytes:
    """The bytes of a file, of which the last ones may not be at hand."""

    stream: BinaryIO
    size_bytes: int
    has_end: bool

    def read(self, position: int, count: int) -> bytes:
        """At most `count` bytes."""
        self.stream.seek(position)
        return self.stream.read(count)

    def unpack(self, layout: str, position: int) -> tuple[Any, ...]:
        """The values at a position; struct.error where the file ends before."""
        return struct.unpack(layout, self.read(position, struct.calcsize(layout)))

    def check_end(self, mark: bytes, start: int) -> None:
        """Looks for the mark of a picture's end, behind which programs may have put bytes of their own."""
        if not self.has_end or self.size_bytes > LARGEST_BYTES:  # too large a picture has its own message
            return
        tail = max(start, self.size_bytes - _TAIL_BYTES)
        if mark not in self.read(tail, _TAIL_BYTES) and mark not in self.read(start, LARGEST_BYTES):
            raise NotAnImage("it is cut short")
