"""Whether a file is a whole film, told by its boxes alone."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner import mp4
from batchrunner.resources import read_bytes
from tests.pure.in_process import box, film, header

CLIP = read_bytes("sandbox/clip.mp4")
BEGIN = box(b"ftyp", b"isom")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.mp4"


def fault(file: Path, content: bytes) -> str | None:
    file.write_bytes(content)
    return mp4.fault(file)


def test_the_clip_of_the_imitated_service_is_whole(file: Path) -> None:
    assert fault(file, CLIP) is None


def test_a_clip_that_is_cut_anywhere_is_not(file: Path) -> None:
    whole = [size for size in range(len(CLIP)) if fault(file, CLIP[:size]) is None]
    assert whole == []


@pytest.mark.parametrize(
    "content",
    [
        film(),
        film(version=1),
        film(large=True),
        film(large=True, version=1),
        CLIP + box(b"free"),
        CLIP + box(b"free", b"room"),
        CLIP + box(b"free", large=True),
        BEGIN + box(b"mdat", b"pictures") + box(b"moov", header()),
        BEGIN + box(b"moov", header()) + b"\0\0\0\0mdat" + b"up to the end",
        BEGIN + box(b"moov", header()) + box(b"mdat") + box(b"mdat", b"pictures"),
    ],
)
def test_boxes_that_add_up_and_hold_a_film_are_one(file: Path, content: bytes) -> None:
    assert fault(file, content) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it holds no file type and no index and no pictures"),
        (b"\0\0\0", "it ends in the middle of a box"),
        (b"<!doctype html><html></html>", "it does not begin like an MP4"),
        (b'{"code": 404, "message": "NotFound"}', "it does not begin like an MP4"),
        (bytes(64), "it does not begin like an MP4"),
        (box(b"moov", header()) + BEGIN, "it does not begin like an MP4"),
        (BEGIN, "it holds no index and no pictures"),
        (BEGIN + box(b"mdat", b"pictures"), "it holds no index"),
        (BEGIN + box(b"moov", header()), "it holds no pictures"),
        (film(duration=0), "its film has no length"),
        (film(duration=0, version=1), "its film has no length"),
        (BEGIN + box(b"moov", box(b"udta")) + box(b"mdat", b"pictures"), "its film has no length"),
        (film() + b"\n", "it ends in the middle of a box"),
        (film() + box(b"free")[:-1], "it ends in the middle of a box"),
        (film()[:-1], "it is cut short: 72 bytes of at least 73"),
    ],
)
def test_what_is_wrong_is_said_in_words(file: Path, content: bytes, words: str) -> None:
    assert fault(file, content) == words


@pytest.mark.parametrize(
    "content",
    [
        BEGIN + box(b"mdat", b"pictures") + box(b"moov", box(b"mvhd")),
        BEGIN + box(b"mdat", b"pictures") + box(b"moov", box(b"mvhd", b"\1")),
        BEGIN + box(b"mdat", b"pictures") + box(b"moov", b"\0\0\0"),
        BEGIN + box(b"mdat", b"pictures") + box(b"moov", b"\0\0\0\1mvhd"),
        BEGIN + box(b"mdat", b"pictures") + box(b"moov", b"\xff\xff\xff\xffmvhd\0\0\0\0"),
        BEGIN + b"\0\0\0\1mdat" + b"\xff" * 8 + b"pictures",
        BEGIN + b"\0\0\0\1mdat",
        BEGIN + b"\0\0\0\2moov" * 3,
    ],
)
def test_boxes_that_lie_about_themselves_are_a_fault_and_no_bug(file: Path, content: bytes) -> None:
    assert fault(file, content)


BOXES = st.builds(
    lambda size, kind, content: size.to_bytes(4) + kind + content,
    st.integers(0, 40) | st.integers(0, 2**32 - 1),
    st.sampled_from([b"ftyp", b"moov", b"mdat", b"mvhd", b"free"]),
    st.binary(max_size=30) | st.just(header()),
)


@example(BEGIN + box(b"mdat") + box(b"moov", box(b"mvhd")))
@settings(deadline=None)
@given(st.binary(max_size=200) | st.lists(BOXES, max_size=5).map(lambda boxes: BEGIN + b"".join(boxes)))
def test_no_file_can_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    fault(tmp_path_factory.getbasetemp() / "anything.mp4", content)
