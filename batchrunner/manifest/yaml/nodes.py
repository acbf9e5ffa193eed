"""The parsed file as values that know where their author wrote them."""

import collections.abc
from dataclasses import dataclass

from batchrunner.domain.location import Location


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `text` is what its author typed, `plain` says that it stood there without quotes."""

    value: str | int | float | bool | None
    text: str
    plain: bool
    location: Location


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: "tuple[Node, ...]"
    location: Location


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping; `place` is the key's."""

    location: Location
    node: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:  # the field's word, as YAML has it
    """Keys with values, in the author's order; keys are texts and occur once.

    `is_whole` is False where a key could not be read: what the mapping lacks is then not known.
    """

    entries: collections.abc.Mapping[str, Entry]
    location: Location
    is_whole: bool = True


Node = Scalar | Sequence | Mapping
