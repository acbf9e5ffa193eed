"""What a model takes as a picture: its bytes, its sides, its shape, its format, and how it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from batchrunner.io.image_header import LARGEST_BYTES, ImageKind


class SentAs(StrEnum):
    """How a picture reaches the service: as a link, or as a local file that is uploaded."""

    LINK = "link"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The limits of the pictures of one field; None: there is none that is known.

    Sides and pixels are those of the picture as it is viewed. `ratio` is width by height, from to to. `max_bytes` is
    never above what the service's upload takes.
    """

    max_bytes: int = LARGEST_BYTES
    min_side_px: int | None = None
    max_side_px: int | None = None
    max_pixels: int | None = None
    ratio: tuple[Fraction, Fraction] | None = None
    formats: frozenset[ImageKind] = frozenset(ImageKind)
    accepts: frozenset[SentAs] = frozenset({SentAs.LINK, SentAs.UPLOAD})


def read_limits(written: Mapping[str, Any]) -> PictureLimits:
    """The limits that a description writes for one field.

    Raises:
        ValueError: one of them is none.
    """
    told = dict(written)
    if "ratio" in told:
        low, high = (ratio_of(text) for text in told["ratio"])
        told["ratio"] = (low, high)
    if "formats" in told:
        told["formats"] = frozenset(map(ImageKind, told["formats"]))
    if "accepts" in told:
        told["accepts"] = frozenset(map(SentAs, told["accepts"]))
    if "max_bytes" in told:
        told["max_bytes"] = min(told["max_bytes"], LARGEST_BYTES)
    return PictureLimits(**told)


def ratio_of(text: str) -> Fraction:
    """`2:5` as a number.

    Raises:
        ValueError: it is no ratio.
    """
    width, colon, height = text.partition(":")
    if not (colon and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ValueError(f"{text!r} is not a ratio such as 16:9")
    return Fraction(int(width), int(height))
