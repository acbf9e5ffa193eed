"""A problem: something the author must change in a file. A value with a place, collected, never raised."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batchrunner.domain.location import Location


class Severity(StrEnum):
    """A warning never makes a manifest invalid."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """The stable name of each kind of problem: programs and people look them up by it.

    Each is an error, unless its line says that it is a warning. `docs/problems.md` has a section for each, in
    this order.
    """

    severity: Severity

    def __new__(cls, name: str, severity: Severity = Severity.ERROR) -> Self:
        """A code, and how much it matters."""
        code = str.__new__(cls, name)
        code._value_ = name
        code.severity = severity
        return code

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
    FRAGMENT = "fragment", Severity.WARNING
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
    FIELD_NEEDED = "field-needed"
    FIELDS_EXCLUDED = "fields-excluded"
    VALUES_EXCLUDED = "values-excluded"
    SAME_FIELD = "same-field"
    PICTURE_UNNAMED = "picture-unnamed"
    # descriptions of models
    MODEL_FILE = "model-file"
    MODEL_TODO = "model-todo"
    # images
    BAD_LINK = "bad-link"
    LINK_LOGIN = "link-login"
    DEAD_LINK = "dead-link"
    IMAGE_MISSING_FILE = "image-missing-file"
    IMAGE_UNREADABLE = "image-unreadable"
    IMAGE_KIND = "image-kind"
    IMAGE_TOO_LARGE = "image-too-large"
    IMAGE_TOO_SMALL = "image-too-small"
    IMAGE_RATIO = "image-ratio"
    IMAGE_SHAPE = "image-shape", Severity.WARNING
    # worth a look
    PLAIN_LINK = "plain-link", Severity.WARNING
    SIGNED_LINK = "signed-link", Severity.WARNING
    REFERENCES_ASPECT = "references-aspect", Severity.WARNING
    PROMPT_LENGTH = "prompt-length", Severity.WARNING
    NO_DURATION = "no-duration", Severity.WARNING
    WORD_IN_TEXT = "word-in-text", Severity.WARNING
    EQUAL_REQUESTS = "equal-requests", Severity.WARNING


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake at one place, with its hint. `jobs` are the names of those that it hits.

    `given`: how much it matters there, if not as much as its code says.
    """

    code: Code
    location: "Location"
    message: str
    hint: str | None = None
    field: str | None = None
    jobs: tuple[str, ...] = ()
    given: Severity | None = None

    @property
    def severity(self) -> Severity:
        """Whether it makes the manifest invalid."""
        return self.given or self.code.severity


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

    def forget(self, *codes: Code) -> None:
        """Drops what was found of these codes: another problem explains it."""
        for key in [key for key in self._found if key[0] in codes]:
            del self._found[key]

    def in_order(self) -> tuple[Problem, ...]:
        """All of them, by file, line and column."""
        merged = (replace(problem, jobs=tuple(self._jobs[key])) for key, problem in self._found.items())
        return tuple(sorted(merged, key=lambda problem: problem.location))

    def errors(self) -> tuple[Problem, ...]:
        """Those that make the manifest invalid."""
        return tuple(p for p in self.in_order() if p.severity is Severity.ERROR)
