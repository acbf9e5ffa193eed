"""A problem: something the author must change in a file. A value with a place, collected, never raised."""

import heapq
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batchrunner.domain.location import Location


class Severity(StrEnum):
    """A warning never makes a manifest invalid."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """The stable name of each kind of problem: programs and people look them up by it."""

    # the file as a file
    FILE_UNREADABLE = "file-unreadable"
    FILE_TOO_LARGE = "file-too-large"
    FILE_ENCODING = "file-encoding"
    FILE_EMPTY = "file-empty"
    # the file as YAML
    YAML_SYNTAX = "yaml-syntax"
    YAML_CHARACTER = "yaml-character"
    YAML_DEPTH = "yaml-depth"
    YAML_ALIASES = "yaml-aliases"
    YAML_TAG = "yaml-tag"
    YAML_DOCUMENTS = "yaml-documents"
    YAML_MERGE_KEY = "yaml-merge-key"
    YAML_KEY = "yaml-key"
    YAML_NUMBER = "yaml-number"
    DUPLICATE_KEY = "duplicate-key"
    # the shape
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    WRONG_VALUE = "wrong-value"
    TOO_MANY = "too-many"
    TOO_FEW = "too-few"
    # our own keys
    FRAGMENT = "fragment"
    UNKNOWN_MODEL = "unknown-model"
    UNKNOWN_TEMPLATE = "unknown-template"
    DUPLICATE_TEMPLATE = "duplicate-template"
    NULL_KEY = "null-key"
    BAD_ID = "bad-id"
    DUPLICATE_ID = "duplicate-id"
    BAD_OUTPUT = "bad-output"
    OUTPUT_COLLISION = "output-collision"
    BAD_SETTING = "bad-setting"
    # the language
    BAD_VARIABLE = "bad-variable"
    UNKNOWN_VARIABLE = "unknown-variable"
    FORBIDDEN_VARIABLE = "forbidden-variable"
    BAD_MATRIX = "bad-matrix"
    VARIABLE_NOT_ALLOWED = "variable-not-allowed"
    INCLUDE_MISSING = "include-missing"
    INCLUDE_CYCLE = "include-cycle"
    # what may leave
    OUTSIDE_PROJECT = "outside-project"
    HOLDS_KEY = "holds-key"
    # rows
    ROWS_KIND = "rows-kind"
    ROWS_UNREADABLE = "rows-unreadable"
    ROWS_EMPTY = "rows-empty"
    ROWS_CHARACTER = "rows-character"
    ROWS_HEADER = "rows-header"
    ROWS_QUOTE = "rows-quote"
    ROWS_SHAPE = "rows-shape"
    ROWS_CELL = "rows-cell"
    ROWS_JSON = "rows-json"
    ROWS_PAIR = "rows-pair"
    # what fields hold
    PLACEHOLDER = "placeholder"
    # what fields do to each other
    IMAGE_MISSING = "image-missing"
    IMAGE_WITH_REFERENCES = "image-with-references"
    LAST_FRAME_WITHOUT_IMAGE = "last-frame-without-image"
    LAST_FRAME_WITH_REFERENCES = "last-frame-with-references"
    LAST_FRAME_DURATION = "last-frame-duration"
    NEGATIVE_PROMPT_WITH_REFERENCES = "negative-prompt-with-references"
    REFERENCES_DURATION = "references-duration"
    RESOLUTION_DURATION = "resolution-duration"
    # images
    BAD_LINK = "bad-link"
    LINK_LOGIN = "link-login"
    DEAD_LINK = "dead-link"
    IMAGE_MISSING_FILE = "image-missing-file"
    IMAGE_UNREADABLE = "image-unreadable"
    IMAGE_KIND = "image-kind"
    IMAGE_TOO_LARGE = "image-too-large"
    IMAGE_SHAPE = "image-shape"
    # worth a look
    PLAIN_LINK = "plain-link"
    SIGNED_LINK = "signed-link"
    REFERENCES_ASPECT = "references-aspect"
    PROMPT_LENGTH = "prompt-length"
    NO_DURATION = "no-duration"
    EQUAL_REQUESTS = "equal-requests"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake at one place, with its hint. `jobs` are the names of those that it hits."""

    code: Code
    location: "Location"
    message: str
    hint: str | None = None
    field: str | None = None
    jobs: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR


@dataclass(slots=True)
class Problems:
    """A collector: one mistake that hits many jobs is one problem that names them all."""

    _found: dict[tuple[Code, "Location", str], Problem] = field(default_factory=dict)
    _jobs: dict[tuple[Code, "Location", str], dict[str, None]] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Keeps a problem; the same mistake at the same place only gains the jobs that it hits."""
        key = (problem.code, problem.location, problem.message)
        self._found.setdefault(key, problem)
        self._jobs.setdefault(key, {}).update(dict.fromkeys(problem.jobs))

    def extend(self, problems: "Iterable[Problem]") -> None:
        """Keeps them all."""
        for problem in problems:
            self.add(problem)

    def in_order(self) -> tuple[Problem, ...]:
        """All of them, by file, line and column."""
        merged = (replace(problem, jobs=tuple(self._jobs[key])) for key, problem in self._found.items())
        return tuple(sorted(merged, key=lambda problem: problem.location))

    def errors(self) -> tuple[Problem, ...]:
        """Those that make the manifest invalid."""
        return tuple(p for p in self.in_order() if p.severity is Severity.ERROR)


_MOST_CANDIDATES = 50  # each costs some 20 µs, and a large file may hold thousands of mistakes


def nearest(word: str, known: "Iterable[str]") -> str | None:
    """The known name that `word` was probably meant to be, for a hint; None where nothing is near.

    Of a great many names only those are compared that begin and end most like the word: its cost is bounded.
    """
    return _nearest(word.casefold(), tuple(known))


@lru_cache(maxsize=256)  # one mistake in a default comes up with every job
def _nearest(folded: str, known: tuple[str, ...]) -> str | None:
    by_folded = {name.casefold(): name for name in known}
    if len(by_folded) > _MOST_CANDIDATES:
        alike = heapq.nlargest(_MOST_CANDIDATES, by_folded, key=lambda name: _same_ends(name, folded))
        by_folded = {name: by_folded[name] for name in alike}
    found = get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _same_ends(one: str, other: str) -> int:
    """How many characters two words share at their beginnings and at their ends."""
    pairs = (zip(one, other, strict=False), zip(one[::-1], other[::-1], strict=False))
    return sum(1 for each in pairs for _ in takewhile(lambda pair: pair[0] == pair[1], each))
