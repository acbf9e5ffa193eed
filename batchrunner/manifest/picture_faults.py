"""What a model does not take of a local picture that can be read: its size, its sides, its shape, its format."""

from collections.abc import Iterator
from fractions import Fraction

from batchrunner.catalog.picture_limits import PictureLimits
from batchrunner.domain.problem import Code
from batchrunner.manifest.local_images import ImageError, Picture, megabytes


def picture_faults(picture: Picture, limits: PictureLimits) -> list[ImageError]:
    """Every limit of a field that a picture is beyond; none where nobody looked at it."""
    return list(_faults(picture, limits)) if picture.header else []


def _faults(picture: Picture, limits: PictureLimits) -> Iterator[ImageError]:
    header = picture.header
    if header is None:
        return
    size = f"{header.width}x{header.height}"
    short, long = sorted((header.width, header.height))
    if header.kind not in limits.formats:
        known = " or ".join(sorted(kind.value.upper() for kind in limits.formats))
        yield ImageError(
            Code.IMAGE_KIND, f"is a {header.kind.value.upper()}, and the model takes {known}", "convert it"
        )
    if picture.image.size_bytes > limits.max_bytes:
        found, most = _sizes(picture.image.size_bytes, limits.max_bytes)
        said = f"is {found}, more than the {most} that the model takes"
        yield ImageError(Code.IMAGE_TOO_LARGE, said, "make it smaller, or save it as JPEG")
    if limits.min_side_px is not None and short < limits.min_side_px:
        said = f"is {size}, and each side must be at least {limits.min_side_px} pixels"
        yield ImageError(Code.IMAGE_TOO_SMALL, said, "use a larger picture")
    if limits.max_side_px is not None and long > limits.max_side_px:
        said = f"is {size}, and no side may be above {limits.max_side_px} pixels"
        yield ImageError(Code.IMAGE_TOO_LARGE, said, "make it smaller")
    if limits.max_pixels is not None and header.width * header.height > limits.max_pixels:
        said = f"is {size}, more than {limits.max_pixels:,} pixels"
        yield ImageError(Code.IMAGE_TOO_LARGE, said, "make it smaller")
    if limits.ratio and not limits.ratio[0] <= Fraction(header.width, header.height) <= limits.ratio[1]:
        low, high = (f"{each.numerator}:{each.denominator}" for each in limits.ratio)
        yield ImageError(Code.IMAGE_RATIO, f"is {size}, and its shape must be from {low} to {high}", "crop it")


def _sizes(found: int, most: int) -> tuple[str, str]:
    """Two sizes that differ, so that it is seen: in MiB, else in bytes."""
    in_mib = megabytes(found), megabytes(most)
    return in_mib if len({*in_mib}) > 1 else (f"{found:,} bytes", f"{most:,}")
