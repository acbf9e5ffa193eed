"""The names of pictures: what ends like one, which have the same stem, and which was probably meant."""

import re
from collections.abc import Iterable
from pathlib import PurePath

from batchrunner.problems import nearest

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def is_picture(name: str) -> bool:
    """Whether a file's name ends as those of pictures do."""
    return PurePath(name).suffix.lower() in ENDINGS


def with_stem(stem: str, names: Iterable[str]) -> list[str]:
    """The pictures that are called so but for their ending, sorted."""
    return sorted(name for name in names if is_picture(name) and PurePath(name).stem == stem)


def nearest_picture(name: str, names: Iterable[str]) -> str | None:
    """The picture that was probably meant: one with the same stem first, and never one of another shot.

    A name with another number in it is another shot's, however alike the two look.
    """
    same_shot = [other for other in names if is_picture(other) and _numbers(other) == _numbers(name)]
    stem = PurePath(name).stem.casefold()
    same_stem = (other for other in sorted(same_shot) if PurePath(other).stem.casefold() == stem)
    return next(same_stem, None) or nearest(name, same_shot)


def _numbers(name: str) -> list[str]:
    return [digits.lstrip("0") for digits in re.findall(r"\d+", PurePath(name).stem)]
