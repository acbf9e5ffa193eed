"""What fields do to each other: rules as the descriptions write them, and how each shape of them is judged."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchrunner.catalog.conditions import ANY, Condition, read_condition
from batchrunner.domain.problem import Code, Severity

Body = Mapping[str, object]
Breaks = Callable[[Body], bool]

# A token is about four bytes of text in every script, near enough for a warning.
_BYTES_PER_TOKEN = 4
_MOST_DIGITS = 3
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One cross-field rule. `breaks` says whether a body of good shape breaks it.

    `sentence` is the rule in words. `fields` are those of which it speaks, and the problem stands at the first of them
    that is written. `severity`: whether a request that breaks it is wrong, or worth a look.
    """

    sentence: str
    code: Code
    fields: tuple[str, ...]
    breaks: Breaks
    message: str
    hint: str
    source: str
    severity: Severity

    def fixed_by(self, name: str, schema: Mapping[str, Any], body: Body) -> bool:
        """Whether a body that breaks it would not, if a field of this schema were written: what is missing is that."""
        likely = schema.get("enum") or [schema[end] for end in ("minimum", "maximum") if end in schema] or ["x"]
        return any(not self.breaks({**body, name: value}) for value in likely)


def read_rule(written: Mapping[str, Any], defaults: Body, source: str) -> Rule:
    """A rule of a description, whose documented `defaults` count where a rule asks for values.

    Raises:
        ValueError: it has not exactly one shape, a key that no rule has, or lacks one that each has.
    """
    name = written.get("rule", "without a name")
    shapes = [shape for shape in _SHAPES if shape in written and not (shape == "then" and "when" in written)]
    unknown = written.keys() - _SHAPES.keys() - _KEYS
    if len(shapes) != 1 or unknown or not written.keys() >= _NEEDED:
        raise ValueError(f"rule {name!r} {_fault(shapes, unknown)}")
    (shape,) = shapes
    judge, code = _SHAPES[shape]
    breaks, fields = judge(written, defaults)
    found = Code(written["code"]) if "code" in written else code
    return Rule(
        name,
        found,
        tuple(written.get("fields", dict.fromkeys(fields))),
        breaks,
        written["message"],
        written["help"],
        written.get("source", source),
        Severity(written["severity"]) if "severity" in written else found.severity,
    )


def _fault(shapes: Sequence[str], unknown: Collection[str]) -> str:
    """Why a rule is none."""
    if unknown:
        return f"has a key that no rule has: {', '.join(sorted(unknown))}"
    if len(shapes) > 1:
        return f"has more than one shape: {', '.join(shapes)}"
    return f"lacks one of {', '.join(sorted(_NEEDED))}" if shapes else f"has no shape: {', '.join(_SHAPES)}"


_NEEDED = frozenset({"rule", "message", "help"})
_KEYS = _NEEDED | {"code", "then", "fields", "severity", "source"}

_Judged = tuple[Breaks, Sequence[str]]


def _excludes(written: Mapping[str, Any], _: Body) -> _Judged:
    """These do not stand together."""
    fields = written["excludes"]
    return lambda body: all(name in body for name in fields), fields


def _requires(written: Mapping[str, Any], _: Body) -> _Judged:
    """Each of these needs one of those."""
    needs: Mapping[str, Sequence[str]] = written["requires"]
    fields = [*needs, *(name for those in needs.values() for name in those)]
    return lambda body: any(name in body and body.keys().isdisjoint(those) for name, those in needs.items()), fields


def _at_least_one(written: Mapping[str, Any], _: Body) -> _Judged:
    fields = written["at_least_one"]
    return lambda body: body.keys().isdisjoint(fields), fields


def _exactly_one(written: Mapping[str, Any], _: Body) -> _Judged:
    fields = written["exactly_one"]
    return lambda body: sum(name in body for name in fields) != 1, fields


def _all_or_none(written: Mapping[str, Any], _: Body) -> _Judged:
    fields = written["all_or_none"]
    return lambda body: 0 < sum(name in body for name in fields) < len(fields), fields


def _allowed_sets(written: Mapping[str, Any], _: Body) -> _Judged:
    """Of the fields that these sets name, exactly those of one set stand together."""
    allowed = [frozenset(each) for each in written["allowed_sets"]]
    fields = list(dict.fromkeys(name for each in written["allowed_sets"] for name in each))
    return lambda body: body.keys() & set(fields) not in allowed, fields


def _when(written: Mapping[str, Any], defaults: Body) -> _Judged:
    """Where fields have these values, others have those; without `when`, always."""
    when, then = _Values(written.get("when", {}), defaults), _Values(written["then"], defaults)
    return lambda body: when.hold(body) and not then.hold(body), [*then.conditions, *when.conditions]


def _most_tokens(written: Mapping[str, Any], _: Body) -> _Judged:
    """Texts are not longer than so many tokens, about."""
    most: Mapping[str, int] = written["most_tokens"]
    return lambda body: any(_tokens(body.get(name, "")) > number for name, number in most.items()), list(most)


def _placeholders(written: Mapping[str, Any], _: Body) -> _Judged:
    """A text that names a picture by its number, `[Image 2]`, has so many in these fields together."""
    text, pictures, word = (written["placeholders"][key] for key in ("text", "pictures", "word"))
    numbered = re.compile(rf"\[{re.escape(word)} ?(\d{{1,{_MOST_DIGITS}}})\]")
    fields = [pictures] if isinstance(pictures, str) else pictures

    def breaks(body: Body) -> bool:
        there = sum(_count(body.get(name)) for name in fields)
        return any(not 1 <= int(number) <= there for number in numbered.findall(str(body.get(text, ""))))

    return breaks, [text, *fields]


def _count(value: object) -> int:
    """How many a field has: those of a list, or one, where it has a value."""
    return len(value) if isinstance(value, list | tuple) else int(value is not None)


def _words(written: Mapping[str, Any], _: Body) -> _Judged:
    """A text has none of these words: advice, where a model takes them for something else."""
    words: Mapping[str, Sequence[str]] = written["words"]
    return lambda body: any(_has_word(str(body.get(name, "")), those) for name, those in words.items()), list(words)


class _Values:
    """Conditions on several fields; the documented default of a field counts where it is not written."""

    def __init__(self, written: Mapping[str, object], defaults: Body) -> None:
        self.conditions: dict[str, Condition] = {name: read_condition(each) for name, each in written.items()}
        self._defaults = {name: defaults.get(name) for name, each in written.items() if each != ANY}

    def hold(self, body: Body) -> bool:
        """Whether all of them do."""
        return all(meets(body.get(name, self._defaults.get(name))) for name, meets in self.conditions.items())


def _tokens(text: object) -> int:
    return len(str(text).encode(errors="replace")) // _BYTES_PER_TOKEN


def _has_word(text: str, words: Sequence[str]) -> bool:
    spaced = f" {' '.join(_WORD.findall(text.casefold()))} "
    return any(f" {word.casefold()} " in spaced for word in words)


_Shape = tuple[Callable[[Mapping[str, Any], Body], _Judged], Code]

_SHAPES: Mapping[str, _Shape] = {
    "excludes": (_excludes, Code.FIELDS_EXCLUDED),
    "requires": (_requires, Code.FIELD_NEEDED),
    "at_least_one": (_at_least_one, Code.FIELD_NEEDED),
    "exactly_one": (_exactly_one, Code.FIELDS_EXCLUDED),
    "all_or_none": (_all_or_none, Code.FIELD_NEEDED),
    "allowed_sets": (_allowed_sets, Code.FIELDS_EXCLUDED),
    "when": (_when, Code.VALUES_EXCLUDED),
    "then": (_when, Code.VALUES_EXCLUDED),
    "most_tokens": (_most_tokens, Code.PROMPT_LENGTH),
    "placeholders": (_placeholders, Code.PICTURE_UNNAMED),
    "words": (_words, Code.WORD_IN_TEXT),
}
SHAPES = frozenset(_SHAPES)
