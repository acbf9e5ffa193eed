"""The names of pictures: what ends like one, which have the same stem, and which was probably meant."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from batchrunner.domain.suggestions import nearest_name

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
        return same_stem[0] if same_stem else nearest_name(name, self._by_shot.get(_shot(name), ()))


def _stem(name: str) -> str:
    return PurePath(name).stem.casefold()


def _shot(name: str) -> tuple[str, ...]:
    return tuple(digits.lstrip("0") for digits in re.findall(r"\d+", PurePath(name).stem))


@dataclass(frozen=True, slots=True)
class FolderOfFrames:
    """A folder's pictures: their names, and the endings that there are by stem."""

    names: frozenset[str] = frozenset()
    endings: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @staticmethod
    def of(paths: Iterable[PurePath]) -> "FolderOfFrames":
        """That of these pictures."""
        endings: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            endings[path.stem].add(path.suffix)
        names = frozenset(stem + ending for stem, those in endings.items() for ending in those)
        return FolderOfFrames(names, {stem: frozenset(those) for stem, those in endings.items()})

    def find(self, text: str) -> str | None:
        """The name of the picture that a text means: by its name, its stem, or its stem in another ending.

        A stem that several pictures have is left as it is: it is for `validate` to tell.
        """
        text = re.split(r"[/\\]", text)[-1]
        if text in self.names:
            return text
        stem = PurePath(text).stem if is_picture(text) else text
        endings = self.endings.get(stem, frozenset())
        return stem + next(iter(endings)) if len(endings) == 1 else (stem if endings else None)

    def ending(self, texts: Iterable[str]) -> str | None:
        """What has to follow each text that means a picture to find it; None where nothing serves for all."""
        pairs = {(text, found) for text in texts if (found := self.find(text)) is not None}
        for ending in sorted({"", *(PurePath(found).suffix for _, found in pairs)}, reverse=True):
            if all(text + ending == found for text, found in pairs):
                return ending
        return "" if all(text in {found, PurePath(found).stem} for text, found in pairs) else None
