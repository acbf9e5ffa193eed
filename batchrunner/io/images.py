"""What a picture file is and how large it appears, from as few of its bytes as can tell; else what it is instead."""

import os
import re
import stat
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

LARGEST_BYTES = 16 * 1024 * 1024  # Source: the service's media files API, 2026-11

_HEAD_BYTES = 512
_TAIL_BYTES = 64 * 1024
_MOST_SEGMENTS = 10_000
_MOST_FILL_BYTES = 1024


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


def read_image(path: Path) -> tuple[ImageHeader, int]:
    """A picture's header, and the file's size in bytes, which may be more than `LARGEST_BYTES`.

    Raises:
        NotAnImage: it is something else, or cut short.
        OSError: it cannot be read.
    """
    try:
        mode = path.stat().st_mode
    except ValueError:  # a NUL in the path
        raise NotAnImage("this cannot be a file name") from None
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
        raise NotAnImage("it is a folder" if stat.S_ISDIR(mode) else "it is a pipe or a device")
    with path.open("rb") as stream:
        size_bytes = os.fstat(stream.fileno()).st_size
        return _header(_ImageBytes(stream, size_bytes, has_end=True)), size_bytes


def read_header(data: bytes, size_bytes: int | None = None) -> ImageHeader:
    """The header of a picture, given whole or by its beginning.

    `size_bytes` is the size of the whole file, by default that of `data`. Whether the file is whole cannot be told
    from its beginning, except for a WebP, which says how long it is.

    Raises:
        NotAnImage: it is something else, or ends before its size in pixels is told.
    """
    size_bytes = len(data) if size_bytes is None else size_bytes
    return _header(_ImageBytes(BytesIO(data), size_bytes, has_end=len(data) >= size_bytes))


@dataclass(frozen=True, slots=True)
class _ImageBytes:
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


def _header(file: _ImageBytes) -> ImageHeader:
    head = file.read(0, _HEAD_BYTES)
    read = next((read for magic, read in _READERS.items() if magic.match(head)), None)
    if read is None:
        raise NotAnImage(next((words for magic, words in _OTHERS.items() if magic.match(head)), _UNKNOWN))
    try:
        header = read(file)
    except struct.error:
        raise NotAnImage("it is cut short") from None
    if not (header.width and header.height):
        raise NotAnImage(f"it is damaged: its header says {header.width}x{header.height} pixels")
    return header


def _png(file: _ImageBytes) -> ImageHeader:
    """Source: W3C PNG, third edition, 5.3 and 11.2.1: the first chunk is IHDR, the last one IEND."""
    length, name, width, height = file.unpack(">I4sII", 8)
    if (length, name) != (13, b"IHDR"):
        raise NotAnImage("it is damaged: a PNG whose header is not at its beginning")
    file.check_end(b"IEND\xaeB`\x82", 24)
    return ImageHeader(ImageKind.PNG, width, height)


# Source: ITU-T T.81, table B.1.
_FILL = 0xFF
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # tables and a reserved code lie between them
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_PICTURE, _END = 0xDA, 0xD9
_APP1 = 0xE1
_LYING = range(5, 9)  # Source: Exif 2.32, 4.6.4: orientations that swap rows and columns
_ORIENTATION = 0x0112


def _jpeg(file: _ImageBytes) -> ImageHeader:
    """Source: ITU-T T.81, annex B: segments follow each other up to a frame header, which tells the size."""
    orientation = 1
    position = 2
    for _ in range(_MOST_SEGMENTS):
        marker, position = _marker(file, position)
        if marker in _WITHOUT_LENGTH:
            continue
        if marker in {_PICTURE, _END}:
            break
        (length,) = file.unpack(">H", position)
        if marker in _FRAMES:
            height, width = file.unpack(">HH", position + 3)
            file.check_end(bytes((_FILL, _END)), position + length)
            return ImageHeader(ImageKind.JPEG, *((height, width) if orientation in _LYING else (width, height)))
        if marker == _APP1 and orientation == 1:
            orientation = _orientation(file.read(position, length))
        position += length
    raise NotAnImage("it is damaged: a JPEG without a frame")


def _marker(file: _ImageBytes, position: int) -> tuple[int, int]:
    """The code at a position, before which may stand fill bytes, and where the segment's content begins."""
    (first,) = file.unpack("B", position)
    if first != _FILL:
        raise NotAnImage("it is damaged: a JPEG with unexpected bytes between its segments")
    for content in range(position + 2, position + _MOST_FILL_BYTES):
        (code,) = struct.unpack("B", file.stream.read(1))
        if code != _FILL:
            return code, content
    raise NotAnImage("it is damaged: a JPEG with too many fill bytes")


def _orientation(segment: bytes) -> int:
    """Which side the camera held up, 1 where it does not say. Source: TIFF 6.0, section 2; Exif 2.32, 4.7.2."""
    tiff = segment[8:]
    order = {b"Exif\0\0II": "<", b"Exif\0\0MM": ">"}.get(segment[2:10])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, value = struct.unpack_from(f"{order}H6xH", tiff, entry)
            if tag == _ORIENTATION:
                return int(value)
    except struct.error:  # a damaged note does not spoil the picture
        pass
    return 1


def _webp(file: _ImageBytes) -> ImageHeader:
    """Source: RFC 9649, 2.4: one RIFF chunk, whose first chunk tells the size in pixels."""
    length, name = file.unpack("<4xI4x4s", 0)
    if length + 8 > file.size_bytes:
        raise NotAnImage(f"it is cut short: {file.size_bytes} bytes of {length + 8}")
    if name not in _WEBP_SIZES:
        raise NotAnImage("it is damaged: a WebP whose image is not at its beginning")
    return ImageHeader(ImageKind.WEBP, *_WEBP_SIZES[name](file))


def _lossy_size(file: _ImageBytes) -> tuple[int, int]:
    """Source: RFC 6386, 9.1: the upper two bits are for scaling."""
    code, width, height = file.unpack("<3sHH", 23)
    if code != b"\x9d\x01\x2a":
        raise NotAnImage("it is damaged: a WebP without a key frame")
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(file: _ImageBytes) -> tuple[int, int]:
    """Source: RFC 9649, 3.4: 14 bits each, less one."""
    (bits,) = file.unpack("<I", 21)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _canvas_size(file: _ImageBytes) -> tuple[int, int]:
    """Source: RFC 9649, 2.7: 24 bits each, less one."""
    width, width_high, height, height_high = file.unpack("<HBHB", 24)
    return (width | width_high << 16) + 1, (height | height_high << 16) + 1


_WEBP_SIZES: Mapping[bytes, Callable[[_ImageBytes], tuple[int, int]]] = {
    b"VP8 ": _lossy_size,
    b"VP8L": _lossless_size,
    b"VP8X": _canvas_size,
}


def _magic(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_READERS: Mapping[re.Pattern[bytes], Callable[[_ImageBytes], ImageHeader]] = {
    _magic(rb"\x89PNG\r\n\x1a\n"): _png,
    _magic(rb"\xff\xd8\xff"): _jpeg,
    _magic(rb"RIFF....WEBP"): _webp,
}

_UNKNOWN = "it is not a PNG, JPEG or WebP"

# What lies under a picture's name in practice; the first that matches. Source: file(1)'s magic, 5.45.
_OTHERS: Mapping[re.Pattern[bytes], str] = {
    _magic(rb"\Z"): "it is empty",
    _magic(rb"\0{16}"): "it holds only zeros, as after a broken copy",
    _magic(rb"version https://git-lfs"): "it is a git-lfs pointer, not the image: run `git lfs pull`",
    _magic(rb"/annex/objects/"): "it is a git-annex pointer, not the image: run `git annex get`",
    _magic(rb"\x89P?N?G?\r?\n?\x1a?\Z|\xff\xd8?\Z|RIFF.{0,7}\Z"): "it is cut short",
    _magic(rb"\x89PNG|\xc2\x89PNG|\xef\xbf\xbdPNG"): "it is a PNG that was damaged by being copied as text",
    _magic(rb"GIF8"): "it is a GIF",
    _magic(rb"....ftyp(?:hei|hev|mif1|msf1)"): "it is a HEIC image",
    _magic(rb"....ftypavi[fs]"): "it is an AVIF image",
    _magic(rb"....ftypcr[x3]|II\*\0....CR"): "it is a raw image from a camera",
    _magic(rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI|....(?:moov|mdat|wide)"): "it is a video",
    _magic(rb"II\*\0|MM\0\*"): "it is a TIFF, or a raw image from a camera",
    _magic(rb"BM.{4}\0{4}"): "it is a BMP",
    _magic(rb"8BPS"): "it is a Photoshop file",
    _magic(rb"v/1\x01"): "it is an OpenEXR image",
    _magic(rb"SDPX|XPDS"): "it is a DPX image",
    _magic(rb"#\?RADIANCE"): "it is a Radiance HDR image",
    _magic(rb"\0\0\0\x0cjP  "): "it is a JPEG 2000 image",
    _magic(rb"\xff\x0a|\0\0\0\x0cJXL "): "it is a JPEG XL image",
    _magic(rb"\0\0\x01\0"): "it is an icon",
    _magic(rb"%PDF|%!PS"): "it is a PDF or PostScript file",
    _magic(rb"PK\x03\x04|7z\xbc\xaf|Rar!|\x1f\x8b"): "it is an archive",
    _magic(rb"(?i:(?:\xef\xbb\xbf)?\s*<(?:!--.*<)?(?:!doctype\s+)?html)"): "it is an HTML page",
    _magic(rb"(?i:(?:\xef\xbb\xbf)?\s*<(?:[?!].*<)?svg)"): "it is an SVG",
    _magic(rb"(?:\xef\xbb\xbf)?\s*<\?xml"): "it is XML",
    _magic(rb"(?:\xef\xbb\xbf)?\s*[{\[]"): "it is JSON, perhaps an error message",
}
