"""Layers: defaults, templates, the job, a profile. Each value remembers who said it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from batchrunner.domain.location import Location
from batchrunner.manifest import keys
from batchrunner.manifest.variables import has_variable
from batchrunner.manifest.yaml import nodes


@dataclass(frozen=True, slots=True)
class Value:
    """A value that somebody wrote.

    `place` is its key's: a path in the value is relative to that file. `layer` is what a message calls it:
    `defaults`, `template "hero"`; empty for the job itself. `rank` is higher where a layer has the last word. `under`
    is what a lower layer said: it counts where this value turns out to be an empty cell.
    """

    node: nodes.Node
    location: Location
    layer: str
    rank: int = 0
    under: "Value | None" = None

    @property
    def origin(self) -> str:
        """What a message says of where a bad value came from; empty for the job itself, and where its place says so."""
        if not self.layer or not self.location.line:
            return ""
        file = "" if self.location.file == self.node.location.file else f" of {self.location.file}"
        return f" (from {self.layer}, line {self.location.line}{file})"


@dataclass(frozen=True, slots=True)
class Layer:
    """The values that one author's mapping says. `unknown` are the keys that may stand there unreadably."""

    values: Mapping[str, Value] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()


# Who has the last word: defaults count from 0 up, the inner file's above the outer one's.
OVERRIDE_RANK, TEMPLATE_RANK, JOB_RANK, PROFILE_RANK = 999, 1000, 2000, 3000

# Lists to which each layer adds: what a job is selected by, and what is left out.
_UNITED = frozenset({"tags", "drop"})


def layer_of(entries: Mapping[str, nodes.Entry], name: str, rank: int, unknown: frozenset[str] = frozenset()) -> Layer:
    """The layer of this name."""
    return Layer({key: Value(entry.node, entry.location, name, rank) for key, entry in entries.items()}, unknown)


def merge(layers: Iterable[Layer]) -> dict[str, Value]:
    """The layers from the lowest to the highest, key by key: values are replaced whole, only lists of ours are united.

    `null` removes what the lower layers said.
    """
    merged: dict[str, Value] = {}
    for layer in layers:
        for name, value in layer.values.items():
            if keys.is_null(value.node):
                merged.pop(name, None)
            elif name in _UNITED and name in merged:
                merged[name] = _united(merged[name], value)
            else:
                merged[name] = replace(value, under=merged.get(name)) if has_variable(value.node) else value
    return merged


def removed(layers: Iterable[Layer]) -> dict[str, Location]:
    """Where `null` stands that had the last word, by the key that it removed."""
    locations: dict[str, Location] = {}
    for layer in layers:
        for name, value in layer.values.items():
            locations.pop(name, None)
            if keys.is_null(value.node):
                locations[name] = value.node.location
    return locations


def _united(lower: Value, higher: Value) -> Value:
    both = (*keys.texts_of(lower.node), *keys.texts_of(higher.node))
    return replace(higher, node=nodes.Sequence(both, higher.node.location))
