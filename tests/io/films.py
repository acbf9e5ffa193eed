"""MP4 files built box by box: whole ones of every kind, and those that only look so."""

from collections.abc import Sequence
from struct import pack

PICTURES = b"".join(bytes([number]) * 40 for number in range(1, 9))
SIZES = [40] * 8


def box(kind: bytes, content: bytes = b"", *, large: bool = False) -> bytes:
    """One box of an MP4; a large one tells its size in 64 bits."""
    if large:
        return (1).to_bytes(4) + kind + (16 + len(content)).to_bytes(8) + content
    return (8 + len(content)).to_bytes(4) + kind + content


BEGIN = box(b"ftyp", b"isom")


def header(duration: int = 24, version: int = 0) -> bytes:
    """The movie header, as far as anyone reads it."""
    wide = 8 if version == 1 else 4
    times = bytes(2 * wide) + (24).to_bytes(4) + duration.to_bytes(wide)
    return box(b"mvhd", bytes([version, 0, 0, 0]) + times)


def sizes_of(sizes: Sequence[int], bits: int = 32) -> bytes:
    """The table of sizes: one for all, one for each, or a compact one."""
    if bits == 0:
        return box(b"stsz", pack(">4xII", sizes[0], len(sizes)))
    if bits == 32:
        return box(b"stsz", pack(">4xII", 0, len(sizes)) + pack(f">{len(sizes)}I", *sizes))
    fields = {8: lambda: bytes(sizes), 16: lambda: pack(f">{len(sizes)}H", *sizes), 4: lambda: _halves(sizes)}[bits]()
    return box(b"stz2", pack(">7xBI", bits, len(sizes)) + fields)


def _halves(sizes: Sequence[int]) -> bytes:
    even = [*sizes, *([0] * (len(sizes) % 2))]
    return bytes(16 * left + right for left, right in zip(even[::2], even[1::2], strict=True))


def chunks_of(offsets: Sequence[int], runs: Sequence[tuple[int, int]], *, wide: bool = False) -> bytes:
    """The tables of places: runs are (first chunk, samples in each)."""
    form, kind = ("Q", b"co64") if wide else ("I", b"stco")
    places = box(kind, pack(">4xI", len(offsets)) + pack(f">{len(offsets)}{form}", *offsets))
    return box(b"stsc", pack(">4xI", len(runs)) + b"".join(pack(">III", *run, 1) for run in runs)) + places


def track(tables: bytes, handler: bytes = b"vide", number: int = 1, version: int = 0) -> bytes:
    head = box(b"tkhd", bytes([version, 0, 0, 3]) + bytes(16 if version else 8) + number.to_bytes(4) + bytes(8))
    media = box(b"hdlr", bytes(8) + handler + bytes(13)) + box(b"minf", box(b"stbl", tables))
    return box(b"trak", head + box(b"mdia", media))


def film(
    *,
    large: bool = False,
    version: int = 0,
    duration: int = 24,
    bits: int = 32,
    wide: bool = False,
    front: bytes = BEGIN,
    between: bytes = b"",
    index_last: bool = False,
    unsized: bool = False,
    handler: bytes = b"vide",
    pictures: bytes = PICTURES,
    sizes: Sequence[int] = SIZES,
    shift: int = 0,
    runs: Sequence[tuple[int, int]] = ((1, 4),),
    extra: bytes = b"",
) -> bytes:
    """A film of two chunks; `shift` moves what its index says of their places."""
    half = sum(sizes[: len(sizes) // 2])

    def index(start: int) -> bytes:
        tables = sizes_of(sizes, bits) + chunks_of([start + shift, start + half + shift], runs, wide=wide)
        body = box(b"udta", b"x") + header(duration, version) + track(tables, handler, version=version) + extra
        return box(b"moov", body, large=large)

    media = b"\0\0\0\0mdat" + pictures if unsized else box(b"mdat", pictures, large=large)
    before = 16 if large and not unsized else 8
    if index_last:
        return front + between + media + index(len(front) + len(between) + before)
    return front + index(len(front) + len(index(10)) + len(between) + before) + between + media


EMPTY = sizes_of([]) + chunks_of([], [])


def fragment(
    pictures: bytes,
    sizes: Sequence[int],
    *,
    flags: int = 0x20000,
    run_flags: int = 0x201,
    base: int = 0,
    size: int = 40,
    shift: int = 0,
) -> bytes:
    """A piece of a film: its index, and its media data."""

    def head(start: int) -> bytes:
        told = (base.to_bytes(8) if flags & 1 else b"") + (size.to_bytes(4) if flags & 0x10 else b"")
        run = pack(">II", run_flags, len(sizes)) + (pack(">i", start + shift) if run_flags & 1 else b"")
        for each in sizes:
            run += bytes(4) if run_flags & 0x100 else b""
            run += each.to_bytes(4) if run_flags & 0x200 else b""
            run += bytes(4) if run_flags & 0x400 else b""
        part = box(b"tfhd", pack(">II", flags, 1) + told) + box(b"trun", run)
        return box(b"moof", box(b"mfhd", bytes(8)) + box(b"traf", part))

    return head(len(head(0)) + 8) + box(b"mdat", pictures)


def fragmented(*fragments: bytes, listed: bool = False, size: int = 40, extra: bytes = b"") -> bytes:
    """A film in pieces; `listed`: with a list of them in front."""
    extended = box(b"mvex", box(b"mehd", bytes(8)) + box(b"trex", pack(">4xIIIII", 1, 1, 0, size, 0)))
    index = box(b"moov", header(0) + track(EMPTY) + extended + extra)
    entries = b"".join(pack(">III", len(each), 0, 0) for each in fragments)
    segments = box(b"sidx", pack(">4xIIIIHH", 1, 24, 0, 0, 0, len(fragments)) + entries) if listed else b""
    return BEGIN + index + segments + b"".join(fragments)


PIECES = [fragment(PICTURES, SIZES), fragment(PICTURES[::-1], SIZES)]
