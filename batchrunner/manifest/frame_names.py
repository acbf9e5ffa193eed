"""The names of pictures: what ends like one, which have the same stem, and which was probably meant."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

from batchrunner.problems import nearest

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def is_picture(name: str) -> bool:
    """Whether a file's name ends as those of pictures do."""
    return PurePath(name).suffix.lower() in ENDINGS


class PictureNames:
    """The pictures among some names, indexed once: to look one up costs the same among thousands."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_shot: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in sorted(filter(is_picture, names)):
            self._by_stem[_stem(name)].append(name)
            self._by_shot[_shot(name)].append(name)

    def with_stem(self, stem: str) -> list[str]:
        """The pictures that are called so but for their ending, sorted."""
        alike = self._by_stem.get(stem.casefold(), ())
        return [name for name in alike if PurePath(name).stem == stem]

    def nearest(self, name: str) -> str | None:
        """The picture that was probably meant: one with the same stem first, and never one of another shot.

        A name with another number in it is another shot's, however alike the two look.
        """
        same_stem = self._by_stem.get(_stem(name))
        return same_stem[0] if same_stem else nearest(name, self._by_shot.get(_shot(name), ()))


def _stem(name: str) -> str:
    return PurePath(name).stem.casefold()


def _shot(name: str) -> tuple[str, ...]:
    return tuple(digits.lstrip("0") for digits in re.findall(r"\d+", PurePath(name).stem))
