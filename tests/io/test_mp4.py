"""Whether a file is a whole film, told by its boxes and its index alone."""

from pathlib import Path
from struct import pack

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchrunner.io import mp4
from batchrunner.io.resources import read_bytes
from tests.io.films import (
    BEGIN,
    EMPTY,
    PICTURES,
    PIECES,
    SIZES,
    box,
    chunks_of,
    film,
    fragment,
    fragmented,
    header,
    sizes_of,
    track,
)

CLIP = read_bytes("sandbox/clip.mp4")
FREE = box(b"free", b"room")
SMALL = b"".join(bytes([number]) * 9 for number in range(1, 9))

WHOLE = {
    "the clip of the imitated service": CLIP,
    "index first": film(),
    "index last": film(index_last=True),
    "64-bit times": film(version=1),
    "64-bit boxes": film(large=True),
    "64-bit boxes and times": film(large=True, version=1),
    "64-bit places": film(wide=True),
    "free room in front": film(front=FREE + BEGIN),
    "a mark of its writer in front": film(front=box(b"uuid", bytes(16)) + BEGIN),
    "wide before the pictures": film(between=box(b"wide")),
    "wide before the pictures, index last": film(between=box(b"wide"), index_last=True),
    "pictures up to the end": film(unsized=True),
    "an empty box of pictures, too": film(between=box(b"mdat")),
    "one size for all": film(bits=0),
    "sizes in 16 bits": film(bits=16),
    "sizes in 8 bits": film(bits=8),
    "sizes in 4 bits": film(bits=4, sizes=[9] * 8, pictures=SMALL),
    "runs of chunks": film(runs=((1, 4), (2, 4))),
    "four bytes behind the boxes of the index": film(extra=bytes(4)),
    "free room behind": film() + FREE,
    "large free room behind": film() + box(b"free", large=True),
    "fragments": fragmented(*PIECES),
    "fragments in a list": fragmented(*PIECES, listed=True),
    "one fragment": fragmented(PIECES[0]),
    "fragments of one size that is told in front": fragmented(fragment(PICTURES, SIZES, run_flags=0x1)),
    "fragments of one size each": fragmented(fragment(PICTURES, SIZES, flags=0x20010, run_flags=0x1), size=0),
    "fragments with times": fragmented(fragment(PICTURES, SIZES, run_flags=0x701)),
    "fragments without a base": fragmented(fragment(PICTURES, SIZES, flags=0)),
    "a film whose end is in fragments": film(extra=box(b"mvex", box(b"trex", pack(">4xIIIII", 1, 1, 0, 40, 0))))
    + PIECES[0],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.mp4"


def fault(file: Path, content: bytes) -> str | None:
    file.write_bytes(content)
    return mp4.fault(file)


@pytest.mark.parametrize("content", WHOLE.values(), ids=WHOLE)
def test_a_whole_film_is_taken_however_it_is_written(file: Path, content: bytes) -> None:
    assert fault(file, content) is None
    assert mp4.is_film(file)


SURE = {name: content for name, content in WHOLE.items() if "behind" not in name and "fragments" not in name}


@pytest.mark.parametrize("content", SURE.values(), ids=SURE)
def test_a_film_that_is_cut_anywhere_is_not_whole(file: Path, content: bytes) -> None:
    assert [size for size in range(len(content)) if fault(file, content[:size]) is None] == []


def test_fragments_that_never_came_are_missed_where_there_is_a_list(file: Path) -> None:
    content = WHOLE["fragments in a list"]
    assert [size for size in range(len(content)) if fault(file, content[:size]) is None] == []


NO_TRACK = BEGIN + box(b"moov", header()) + box(b"mdat", PICTURES)
TRACK = b"tkhd\0\0\0\3" + bytes(8) + b"\0\0\0"
OUTSIDE = "its index points outside of its frames"
MISFIT = "its tables do not fit each other"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it holds no file type and no index and no frames"),
        (b"\0\0\0", "it ends in the middle of a box"),
        (b"<!doctype html><html></html>", "it does not begin as an MP4 does"),
        (b'{"code": 404, "message": "NotFound"}', "it does not begin as an MP4 does"),
        (bytes(64), "it does not begin as an MP4 does"),
        (box(b"moov", header()) + BEGIN, "it does not begin as an MP4 does"),
        (BEGIN, "it holds no index and no frames"),
        (BEGIN + box(b"mdat", b"pictures"), "it holds no index"),
        (BEGIN + box(b"moov", header()), "it holds no frames"),
        (film(duration=0), "its video has no length"),
        (film(duration=0, version=1), "its video has no length"),
        (film() + b"\n", "it ends in the middle of a box"),
        (film() + box(b"free")[:-1], "it ends in the middle of a box"),
        (film()[:-1], f"it is cut short: {len(film()) - 1} bytes of at least {len(film())}"),
        (film() + film()[12:], "it holds more than one index"),
        # what used to be taken
        (NO_TRACK, "it holds no track"),
        (BEGIN + box(b"moov", header()) + b"\0\0\0\0mdat" + b"up to the end", "it holds no track"),
        (film(unsized=True)[:-1], OUTSIDE),
        (film(shift=1), OUTSIDE),
        (film(shift=-1), OUTSIDE),
        (film(shift=10_000), OUTSIDE),
        (film(runs=((1, 3),)), MISFIT),
        (film(runs=((1, 5),)), MISFIT),
        (film(runs=((2, 4),)), MISFIT),
        (film(runs=((1, 4), (1, 4))), MISFIT),
        (film(runs=()), MISFIT),
        (film(handler=b"soun"), "its index names no frames"),
        (film(pictures=b"", sizes=[0] * 8), "its index names no frames"),
        (film(pictures=bytes(320)), "there are only zeros where a frame should be, at byte "),
        (film(pictures=PICTURES[:160] + bytes(160)), "there are only zeros where a frame should be, at byte "),
        (
            film(pictures=b"\1" * 40_000 + bytes(40_000) + b"\1" * 80_000, sizes=[20_000] * 8),
            "there are only zeros where a frame should be, at byte ",
        ),
        (BEGIN + box(b"moov", header() + box(b"trak")) + box(b"mdat", PICTURES), "a track has no tables"),
        (BEGIN + box(b"moov", header() + track(b"")) + box(b"mdat", PICTURES), "a track has no sizes"),
        (
            BEGIN + box(b"moov", header() + track(sizes_of([1]))) + box(b"mdat", PICTURES),
            "a track does not say where its samples are",
        ),
        # fragments
        (fragmented(), "it holds no frames"),
        (fragmented(PIECES[0], fragment(PICTURES, SIZES, shift=1)), OUTSIDE),
        (fragmented(fragment(PICTURES, [40] * 9)), OUTSIDE),
        (fragmented(fragment(PICTURES, SIZES, flags=1, base=1 << 63)), OUTSIDE),
        (fragmented(fragment(bytes(320), SIZES)), "there are only zeros where a frame should be, at byte "),
        (fragmented(PIECES[0]).replace(TRACK + b"\1", TRACK + b"\2"), "a fragment belongs to no track"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(file: Path, content: bytes, words: str) -> None:
    assert (fault(file, content) or "it is whole").startswith(words)


def counted(tables: bytes) -> bytes:
    return BEGIN + box(b"moov", header() + track(tables)) + box(b"mdat", PICTURES)


MANY = 2**32 - 1
HEAD = box(b"tfhd", pack(">II", 0, 1))


@pytest.mark.parametrize(
    "content",
    [
        BEGIN + box(b"mdat", PICTURES) + box(b"moov", box(b"mvhd")),
        BEGIN + box(b"mdat", PICTURES) + box(b"moov", b"\0\0\0"),
        BEGIN + box(b"mdat", PICTURES) + box(b"moov", b"\0\0\0\1mvhd"),
        BEGIN + box(b"mdat", PICTURES) + box(b"moov", b"\xff\xff\xff\xffmvhd\0\0\0\0"),
        BEGIN + b"\0\0\0\1mdat" + b"\xff" * 8 + PICTURES,
        BEGIN + b"\0\0\0\1mdat" + b"\0" * 8 + PICTURES,
        BEGIN + b"\0\0\0\1mdat",
        BEGIN + b"\0\0\0\2moov" * 3,
        BEGIN + box(b"free") * 150_000,
        counted(box(b"stsz", pack(">4xII", 0, MANY)) + chunks_of([0], [(1, 1)])),
        counted(box(b"stsz", pack(">4xII", 1, MANY)) + chunks_of([0], [(1, MANY)])),
        counted(sizes_of([1]) + box(b"stsc", pack(">4xI", MANY)) + box(b"stco", pack(">4xI", 0))),
        counted(sizes_of([1]) + box(b"stsc", pack(">4xI", 0)) + box(b"stco", pack(">4xI", MANY))),
        counted(sizes_of([1]) + chunks_of([2**64 - 1], [(1, 1)], wide=True)),
        counted(box(b"stz2", pack(">7xBI", 3, 1)) + chunks_of([0], [(1, 1)])),
        counted(box(b"stz2", pack(">7xBI", 4, MANY)) + chunks_of([0], [(1, 1)])),
        counted(EMPTY) + box(b"moof", box(b"traf", box(b"trun", pack(">II", 0x200, MANY)))),
        counted(EMPTY) + box(b"moof", box(b"traf", HEAD + box(b"trun", pack(">II", 0x200, MANY)))),
        counted(EMPTY) + box(b"moof", box(b"traf") * 90_000),
        counted(EMPTY) + box(b"sidx", b"\1") + box(b"moof"),
    ],
)  # fmt: skip
def test_boxes_that_lie_about_themselves_are_a_fault_and_no_bug(file: Path, content: bytes) -> None:
    assert fault(file, content)


@pytest.mark.parametrize(
    ("content", "is_film"),
    [
        (film()[:-9], True),
        (box(b"moov"), True),
        (b"\x1aE\xdf\xa3" + bytes(20), True),
        (b"RIFF1234AVI ", True),
        (b"<html></html>", False),
        (b'{"code": 0}', False),
        (b"", False),
        (bytes(100), False),
    ],
)
def test_a_film_is_told_from_a_page_by_its_beginning(file: Path, content: bytes, *, is_film: bool) -> None:
    file.write_bytes(content)
    assert mp4.is_film(file) is is_film


KINDS = b"ftyp moov mdat mvhd free trak tkhd mdia hdlr minf stbl stsz stz2 stsc stco co64 moof traf tfhd trun sidx mvex"
BOXES = st.recursive(
    st.binary(max_size=40) | st.sampled_from([header(), EMPTY, sizes_of(SIZES), chunks_of([1, 2], [(1, 4)])]),
    lambda inner: st.lists(st.builds(box, st.sampled_from(KINDS.split()), inner), max_size=4).map(b"".join),
    max_leaves=12,
)


def changed(content: bytes, places: list[tuple[int, int]]) -> bytes:
    altered = bytearray(content)
    for place, value in places:
        altered[place % len(altered)] = value
    return bytes(altered)


CHANGED = st.builds(
    changed, st.sampled_from([*WHOLE.values()]), st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)))
)


@example(BEGIN + box(b"mdat") + box(b"moov", box(b"mvhd")))
@settings(deadline=None)
@given(st.binary(max_size=200) | BOXES.map(lambda boxes: BEGIN + boxes) | CHANGED)
def test_no_file_can_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    fault(tmp_path_factory.getbasetemp() / "anything.mp4", content)
