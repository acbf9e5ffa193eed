"""Whether a file is a whole MP4: its boxes add up, and its index points at frames that are there.

Players and tag readers call a truncated file healthy, because its index comes first; the sizes of its boxes and the
places of its samples do not. All of this is linear in the index, and bounded.
Source: ISO/IEC 14496-12: sections 4.2 (boxes), 8.2 to 8.7 (the movie and its tables), 8.8 (fragments).
"""

import struct
from pathlib import Path

from batchrunner.io.mp4.boxes import BEGINNINGS, BrokenFilm, Film
from batchrunner.io.mp4.fragments import check_fragments
from batchrunner.io.mp4.sample_tables import check_tracks

_NEEDED = {b"ftyp": "no file type", b"moov": "no index", b"mdat": "no frames"}
_OTHER_FILMS = (b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"FLV\x01", b"\x00\x00\x01\xba")

# So many places are looked at for zeros, in so many bytes each.
_MOST_GLANCES = 64
_GLANCE_BYTES = 4096
# A coded picture begins with its length, or with a mark of its codec.
_LEAST_BYTES = 16


def fault(path: Path) -> str | None:
    """What is wrong with the file, in words; None where it is a whole MP4 with pictures in it.

    Raises:
        OSError: the disk does not give it.
    """
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        try:
            _check(Film(file, size_bytes))
        except struct.error:
            return "it ends in the middle of a box"
        except BrokenFilm as wrong:
            return str(wrong)
    return None


def is_film(path: Path) -> bool:
    """Whether a file begins as films do, whole or not: then it may be worth a person's look.

    Raises:
        OSError: the disk does not give it.
    """
    with path.open("rb") as file:
        beginning = file.read(8)
    return beginning[4:] in {*BEGINNINGS, *_NEEDED} or beginning.startswith(_OTHER_FILMS)


def _check(film: Film) -> None:
    boxes = film.top()
    kinds = {box.kind for box in boxes}
    missing = [words for kind, words in _NEEDED.items() if kind not in kinds]
    if missing:
        raise BrokenFilm(f"it holds {' and '.join(missing)}")
    film.media += [(box.start, box.end) for box in boxes if box.kind == b"mdat"]
    [movie, *others] = [box for box in boxes if box.kind == b"moov"]
    if others:
        raise BrokenFilm("it holds more than one index")
    pictures = check_tracks(film, movie) + check_fragments(film, movie, boxes)
    if not pictures:
        raise BrokenFilm("its index names no frames")
    if b"moof" not in kinds and film.duration(movie) == 0:
        raise BrokenFilm("its video has no length")
    _check_zeros(film, pictures)


def _check_zeros(film: Film, pictures: list[tuple[int, int]]) -> None:
    """A file whose blocks never came is as long as it should be, and empty there."""
    chunks = pictures[:: -(-len(pictures) // _MOST_GLANCES)]
    glances = _MOST_GLANCES // len(chunks)
    for start, size in [*chunks, pictures[-1]]:
        seen_bytes = min(size, _GLANCE_BYTES)
        for place in range(glances + 1):
            position = start + (size - seen_bytes) * place // glances
            seen = film.read(position, seen_bytes)
            if len(seen) >= _LEAST_BYTES and not any(seen):
                raise BrokenFilm(f"there are only zeros where a frame should be, at byte {position}")
