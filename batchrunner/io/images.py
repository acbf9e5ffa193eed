"""What a picture file is and how large it appears, from as few of its bytes as can tell; else what it is instead."""

import os
import re
import stat
import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from batchrunner.io.image_formats import jpeg_header, png_header, webp_header
from batchrunner.io.image_header import ImageBytes, ImageHeader, NotAnImage

_HEAD_BYTES = 512


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
        return _header(ImageBytes(stream, size_bytes, has_end=True)), size_bytes


def read_header(data: bytes, size_bytes: int | None = None) -> ImageHeader:
    """The header of a picture, given whole or by its beginning.

    `size_bytes` is the size of the whole file, by default that of `data`. Whether the file is whole cannot be told
    from its beginning, except for a WebP, which says how long it is.

    Raises:
        NotAnImage: it is something else, or ends before its size in pixels is told.
    """
    size_bytes = len(data) if size_bytes is None else size_bytes
    return _header(ImageBytes(BytesIO(data), size_bytes, has_end=len(data) >= size_bytes))


def _header(file: ImageBytes) -> ImageHeader:
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


def _magic(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_READERS: Mapping[re.Pattern[bytes], Callable[[ImageBytes], ImageHeader]] = {
    _magic(rb"\x89PNG\r\n\x1a\n"): png_header,
    _magic(rb"\xff\xd8\xff"): jpeg_header,
    _magic(rb"RIFF....WEBP"): webp_header,
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
