"""Which local pictures each model takes, read a second time; and pictures on both sides of every limit.

Where only the maker or a reseller speaks of a limit, and not the service, a picture beyond it is no mistake.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from batchrunner.io.image_header import ImageKind
from tests.catalog.second_readings import Verdict
from tests.io.test_images import EXTENDED, JPEG, chunk

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture by what limits speak of; its bytes have no pixels, since nobody looks at them."""

    width: int
    height: int
    kind: ImageKind = ImageKind.PNG
    size_bytes: int = 0

    @property
    def short(self) -> int:
        return min(self.width, self.height)

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.width, self.height)

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}-{self.size_bytes}.{self.kind.value}"

    def content(self) -> bytes:
        whole = _MADE[self.kind](self.width, self.height, b"")
        room = self.size_bytes - len(whole)
        return _MADE[self.kind](self.width, self.height, bytes(room)) if room > 0 else whole


def _png(width: int, height: int, note: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    notes = chunk(b"npTc", note[12:]) if note else b""
    return b"\x89PNG\r\n\x1a\n" + header + notes + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def _jpeg(width: int, height: int, note: bytes) -> bytes:
    at = JPEG.index(b"\xff\xc2") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 : -2] + note + JPEG[-2:]


def _webp(width: int, height: int, note: bytes) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = (
        EXTENDED[8:24]
        + sides
        + EXTENDED[30:]
        + (b"NOTE" + struct.pack("<I", len(note) - 8) + note[8:] if note else b"")
    )
    return EXTENDED[:4] + struct.pack("<I", len(chunks)) + chunks


_MADE: Mapping[ImageKind, Callable[[int, int, bytes], bytes]] = {
    ImageKind.PNG: _png,
    ImageKind.JPEG: _jpeg,
    ImageKind.WEBP: _webp,
}

SIDES = (
    *((127, 128), (128, 128), (299, 300), (300, 299), (300, 300), (300, 301), (301, 300), (301, 301), (302, 302)),
    *((400, 1000), (400, 1001), (1000, 400), (1001, 400), (480, 1920), (480, 1921), (1920, 480), (1921, 480)),
    *((1280, 720), (720, 1280), (6000, 6000), (6001, 6000), (6000, 6001), (9999, 9999)),
)
SIZES = (10_000_000, 10_000_001, 10 * MIB + 1, 16 * MIB, 16 * MIB + 1)
SHOTS = (
    *(Shot(width, height, kind) for width, height in SIDES for kind in ImageKind),
    *(Shot(1280, 720, ImageKind.PNG, size) for size in SIZES),
    *(Shot(1280, 720, kind, 10_000_001) for kind in (ImageKind.JPEG, ImageKind.WEBP)),
)


def wrong_if(*grounds: bool) -> Verdict:
    return Verdict.WRONG if any(grounds) else Verdict.FINE


def anything(_: Shot) -> Verdict:
    return Verdict.FINE


# Both sides have 300 pixels at least, the ratio is from 1:2.5 to 2.5:1, and a file has 10 MB at most.
def happyhorse(shot: Shot) -> Verdict:
    return wrong_if(shot.short < 300, not Fraction(2, 5) <= shot.ratio <= Fraction(5, 2), shot.size_bytes > 10_000_000)


# A file is below 20 MB, which no upload reaches; the short side is above 300 pixels, the ratio from 2:5 to 5:2.
def hailuo(shot: Shot) -> Verdict:
    return wrong_if(shot.short <= 300, not Fraction(2, 5) <= shot.ratio <= Fraction(5, 2))


def elsewhere(shot: Shot) -> Verdict:
    """A model whose pages name no limit; those of resellers differ from each other."""
    sound = (
        shot.short >= 300 and Fraction(2, 5) <= shot.ratio <= Fraction(5, 2) and max(shot.width, shot.height) <= 6000
    )
    return Verdict.FINE if sound and shot.kind is not ImageKind.WEBP and shot.size_bytes <= 10_000_000 else Verdict.OPEN


PICTURE_READINGS: Mapping[str, Callable[[Shot], Verdict]] = {
    "google/veo-3.1-i2v": anything,
    "google/veo-3.1-fast-i2v": anything,
    "google/veo-3.1-lite-i2v": anything,
    "vidu/viduq3-turbo-i2v": elsewhere,
    "vidu/viduq3-turbo-fl2v": elsewhere,
    "alibaba/happyhorse-1.0-i2v": happyhorse,
    "minimax/hailuo-2.3-i2v": hailuo,
    "bytedance/seedance-2.0-fast-i2v": elsewhere,
    "bytedance/seedance-1.5-pro-i2v": elsewhere,
    "alibaba/wan2.7-i2v": elsewhere,
    "kling/kling-v2.6-i2v": elsewhere,
}


def picture_verdict(slug: str, shot: Shot) -> Verdict:
    """What becomes of a local picture: the service's upload takes 16 MiB, whatever the model."""
    return Verdict.WRONG if shot.size_bytes > 16 * MIB else PICTURE_READINGS[slug](shot)
