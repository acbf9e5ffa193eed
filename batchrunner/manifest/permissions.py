"""What a manifest may read: files below some folders, and variables of the environment that somebody named."""

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem
from batchrunner.io.clock import Clock
from batchrunner.manifest.glob_walk import Walk, WalkedOutside, WalkedTooFar
from batchrunner.manifest.keys import shortened

# Shorter ones are no keys, and would be found in any text.
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a manifest may read, whoever wrote it.

    `folders` are those below which files may be read. `variables` are the names of the environment that may be used,
    and `environment` has the values of those that are set. `others` are names that are set and may not be used: a
    default that is written for one of them is not taken silently. `secrets` are texts that no job may hold.
    """

    folders: tuple[Path, ...]
    variables: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    others: frozenset[str] = field(default=frozenset(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def beside(cls, manifest: Path) -> "Permissions":
        """What holds where nobody said anything: the manifest's own folder, and no variable."""
        return cls((manifest.parent,))

    def allow(self, path: str | Path) -> bool:
        """Whether a file may be read. Links are resolved first: it counts where they lead."""
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError):  # a NUL in it: nothing can be read there
            return True
        return any(_is_below(real, os.path.realpath(folder)) for folder in self.folders)

    def holds_secret(self, text: str) -> bool:
        """Whether a text holds one of the secrets."""
        return any(secret in text for secret in self.secrets if len(secret) >= _SHORTEST_SECRET)


@dataclass(slots=True)
class Reach:
    """What one manifest has read by its permissions, and how much its patterns may still look at."""

    permissions: Permissions
    clock: Clock = field(default_factory=Clock)
    texts: dict[str, None] = field(default_factory=dict)
    variables: dict[str, None] = field(default_factory=dict)
    _walk: Walk | None = None

    def refusal(self, path: str | Path, written: str, location: Location, name: str) -> Problem | None:
        """The problem of a file that may not be read; None where it may be."""
        if self.permissions.allow(path):
            return None
        said, hint = outside(path, written)
        return Problem(Code.OUTSIDE_PROJECT, location, f"`{name}` {said}", hint, name)

    def hits(self, pattern: str, folder: Path, location: Location, name: str) -> Iterator[str]:
        """The files and folders that a pattern means, seen from a folder, in no order.

        Raises:
            RefusedPattern: it leads outside, or to more than anybody wants to wait for.
        """
        if self._walk is None:
            self._walk = Walk(self.permissions.allow, self.clock.steady_s)
        try:
            yield from self._walk.hits(pattern, folder)
        except WalkedOutside as error:
            said, hint = outside(error.path, pattern)
            raise RefusedPattern(Problem(Code.OUTSIDE_PROJECT, location, f"`{name}` {said}", hint, name)) from None
        except WalkedTooFar as error:
            said = f"the pattern {shortened(pattern)} {error}"
            hint = "name the folder in it, or fewer `*`"
            raise RefusedPattern(Problem(Code.TOO_MANY, location, said, hint, name)) from None

    def files(self, pattern: str, folder: Path, location: Location, name: str, most: int) -> list[str]:
        """The files that a pattern means, seen from a folder and sorted; a plain name means itself, if that is there.

        Of more than `most` there is one more than that.

        Raises:
            RefusedPattern: it leads outside, or to more than anybody wants to wait for.
        """
        if not any(sign in pattern for sign in "*?["):
            refused = self.refusal(folder / pattern, pattern, location, name)
            if refused:
                raise RefusedPattern(refused)
            return [pattern] if pattern and os.path.lexists(folder / pattern) else []
        found = self.hits(pattern, folder, location, name)
        try:
            return sorted(islice((hit for hit in found if os.path.isfile(folder / hit)), most + 1))  # noqa: PTH113 - pathlib's may raise
        except ValueError:  # a NUL in it
            return []


class RefusedPattern(Exception):  # a problem on its way to its collector
    """A pattern that is not followed; it carries its problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def outside(path: str | Path, written: str) -> tuple[str, str]:
    """What is said about a file outside the project, and the hint. Whether it exists is not told."""
    whole = os.path.dirname(os.path.realpath(path))  # noqa: PTH120 - a text
    folder = min(whole, os.path.relpath(whole), key=len)
    hint = f"move it into the project, or allow its folder: `--allow-outside {shlex.quote(folder)}`"
    return f"is outside the project: {shortened(written)}", hint


def _is_below(real: str, folder: str) -> bool:
    return real == folder or real.startswith(folder.rstrip("/") + "/")
