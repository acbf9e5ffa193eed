"""Fragments: a film in pieces, each with a small index of its own, as streams and some encoders write it.

Source: ISO/IEC 14496-12, sections 8.8.3 (trex), 8.8.7 (tfhd), 8.8.8 (trun), 8.16.3 (sidx).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchrunner.io.mp4.boxes import Box, BrokenFilm, Film
from batchrunner.io.mp4.sample_tables import is_video

_BASE_IS_TOLD, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
_BASE_IS_FRAGMENT = 0x20000
_RUN_OFFSET, _RUN_FIRST_FLAGS = 0x1, 0x4
_SAMPLE_DURATION, _SAMPLE_SIZE, _SAMPLE_FLAGS, _SAMPLE_OFFSET = 0x100, 0x200, 0x400, 0x800


@dataclass(frozen=True, slots=True)
class _Track:
    """A track as the index at the beginning describes it."""

    is_video: bool
    sample_bytes: int


def check_fragments(film: Film, movie: Box, boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Where the runs of pictures lie (start, size): all runs of all fragments lie in the media data.

    Raises:
        BrokenFilm: they do not.
    """
    fragments = [box for box in boxes if box.kind == b"moof"]
    if not fragments:
        return []
    for box in boxes:
        if box.kind == b"sidx":
            _check_segments(film, box)
    tracks = _tracks(film, movie)
    return [place for fragment in fragments for place in _pictures(film, fragment, tracks)]


def _tracks(film: Film, movie: Box) -> Mapping[int, _Track]:
    defaults: dict[int, int] = {}
    extended = film.first(movie, b"mvex")
    for box in film.boxes(extended, b"trex") if extended else ():
        number, size = film.unpack(">4xI8xI", box.start)
        defaults[number] = size
    tracks = {}
    for track in film.boxes(movie, b"trak"):
        header = film.first(track, b"tkhd")
        if header is None:
            raise BrokenFilm("a track has no header")
        (version,) = film.unpack(">B", header.start)
        (number,) = film.unpack(">I", header.start + (20 if version == 1 else 12))
        tracks[number] = _Track(is_video(film, track), defaults.get(number, 0))
    return tracks


def _pictures(film: Film, fragment: Box, tracks: Mapping[int, _Track]) -> Iterator[tuple[int, int]]:
    end = fragment.position
    for part in film.boxes(fragment, b"traf"):
        header = film.first(part, b"tfhd")
        flags, number = film.unpack(">II", header.start) if header else (0, 0)
        if header is None or number not in tracks:
            raise BrokenFilm("a fragment belongs to no track")
        base, size = _base(film, header, flags, tracks[number].sample_bytes)
        start = base if base is not None else fragment.position if flags & _BASE_IS_FRAGMENT else end
        end = start
        for place in _runs(film, part, start, size):
            film.check_media(*place)
            end = sum(place)
            if tracks[number].is_video and place[1]:
                yield place


def _base(film: Film, header: Box, flags: int, sample_bytes: int) -> tuple[int | None, int]:
    """Where a track's samples begin, if it is told, and how large one is, if none is told."""
    position, base = header.start + 8, None
    if flags & _BASE_IS_TOLD:
        (base,) = film.unpack(">Q", position)
        position += 8
    position += 4 * (bool(flags & _DESCRIPTION) + bool(flags & _DURATION))
    return base, film.unpack(">I", position)[0] if flags & _SIZE else sample_bytes


def _runs(film: Film, part: Box, base: int, sample_bytes: int) -> Iterator[tuple[int, int]]:
    """The runs of samples of one track in one fragment: where each begins, and its bytes."""
    following = base
    for run in film.boxes(part, b"trun"):
        flags, count = film.unpack(">II", run.start)
        position = run.start + 8
        start = following
        if flags & _RUN_OFFSET:
            start = base + film.unpack(">i", position)[0]
            position += 4
        position += 4 * bool(flags & _RUN_FIRST_FLAGS)
        before = bool(flags & _SAMPLE_DURATION)
        behind = bool(flags & _SAMPLE_FLAGS) + bool(flags & _SAMPLE_OFFSET)
        if flags & _SAMPLE_SIZE:
            rows = film.rows(run, position, count, "I" * (before + 1 + behind))
            size = sum(row[before] for row in rows)
        else:
            size = count * sample_bytes
        following = start + size
        yield start, size


def _check_segments(film: Film, index: Box) -> None:
    """A list of all fragments tells that some of them never came."""
    (version,) = film.unpack(">B", index.start)
    form, position = (">QQ", index.start + 28) if version else (">II", index.start + 20)
    first_offset = film.unpack(form, index.start + 12)[1]
    (count,) = film.unpack(">2xH", position)
    sizes = (row[0] & 0x7FFFFFFF for row in film.rows(index, position + 4, count, "III"))
    end = index.end + first_offset + sum(sizes)
    if end > film.size_bytes:
        raise BrokenFilm(f"it is cut short: {film.size_bytes} bytes of at least {end}")
