"""Pictures by their bytes: real ones made by an encoder, and what lies under their names besides."""

import base64
import os
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchrunner.io.image_header import LARGEST_BYTES, ImageHeader, ImageKind, NotAnImage
from batchrunner.io.images import read_header, read_image

# 7x5 pixels, one colour each.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P///////////////////////////////////////////////////"
    "///////2wBDAaq0tPDS8P//////////////////////////////////////////////////////////////////////////////wgARCAAFAAcDAS"
    "IAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIQAxAAAAGAf//EABQQAQAAAAAAAAAAAAA"
    "AAAAAAAD/2gAIAQEAAQUCf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Bf//E"
    "ABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEABj8Cf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hf//aAAwDAQACAAMAAAAQA//EABQRA"
    "QAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Qf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Qf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2g"
    "AIAQEAAT8Qf//Z"
)
LOSSY = base64.b64decode("UklGRigAAABXRUJQVlA4IBwAAABwAQCdASoHAAUACQCsJZQCo9FAAAD+7Ud6WAAA")
LOSSLESS = base64.b64decode("UklGRh4AAABXRUJQVlA4TBEAAAAvBgABAAdQiirUo/+BiOh/AAA=")
EXTENDED = base64.b64decode(
    "UklGRkgAAABXRUJQVlA4WAoAAAAQAAAABgAABAAAQUxQSAoAAAABB1CyiAhERP8DVlA4IBgAAAAwAQCdASoHAAUACQCsJaQAA3AA/u6gQAA="
)
GIF = base64.b64decode("R0lGODdhBwAFAIEAAAoUHgAAAAAAAAAAACwAAAAABwAFAAAIDAABCBxIsKDBgwcDAgA7")


def png(width: int = 7, height: int = 5) -> bytes:
    """A PNG of black pixels."""
    rows = (b"\0" + b"\0" * 3 * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def exif(orientation: int, order: str) -> bytes:
    """A camera's note in one of the two byte orders, with another entry before the one that counts."""
    mark = {"<": b"II", ">": b"MM"}[order]
    entries = struct.pack(f"{order}HHIHHHHIHH", 0x0100, 3, 1, 7, 0, 0x0112, 3, 1, orientation, 0)
    tiff = mark + struct.pack(f"{order}HIH", 42, 8, 2) + entries + b"\0" * 4
    return segment(0xE1, b"Exif\0\0" + tiff)


def jpeg_with(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def fault(data: bytes, size_bytes: int | None = None) -> str:
    with pytest.raises(NotAnImage) as caught:
        read_header(data, size_bytes)
    return str(caught.value)


def is_judged(data: bytes, size_bytes: int | None) -> bool:
    """Whether the bytes are a picture with a size, or are said to be something else."""
    try:
        header = read_header(data, size_bytes)
    except NotAnImage as error:
        return str(error).startswith("it is ")
    return header.width > 0 < header.height


# pictures


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(png(), ImageKind.PNG, id="png"),
        pytest.param(JPEG, ImageKind.JPEG, id="jpeg"),
        pytest.param(LOSSY, ImageKind.WEBP, id="lossy webp"),
        pytest.param(LOSSLESS, ImageKind.WEBP, id="lossless webp"),
        pytest.param(EXTENDED, ImageKind.WEBP, id="extended webp"),
    ],
)
def test_a_picture_tells_its_kind_and_size(data: bytes, kind: ImageKind) -> None:
    assert read_header(data) == ImageHeader(kind, 7, 5)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(10))
def test_a_jpeg_is_as_wide_as_its_camera_held_it(orientation: int, order: str) -> None:
    header = read_header(jpeg_with(exif(orientation, order)))
    assert (header.width, header.height) == ((5, 7) if orientation in {5, 6, 7, 8} else (7, 5))


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"), id="not Exif"),
        pytest.param(segment(0xE1, b"Exif\0\0"), id="empty"),
        pytest.param(segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"), id="beyond the end"),
        pytest.param(segment(0xE1, exif(6, "<")[4:-20]), id="cut short"),
    ],
)
def test_a_note_that_cannot_be_read_does_not_turn_the_picture(note: bytes) -> None:
    assert read_header(jpeg_with(note)) == ImageHeader(ImageKind.JPEG, 7, 5)


@pytest.mark.parametrize(
    "between",
    [
        pytest.param((b"\xff\xff\xff",), id="fill bytes"),
        pytest.param((b"\xff\x01",), id="a marker without length"),
        pytest.param(tuple(segment(0xE2, b"x" * 65_000) for _ in range(9)), id="a large colour profile"),
        pytest.param((segment(0xC4, b"x"),), id="a table whose code is among those of frames"),
    ],
)
def test_a_jpegs_frame_is_found_behind_whatever_precedes_it(between: tuple[bytes, ...]) -> None:
    assert read_header(jpeg_with(*between)) == ImageHeader(ImageKind.JPEG, 7, 5)


@pytest.mark.parametrize("count", [10, 300_000])
@pytest.mark.parametrize("data", [png(), JPEG, LOSSY], ids=["png", "jpeg", "webp"])
def test_bytes_that_a_program_appended_do_no_harm(data: bytes, count: int) -> None:
    assert read_header(data + b"x" * count).width == 7


def test_the_beginning_of_a_picture_is_enough() -> None:
    assert read_header(png()[:40], 10_000) == ImageHeader(ImageKind.PNG, 7, 5)
    assert read_header(JPEG[:200], len(JPEG)) == ImageHeader(ImageKind.JPEG, 7, 5)
    assert read_header(LOSSY[:30], len(LOSSY)) == ImageHeader(ImageKind.WEBP, 7, 5)


# what is no picture


@pytest.mark.parametrize("data", [png(), JPEG, LOSSY, LOSSLESS, EXTENDED], ids=["png", "jpeg", "lossy", "less", "x"])
def test_a_picture_that_lacks_its_end_is_cut_short_wherever_it_was_cut(data: bytes) -> None:
    assert {fault(data[:size]).split(":")[0] for size in range(4, len(data))} == {"it is cut short"}


def test_a_jpeg_is_cut_short_though_the_preview_inside_it_is_whole() -> None:
    preview = segment(0xE1, b"Exif\0\0" + JPEG)
    assert fault(jpeg_with(preview)[:-2]) == "it is cut short"


def test_a_webp_says_how_much_is_missing() -> None:
    assert fault(LOSSY[:30], 30) == "it is cut short: 30 bytes of 48"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"\0" * 100, "it holds only zeros, as after a broken copy"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "it is a git-lfs pointer, not the image: run `git lfs pull`",
        ),
        (GIF, "it is a GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is a HEIC image"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "it is a HEIC image"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "it is an AVIF image"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "it is a video"),
        (b"RIFF\0\0\0\0AVI LIST", "it is a video"),
        (b"%PDF-1.7\n", "it is a PDF or PostScript file"),
        (b"II*\0\x08\0\0\0", "it is a TIFF, or a raw image from a camera"),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "it is a BMP"),
        (b"8BPS\0\x01", "it is a Photoshop file"),
        (b"v/1\x01\x02\0\0\0", "it is an OpenEXR image"),
        (b"PK\x03\x04\x14\0", "it is an archive"),
        (b"\n<!DOCTYPE html>\n<html>", "it is an HTML page"),
        (b"<!-- saved -->\n<html lang=en><svg/>", "it is an HTML page"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="">', "it is an SVG"),
        (b"<svg>", "it is an SVG"),
        (b'<?xml version="1.0"?><Error/>', "it is XML"),
        (b'{"error": "expired"}', "it is JSON, perhaps an error message"),
        (png().replace(b"\r\n", b"\n"), "it is a PNG that was damaged by being copied as text"),
        (b"a frame", "it is not a PNG, JPEG or WebP"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data: bytes, words: str) -> None:
    assert fault(data) == words


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png().replace(b"IHDR", b"CgBI"), id="png without header"),
        pytest.param(png(0, 5), id="png without width"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x02" + b"x" * 50, id="jpeg between segments"),
        pytest.param(b"\xff\xd8\xff\xd9" + b"x" * 50, id="jpeg that ends at once"),
        pytest.param(b"\xff\xd8\xff\xda\0\x02" + b"x" * 50, id="jpeg without frame"),
        pytest.param(b"\xff\xd8" + b"\xff" * 5000, id="jpeg of fill bytes"),
        pytest.param(b"\xff\xd8" + b"\xff\x01" * 20_000, id="jpeg of markers"),
        pytest.param(LOSSY.replace(b"VP8 ", b"JUNK"), id="webp without picture"),
        pytest.param(LOSSY.replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"), id="webp without key frame"),
    ],
)
def test_a_header_that_makes_no_sense_is_damaged(data: bytes) -> None:
    assert fault(data).startswith("it is damaged: ")


# whatever the bytes

BEGINNINGS = (b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", JPEG[:180], LOSSY[:12], EXTENDED[:20])


@given(st.sampled_from(BEGINNINGS), st.binary(max_size=300), st.one_of(st.none(), st.integers(0, 2**40)))
@example(JPEG, exif(6, ">")[:30], None)
def test_any_bytes_are_a_picture_or_are_none(start: bytes, rest: bytes, size_bytes: int | None) -> None:
    assert is_judged(start + rest, size_bytes)


@given(st.sampled_from([png(), JPEG, LOSSY, LOSSLESS, EXTENDED, jpeg_with(exif(6, "<"))]), st.data())
def test_a_picture_with_any_byte_changed_is_a_picture_or_is_none(whole: bytes, draw: st.DataObject) -> None:
    changed = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 4))):
        changed[draw.draw(st.integers(0, len(whole) - 1))] = draw.draw(st.integers(0, 255))
    assert is_judged(bytes(changed), None)


# files


def test_a_file_tells_its_header_and_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(png())
    assert read_image(path) == (ImageHeader(ImageKind.PNG, 7, 5), len(png()))


def test_a_picture_that_is_too_large_to_be_sent_is_not_searched_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png()[:-12])
    os.truncate(path, LARGEST_BYTES + 1)
    assert read_image(path) == (ImageHeader(ImageKind.PNG, 7, 5), LARGEST_BYTES + 1)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize(("name", "words"), [(".", "it is a folder"), ("a\0", "this cannot be a file name")])
def test_what_is_no_file_is_no_picture(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(NotAnImage, match=words):
        read_image(tmp_path / name)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(NotAnImage, match="a pipe"):
        read_image(tmp_path / "a.png")
