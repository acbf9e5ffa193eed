"""The tables of an MP4's tracks: which bytes of the file they say are samples.

Source: ISO/IEC 14496-12, sections 8.4.3 (handler) and 8.7 (sizes, chunks and their places).
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise

from batchrunner.io.mp4.boxes import Box, BrokenFilm, Film

_LAST_CHUNK = 1 << 32
_WHOLE_FIELDS = {8: "B", 16: "H"}
_HALF_A_BYTE = 4


def check_tracks(film: Film, movie: Box) -> list[tuple[int, int]]:
    """Where the chunks of pictures lie (start, size): all chunks of all tracks lie in the media data.

    Raises:
        BrokenFilm: they do not, or there is no track.
    """
    tracks = list(film.boxes(movie, b"trak"))
    if not tracks:
        raise BrokenFilm("it holds no track")
    pictures: list[tuple[int, int]] = []
    for track in tracks:
        chunks = list(_chunks(film, film.first(track, b"mdia", b"minf", b"stbl")))
        for start, size in chunks:
            film.check_media(start, size)
        if is_video(film, track):
            pictures += [chunk for chunk in chunks if chunk[1]]
    return pictures


def is_video(film: Film, track: Box) -> bool:
    """Whether a track is one of pictures."""
    handler = film.first(track, b"mdia", b"hdlr")
    return handler is not None and film.read(handler.start + 8, 4) == b"vide"


def _chunks(film: Film, tables: Box | None) -> Iterator[tuple[int, int]]:
    """The chunks of a track, as its tables have them; none where those are elsewhere, in fragments."""
    if tables is None:
        raise BrokenFilm("a track has no tables")
    count, places = _sizes(film, tables)
    offsets = _offsets(film, tables)
    sample = 0
    for offset, samples in zip(offsets, _samples(film, tables, len(offsets)), strict=True):
        if sample + samples > count:
            raise BrokenFilm("its tables do not fit each other")
        yield offset, places(sample + samples) - places(sample)
        sample += samples
    if sample != count:
        raise BrokenFilm("its tables do not fit each other")


def _sizes(film: Film, tables: Box) -> tuple[int, Callable[[int], int]]:
    """How many samples there are, and how many bytes those before a sample have in all."""
    table = film.first(tables, b"stsz")
    if table is None:
        return _compact_sizes(film, tables)
    one, count = film.unpack(">4xII", table.start)
    if one:
        return count, lambda sample: sample * one
    return count, _summed(size for (size,) in film.rows(table, table.start + 12, count, "I"))


def _compact_sizes(film: Film, tables: Box) -> tuple[int, Callable[[int], int]]:
    table = film.first(tables, b"stz2")
    if table is None:
        raise BrokenFilm("a track has no sizes")
    bits, count = film.unpack(">7xBI", table.start)
    if bits in _WHOLE_FIELDS:
        return count, _summed(size for (size,) in film.rows(table, table.start + 12, count, _WHOLE_FIELDS[bits]))
    if bits != _HALF_A_BYTE:
        raise BrokenFilm("a track has no sizes that can be read")
    pairs = film.rows(table, table.start + 12, (count + 1) // 2, "B")
    return count, _summed([half for (pair,) in pairs for half in divmod(pair, 16)][:count])


def _summed(sizes: Iterable[int]) -> Callable[[int], int]:
    return list(accumulate(sizes, initial=0)).__getitem__


def _offsets(film: Film, tables: Box) -> list[int]:
    """Where the chunks begin."""
    for kind, form in ((b"stco", "I"), (b"co64", "Q")):
        table = film.first(tables, kind)
        if table is not None:
            (count,) = film.unpack(">4xI", table.start)
            return [offset for (offset,) in film.rows(table, table.start + 8, count, form)]
    raise BrokenFilm("a track does not say where its samples are")


def _samples(film: Film, tables: Box, chunks: int) -> Iterator[int]:
    """How many samples each chunk has."""
    table = film.first(tables, b"stsc")
    (count,) = film.unpack(">4xI", table.start) if table else (0,)
    runs = film.rows(table, table.start + 8, count, "III") if table else []
    if chunks and (not runs or runs[0][0] != 1):
        raise BrokenFilm("its tables do not fit each other")
    for (first, samples, _), (following, *_) in pairwise([*runs, (_LAST_CHUNK, 0, 0)]):
        if following <= first:
            raise BrokenFilm("its tables do not fit each other")
        yield from [samples] * (min(following, chunks + 1) - first)
