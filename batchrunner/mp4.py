"""Whether a file is a whole MP4: its boxes must add up to the file, and hold a film.

Players and tag readers call a truncated file healthy, because its index comes first; the sizes of its boxes do not.
Source: ISO/IEC 14496-12, section 4.2 (boxes) and 8.2.2 (the movie header).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_NEEDED = {b"ftyp": "no file type", b"moov": "no index", b"mdat": "no pictures"}
_MOST_BOXES = 100_000


def fault(path: Path) -> str | None:
    """What is wrong with the file, in words; None where it is a whole MP4."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        try:
            return _fault(file, size_bytes)
        except struct.error:
            return "it ends in the middle of a box"


def _fault(file: BinaryIO, size_bytes: int) -> str | None:
    kinds: set[bytes] = set()
    duration = 0
    for number, (kind, start, end) in enumerate(_boxes(file, 0, size_bytes)):
        if number == 0 and kind != b"ftyp":
            return "it does not begin like an MP4"
        if end > size_bytes or number > _MOST_BOXES:
            return f"it is cut short: {size_bytes} bytes of at least {end}"
        if kind == b"moov":
            duration = _duration(file, start, end)
        kinds.add(kind)
    missing = [words for kind, words in _NEEDED.items() if kind not in kinds]
    if missing:
        return f"it holds {' and '.join(missing)}"
    return None if duration > 0 else "its film has no length"


def _boxes(file: BinaryIO, position: int, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between two positions, as kind, first byte of the content, first byte behind it."""
    while position < limit:
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8))
        start = position + 8
        if size == 1:  # a large box tells its size in eight more bytes
            (size,) = struct.unpack(">Q", file.read(8))
            start += 8
        end = limit if size == 0 else position + max(size, start - position)
        yield kind, start, end
        position = end


def _duration(file: BinaryIO, start: int, end: int) -> int:
    """The film's length in its own units, 0 where the header does not say."""
    for kind, first, _ in _boxes(file, start, end):
        if kind == b"mvhd":
            file.seek(first)
            (version,) = struct.unpack(">B3x", file.read(4))
            file.seek(first + (24 if version == 1 else 16))
            return int(struct.unpack(">Q" if version == 1 else ">I", file.read(8 if version == 1 else 4))[0])
    return 0
