"""How PNG, JPEG and WebP say how large a picture is."""

import struct
from collections.abc import Callable, Mapping

from batchrunner.io.image_header import ImageBytes, ImageHeader, ImageKind, NotAnImage

_MOST_SEGMENTS = 10_000
_MOST_FILL_BYTES = 1024


def png_header(file: ImageBytes) -> ImageHeader:
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


def jpeg_header(file: ImageBytes) -> ImageHeader:
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


def _marker(file: ImageBytes, position: int) -> tuple[int, int]:
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


def webp_header(file: ImageBytes) -> ImageHeader:
    """Source: RFC 9649, 2.4: one RIFF chunk, whose first chunk tells the size in pixels."""
    length, name = file.unpack("<4xI4x4s", 0)
    if length + 8 > file.size_bytes:
        raise NotAnImage(f"it is cut short: {file.size_bytes} bytes of {length + 8}")
    if name not in _WEBP_SIZES:
        raise NotAnImage("it is damaged: a WebP whose image is not at its beginning")
    return ImageHeader(ImageKind.WEBP, *_WEBP_SIZES[name](file))


def _lossy_size(file: ImageBytes) -> tuple[int, int]:
    """Source: RFC 6386, 9.1: the upper two bits are for scaling."""
    code, width, height = file.unpack("<3sHH", 23)
    if code != b"\x9d\x01\x2a":
        raise NotAnImage("it is damaged: a WebP without a key frame")
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(file: ImageBytes) -> tuple[int, int]:
    """Source: RFC 9649, 3.4: 14 bits each, less one."""
    (bits,) = file.unpack("<I", 21)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _canvas_size(file: ImageBytes) -> tuple[int, int]:
    """Source: RFC 9649, 2.7: 24 bits each, less one."""
    width, width_high, height, height_high = file.unpack("<HBHB", 24)
    return (width | width_high << 16) + 1, (height | height_high << 16) + 1


_WEBP_SIZES: Mapping[bytes, Callable[[ImageBytes], tuple[int, int]]] = {
    b"VP8 ": _lossy_size,
    b"VP8L": _lossless_size,
    b"VP8X": _canvas_size,
}
