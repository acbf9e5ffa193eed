"""Patterns of file names, followed in bounds: no link in `**`, so many entries, so many seconds, no folder outside."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from itertools import takewhile
from pathlib import Path

MOST_ENTRIES = 500_000
MOST_SECONDS = 20.0
_MOST_PARTS = 100
_SIGN = re.compile(r"[*?[]")
_BEAT = 256  # entries between two looks at the clock


class WalkedTooFar(Exception):  # becomes a problem
    """A limit was met; the message says which."""


class WalkedOutside(Exception):  # becomes a problem
    """The pattern leads into a folder that may not be looked into."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(slots=True)
class Walk:
    """Follows patterns; its limits count for all of them together.

    `*`, `?` and `[…]` mean a part of one name, `**` any number of folders. What a name hides (`.git`) is not found,
    unless the pattern begins with a point there too.
    """

    may_enter: Callable[[str], bool]
    now_s: Callable[[], float]
    _entries: int = 0
    _spent_s: float = 0.0
    _began_s: float = 0.0

    def hits(self, pattern: str, folder: Path) -> Iterator[str]:
        """What a pattern means, seen from a folder, in no order; a path may come twice.

        Raises:
            WalkedTooFar: it means more than is looked at.
            WalkedOutside: a part of it leads outside.
            ValueError: there is a NUL in it.
        """
        self._began_s = self.now_s()
        first, parts = ("/", pattern.lstrip("/")) if pattern.startswith("/") else ("", pattern)
        waiting = [(first, tuple(_merged(parts.split("/"))))]
        if len(waiting[0][1]) > _MOST_PARTS:
            raise WalkedTooFar("has too many parts")
        fixed = takewhile(lambda part: not _SIGN.search(part), waiting[0][1][:-1])
        self._enter(os.path.join(folder, first, *fixed))  # noqa: PTH118 - a text
        while waiting:
            path, (part, *rest) = waiting.pop()
            for found, left in self._step(os.path.join(folder, path), path, part, tuple(rest)):  # noqa: PTH118 - a text
                if left:
                    waiting.append((found, left))
                else:
                    yield found
        self._spent_s += self.now_s() - self._began_s

    def _step(self, whole: str, path: str, part: str, rest: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The paths one part further on, each with the parts that are left."""
        if part == "**":
            yield from self._below(whole, path, rest)
        elif not _SIGN.search(part):
            self._count()
            if os.path.lexists(os.path.join(whole, part)):  # noqa: PTH118 - a text
                yield _joined(path, part), rest
        else:
            matches = re.compile(translate(part)).match
            for entry in self._listed(whole):
                if matches(entry.name) and (part.startswith(".") or not entry.name.startswith(".")):
                    yield _joined(path, entry.name), rest

    def _below(self, whole: str, path: str, rest: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """This folder, and those in it: of `**` at the end, all files too. A link is not entered: it may lead back."""
        if rest:
            yield path, rest
        if path.count("/") > _MOST_PARTS:
            raise WalkedTooFar(f"goes more than {_MOST_PARTS} folders deep")
        for entry in self._listed(whole):
            if entry.name.startswith("."):
                continue
            if not rest:
                yield _joined(path, entry.name), ()
            if entry.is_dir(follow_symlinks=False):
                yield _joined(path, entry.name), ("**", *rest)

    def _listed(self, whole: str) -> Iterator["os.DirEntry[str]"]:
        self._enter(whole)
        try:
            with os.scandir(whole or ".") as entries:
                for entry in entries:
                    self._count()
                    yield entry
        except OSError:  # no folder, or not ours to read: nothing is found there
            return

    def _enter(self, whole: str) -> None:
        if not self.may_enter(whole):
            raise WalkedOutside(os.path.join(whole, "x"))  # noqa: PTH118 - a text; its folder is what is told

    def _count(self) -> None:
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise WalkedTooFar(f"would search more than {MOST_ENTRIES:,} files and folders")
        if self._entries % _BEAT == 0 and self._spent_s + self.now_s() - self._began_s > MOST_SECONDS:
            raise WalkedTooFar(f"takes more than {MOST_SECONDS:.0f} seconds to search")


def _merged(parts: list[str]) -> Iterator[str]:
    """The parts, of `**` in a row only one: more mean the same, and cost a power of it."""
    for index, part in enumerate(parts):
        if part != "**" or parts[index - 1 : index] != ["**"]:
            yield part


def _joined(path: str, name: str) -> str:
    return os.path.join(path, name)  # noqa: PTH118 - a text
