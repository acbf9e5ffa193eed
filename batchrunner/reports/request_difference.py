"""What is different between two requests: the fields with their values, and a prompt word by word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from batchrunner.catalog import Catalog, Role
from batchrunner.domain.request import Request, changed_fields, without_secrets
from batchrunner.domain.text import printable
from batchrunner.reports.field_words import value_in_words

# a word, a sign, a stretch of blanks; of scripts that write no blanks each character is one
_UNBROKEN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORDS = re.compile(rf"\s+|[^\W{_UNBROKEN}]+|[^\s]")
# What comparing costs grows with both, and anybody may have written a receipt: beyond, a text is told as replaced where
# it differs. A prompt of 500 words has some 1,000 words and blanks, and its likeness to the next some thousand pairs.
_MOST_WORDS = 2_000
_MOST_PAIRS = 10_000
_LONGEST_VALUE = 80
_KEPT_CHARACTERS = 30
_DIGEST_CHARACTERS = 12


class PieceKind(StrEnum):
    """What became of a piece of a text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of two texts, and in which of them it is."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with its value before and now; None: it had, or has, none."""

    field: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.field}: {shown_value(self.old)} → {shown_value(self.new)}"

    def as_json(self) -> dict[str, Any]:
        """`{"field", "old", "new"}`."""
        return {"field": self.field, "old": self.old, "new": self.new}


def field_changes(old: Request, new: Request) -> tuple[FieldChange, ...]:
    """The fields in which two requests differ, `model` first."""
    return tuple(FieldChange(name, _value(old, name), _value(new, name)) for name in changed_fields(old, new))


def word_difference(old: str, new: str) -> tuple[Piece, ...]:
    """How one text became another, in pieces that are put together again to both."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    start = _shared(before, after)
    rest = _shared(before[start:][::-1], after[start:][::-1])
    middle = before[start : len(before) - rest], after[start : len(after) - rest]
    end = after[len(after) - rest :]
    return tuple(_joined([(PieceKind.SAME, after[:start]), *_middle(*middle), (PieceKind.SAME, end)]))


def difference_in_words(old: str, new: str) -> str:
    """The same as git shows it, `She [-waves-]{+turns+} and …`; of long stretches that are the same only the ends."""
    pieces = word_difference(old, new)
    return "".join(_marked(piece, number, len(pieces)) for number, piece in enumerate(pieces))


def request_lines(before: Request | None, request: Request, catalog: Catalog) -> Iterator[str]:
    """What was asked for, in lines; after another request only what is different from it."""
    prompt = catalog.prompt_of(request)
    if before is None:
        yield f"prompt: {printable(prompt)}" if prompt else "without a prompt"
        settings = (
            f"{name} {shown_value(value)}" for name, value in request.fields.items() if not _is_prompt(name, catalog)
        )
        yield ", ".join([request.model, *settings])
    elif before == request:
        yield "the same prompt and settings"
    else:
        if (old := catalog.prompt_of(before)) != prompt:
            yield f"prompt: {printable(difference_in_words(old, prompt))}"
        changes = field_changes(before, request)
        yield from (str(change) for change in changes if not _is_prompt(change.field, catalog))


def _is_prompt(field: str, catalog: Catalog) -> bool:
    return catalog.role_of(field) is Role.PROMPT


def shown_value(value: object) -> str:
    """A field's value on one line, short, and without what signs a link."""
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return printable(", ".join(map(shown_value, value)), _LONGEST_VALUE)
    text = without_secrets(value_in_words(value))
    if text.startswith("sha256:"):
        return f"{text[: len('sha256:') + _DIGEST_CHARACTERS]}…"
    return printable(text, _LONGEST_VALUE)


def _value(request: Request, name: str) -> object:
    return request.model if name == "model" else request.fields.get(name)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts share at their beginnings."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _middle(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[PieceKind, Sequence[str]]]:
    if not _can_be_compared(old, new):
        yield from ((PieceKind.REMOVED, old), (PieceKind.ADDED, new))
        return
    for _, a, b, c, d in SequenceMatcher(str.isspace, old, new, autojunk=False).get_opcodes():
        if old[a:b] == new[c:d]:
            yield PieceKind.SAME, new[c:d]
        else:
            yield from ((PieceKind.REMOVED, old[a:b]), (PieceKind.ADDED, new[c:d]))


def _can_be_compared(old: Sequence[str], new: Sequence[str]) -> bool:
    if len(old) + len(new) > _MOST_WORDS:
        return False
    counts = Counter(word for word in new if not word.isspace())
    return sum(counts[word] for word in old) <= _MOST_PAIRS


def _joined(parts: Sequence[tuple[PieceKind, Sequence[str]]]) -> Iterator[Piece]:
    """The parts with something in them, neighbours of a kind put together."""
    kind, text = PieceKind.SAME, ""
    for each, words in parts:
        if not words:
            continue
        if each is not kind and text:
            yield Piece(kind, text)
            text = ""
        kind, text = each, text + "".join(words)
    if text:
        yield Piece(kind, text)


def _marked(piece: Piece, number: int, count: int) -> str:
    match piece.kind:
        case PieceKind.REMOVED:
            return f"[-{piece.text}-]"
        case PieceKind.ADDED:
            return f"{{+{piece.text}+}}"
        case PieceKind.SAME:
            begin = "" if number == 0 else piece.text[:_KEPT_CHARACTERS]
            end = "" if number == count - 1 else piece.text[-_KEPT_CHARACTERS:]
            return piece.text if len(piece.text) <= 3 * _KEPT_CHARACTERS else f"{begin}…{end}"
