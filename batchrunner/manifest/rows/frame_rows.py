"""Rows from a folder of frames: each file that a pattern means is one, with its caption and its partner."""

import os.path
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems, Severity
from batchrunner.manifest import keys
from batchrunner.manifest.keys import Key, KeyKind, shortened, text_of
from batchrunner.manifest.permissions import Reach, RefusedPattern
from batchrunner.manifest.rows import decode
from batchrunner.manifest.rows.decode import FORBIDDEN, split_lines, strange_characters
from batchrunner.manifest.rows.encodings import Encoding
from batchrunner.manifest.rows.frame_names import PictureNames
from batchrunner.manifest.rows.table import MOST_ROWS, Table, TableBuilder, empty_cell
from batchrunner.manifest.yaml import nodes
from batchrunner.manifest.yaml.builder import LimitReached
from batchrunner.manifest.yaml.nodes import Scalar

KEYS: Mapping[str, Key] = {
    "glob": Key(KeyKind.TEXT, "The frames, one row each: `frames/*.png`."),
    "pair": Key(KeyKind.TEXT, "The partner of each frame, with the same text for its `*`: `frames/*_end.png`."),
}

_CAPTION = ".txt"
_SHOWN_NAMES = 3
_SIGN = re.compile(r"\[!?\]?[^\]/]*\]|.", re.DOTALL)  # each but `*` stands for exactly one character


@dataclass(frozen=True, slots=True)
class _GlobPattern:
    """A pattern as its author wrote it."""

    text: str
    location: Location

    def star(self) -> tuple[int, int] | None:
        """How many characters stand before and behind what the one `*` means; None unless there is exactly one."""
        signs = _SIGN.findall(self.text)
        if signs.count("*") != 1:
            return None
        return signs.index("*"), len(signs) - signs.index("*") - 1

    def key_of(self, path: str) -> str:
        """What the `*` stands for in the path of a hit; empty where there is not exactly one."""
        before, behind = self.star() or (len(path), 0)
        return path[before : len(path) - behind]


def read_frames(
    node: nodes.Mapping, folder: Path, shown: str, problems: Problems, reach: Reach, encoding: Encoding | None = None
) -> Table | None:
    """The rows that a `glob` means; None where there is no pattern that can be followed."""
    read = keys.read_table(node, KEYS, problems)
    patterns = {name: _pattern(entry.node) for name, entry in read.items() if isinstance(entry.node, Scalar)}
    if "glob" not in node.entries and "glob" not in keys.meant(node, KEYS):
        hint = "write `rows: {glob: frames/*.png}`"
        problems.add(Problem(Code.MISSING_KEY, node.location, "`glob` is missing", hint, "rows"))
    if "glob" not in patterns or patterns.keys() != KEYS.keys() & node.entries.keys():
        return None
    pair = patterns.get("pair")
    reading = TableBuilder(patterns["glob"].text, problems)
    if pair is not None:
        _check_stars(patterns.values(), reading)
    if not reading.told:
        with suppress(LimitReached):
            _Frames(patterns["glob"], folder, shown, reading, reach, encoding).read(pair)
    return reading.table()


def _pattern(node: Scalar) -> _GlobPattern:
    return _GlobPattern(re.sub("/+", "/", text_of(node)), node.location)


def _check_stars(patterns: Iterable[_GlobPattern], reading: TableBuilder) -> None:
    for pattern in patterns:
        if pattern.star() is None:
            message = f"a pattern with `pair` must contain exactly one `*`: {shortened(pattern.text)}"
            hint = "write `{glob: frames/*.png, pair: frames/*_end.png}`"
            reading.tell(Code.ROWS_PAIR, pattern.location, message, hint)


class _Frames:
    """The files that a pattern means, from the folder of the file in which it stands."""

    def __init__(
        self,
        pattern: _GlobPattern,
        folder: Path,
        shown: str,
        reading: TableBuilder,
        reach: Reach,
        encoding: Encoding | None,
    ) -> None:
        self._pattern = pattern
        self._folder = folder
        self._shown = shown
        self._reading = reading
        self._reach = reach
        self._encoding = encoding

    def read(self, pair: _GlobPattern | None) -> None:
        """Adds a row for each frame; those whose partner or caption is wrong are left out."""
        paths = self._hits(self._pattern)
        if not paths and not self._reading.told:
            message = f"no file matches {shortened(self._pattern.text)}"
            self._reading.tell(Code.ROWS_EMPTY, self._pattern.location, message, self._what_is_there())
        if pair is None:
            for path in paths:
                self._add(path, {})
        else:
            for path, partner in self._pairs(paths, pair):
                self._add(path, {"pair": partner})

    def _hits(self, pattern: _GlobPattern) -> list[str]:
        """The files in the order of their names. A caption is none, nor is what a name hides."""
        found = self._reach.hits(pattern.text, self._folder, pattern.location, "rows")
        try:
            hits = set(islice((path for path in found if self._is_frame(path)), MOST_ROWS + 1))
        except ValueError:  # a NUL in the pattern
            return []
        except RefusedPattern as refused:
            self._reading.take(refused.problem)
            raise LimitReached from None
        if len(hits) > MOST_ROWS:
            self._reading.refuse(pattern.location, "files", MOST_ROWS)
        return sorted(path for path in hits if self._is_text(path))

    def _is_frame(self, path: str) -> bool:
        return not path.endswith(_CAPTION) and os.path.isfile(self._folder / path)  # noqa: PTH113 - pathlib's may raise

    def _is_text(self, path: str) -> bool:
        if not FORBIDDEN.search(path):
            return True
        message = f"a file name contains characters that are not text: {path!a}"
        self._reading.tell(Code.ROWS_CHARACTER, self._pattern.location, message, "rename the file")
        return False

    def _pairs(self, paths: list[str], pair: _GlobPattern) -> Iterator[tuple[str, str]]:
        """Each frame with its partner.

        A file that both patterns mean is what the more exact pattern says, which leaves less to its `*`:
        `a_end.png` is no frame in `*.png`, but a partner in `*_end.png`.
        """
        partners = {pair.key_of(path): path for path in self._hits(pair)}
        keys_of_partners = {os.path.normpath(path): key for key, path in partners.items()}
        frames: dict[str, str] = {}
        for path in paths:
            key = self._pattern.key_of(path)
            if len(keys_of_partners.get(os.path.normpath(path), key)) >= len(key):
                frames[key] = path
        self._warn_of_singles(frames, partners, pair)
        there = PictureNames(partners.values())
        for key, path in frames.items():
            if key in partners:
                yield path, partners[key]
            else:
                self._tell_no_partner(path, pair.text.replace("*", key), there, pair.location)

    def _tell_no_partner(self, path: str, expected: str, there: PictureNames, location: Location) -> None:
        near = there.nearest(expected)
        hint = f"did you mean {near}?" if near else "add it, or make `glob` more exact"
        self._reading.tell(Code.ROWS_PAIR, location, f"{path} has no partner: {expected} does not exist", hint)

    def _warn_of_singles(self, frames: Mapping[str, str], partners: Mapping[str, str], pair: _GlobPattern) -> None:
        """One warning for all partners without a frame; a broad pattern may mean the frames themselves too."""
        used = {os.path.normpath(path) for path in frames.values()}
        singles = [path for key, path in partners.items() if key not in frames and os.path.normpath(path) not in used]
        if singles:
            message = f"no frame matches {_listed(singles)}"
            hint = "they are ignored; check the names"
            problem = Problem(Code.ROWS_PAIR, pair.location, message, hint, "rows", given=Severity.WARNING)
            self._reading.problems.add(problem)

    def _add(self, path: str, more: Mapping[str, str]) -> None:
        caption = self._caption(path)
        if caption is None:
            return
        name = PurePosixPath(path)
        key = {"key": self._pattern.key_of(path)} if self._pattern.star() else {}
        texts = {"path": path, "stem": name.stem, "name": name.name, **key, "caption": caption, **more}
        location = self._pattern.location
        self._reading.add({column: _cell(text, location) for column, text in texts.items()}, location)

    def _caption(self, path: str) -> str | None:
        """The text beside a frame, empty where there is none; None where it cannot be read."""
        beside = os.path.splitext(path)[0] + _CAPTION  # noqa: PTH122 - a text
        if not os.path.isfile(self._folder / beside):  # noqa: PTH113 - pathlib's may raise
            return ""
        refused = self._reach.refusal(self._folder / beside, beside, self._pattern.location, "rows")
        if refused:
            self._reading.take(refused)
            return None
        file = os.path.normpath(os.path.join(self._shown, beside))  # noqa: PTH118 - a text
        self._reach.texts[file] = None
        found = decode.load(self._folder / beside, file, self._encoding)
        told = [found.problem] if found.problem else []
        told += strange_characters(split_lines(found.text), file)
        self._reading.problems.extend(told)
        return None if any(problem.severity is Severity.ERROR for problem in told) else found.text.strip()

    def _what_is_there(self) -> str:
        """A hint: the files in the folder where the pattern's signs begin."""
        fixed = re.split(r"[*?[]", self._pattern.text, maxsplit=1)[0].rpartition("/")[0]
        folder = shortened(fixed) or "the folder"
        try:
            there = (each.name for each in (self._folder / fixed).iterdir())
            names = sorted(name for name in there if not name.startswith(".") and not FORBIDDEN.search(name))
        except (OSError, ValueError):
            return f"{folder} is not a readable folder; paths are relative to this file"
        return f"in {folder} there is {_listed(names)}" if names else f"{folder} is empty"


def _cell(text: str, location: Location) -> Scalar:
    """A name or a caption is a text, though it may look like a number."""
    return Scalar(text, text, plain=False, location=location) if text else empty_cell(location)


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return shortened(", ".join(names[:_SHOWN_NAMES]), 120) + (f" and {more} more" if more > 0 else "")
