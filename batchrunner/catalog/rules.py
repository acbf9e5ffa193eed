"""What fields do to each other: rules as the descriptions write them, and how each shape of them is judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchrunner.domain.problem import Code, Severity

Body = Mapping[str, object]
Breaks = Callable[[Body], bool]
Values = Mapping[str, Any]  # a list of values by field, or `any` for whatever is written

_ANY = "any"
# A token is about four bytes of text in every script, near enough for a warning.
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """One cross-field rule. `breaks` says whether a body of good shape breaks it.

    `fields` are named in the message, and the problem stands at the first of them that is written.
    """

    code: Code
    fields: tuple[str, ...]
    breaks: Breaks
    message: str
    hint: str
    source: str

    @property
    def severity(self) -> Severity:
        """That of its code."""
        return self.code.severity


def read_rule(written: Mapping[str, Any], defaults: Body, source: str) -> Rule:
    """A rule of a description, whose documented `defaults` count where a rule asks for values.

    Raises:
        ValueError: it has not exactly one shape, a key that no rule has, or lacks one that each has.
    """
    name = written.get("rule", "without a name")
    shapes = [shape for shape in _SHAPES if shape in written]
    unknown = written.keys() - _SHAPES.keys() - _KEYS
    if len(shapes) != 1 or unknown or not written.keys() >= _NEEDED:
        raise ValueError(f"rule {name!r}: shapes {shapes}, unknown keys {sorted(unknown)}, needed {sorted(_NEEDED)}")
    (shape,) = shapes
    breaks, fields = _SHAPES[shape](written, defaults)
    return Rule(
        Code(written["code"]),
        tuple(written.get("fields", fields)),
        breaks,
        written["message"],
        written["help"],
        written.get("source", source),
    )


_NEEDED = frozenset({"rule", "code", "message", "help"})
_KEYS = _NEEDED | {"then", "fields", "source"}

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


def _when(written: Mapping[str, Any], defaults: Body) -> _Judged:
    """Where fields have these values, others have those."""
    when, then = written["when"], written["then"]
    return lambda body: _holds(when, body, defaults) and not _holds(then, body, defaults), [*then, *when]


def _most_tokens(written: Mapping[str, Any], _: Body) -> _Judged:
    """Texts are not longer than so many tokens, about."""
    most: Mapping[str, int] = written["most_tokens"]
    return lambda body: any(_tokens(body.get(name, "")) > number for name, number in most.items()), list(most)


def _holds(wanted: Values, body: Body, defaults: Body) -> bool:
    return all(
        name in body if values == _ANY else body.get(name, defaults.get(name)) in values
        for name, values in wanted.items()
    )


def _tokens(text: object) -> int:
    return len(str(text).encode(errors="replace")) // _BYTES_PER_TOKEN


_SHAPES: Mapping[str, Callable[[Mapping[str, Any], Body], _Judged]] = {
    "excludes": _excludes,
    "requires": _requires,
    "at_least_one": _at_least_one,
    "exactly_one": _exactly_one,
    "all_or_none": _all_or_none,
    "when": _when,
    "most_tokens": _most_tokens,
}
SHAPES = frozenset(_SHAPES)
