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
    is what a lower layer said: it counts where this value turns out to be an empty cell. `cells` are those of a row
    that were filled into it.
    """

    node: nodes.Node
    location: Location
    layer: str
    rank: int = 0
    under: "Value | None" = None
    cells: tuple[nodes.Scalar, ...] = ()

    @property
    def place(self) -> Location:
        """Where a mistake in it is told: its cell, else where it is written."""
        return self.place_of(self.node)

    def place_of(self, node: nodes.Node) -> Location:
        """The same for a part of it, such as an item of a list.

        A text that was put together is told at the cell that went into it: what other rows have too is probably right.
        Of several it is the longest, the last of equals.
        """
        if not self.cells or node.location.file == self.cells[0].location.file:
            return node.location
        held = self.cells
        if isinstance(node, nodes.Scalar):  # of a list, any may be the mistake
            held = tuple(cell for cell in held if cell.text and cell.text in node.text)
        return max(reversed(held), key=lambda cell: len(cell.text)).location if held else node.location

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
