"""Parts: a manifest's files, each with what holds in it: what an outer file says holds inside, never the reverse."""

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from batchrunner.manifest import document, keys, nodes
from batchrunner.manifest.keys import Key, text_of
from batchrunner.manifest.layers import Layer, layer_of
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems, nearest

_MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One file. `layers` are those that hold for its jobs, lowest first; `vars` are its own over the outer ones."""

    file: str
    top: Mapping[str, nodes.Entry]
    vars: Mapping[str, nodes.Node]
    layers: tuple[Layer, ...]

    @property
    def jobs(self) -> tuple[nodes.Node, ...]:
        """Its own jobs, in the author's order."""
        entry = self.top.get("jobs")
        return entry.node.items if entry and isinstance(entry.node, nodes.Sequence) else ()

    def mapping(self, key: str) -> Mapping[str, nodes.Entry]:
        """The entries below one of its keys."""
        entry = self.top.get(key)
        return entry.node.entries if entry and isinstance(entry.node, nodes.Mapping) else {}


@dataclass(slots=True)
class Parts:
    """All files of a manifest: own jobs first, then the includes as they are written, hits of a glob sorted."""

    fields: frozenset[str]
    problems: Problems
    parts: list[Part] = field(default_factory=list)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _reached: set[Path] = field(default_factory=set)

    def gather(self, read: document.Document, path: Path, table: Mapping[str, Key]) -> None:
        """The file itself, then what it includes."""
        self._reached.add(path.resolve())
        self._add(read, table, {}, (), (path.resolve(),))

    def _add(
        self,
        read: document.Document,
        table: Mapping[str, Key],
        outer_vars: Mapping[str, nodes.Node],
        outer_layers: tuple[Layer, ...],
        way: tuple[Path, ...],
    ) -> None:
        self.lines[read.file] = read.lines
        self.problems.extend(read.problems)
        if read.root is None:
            return
        if not isinstance(read.root, nodes.Mapping):
            said = f"a manifest is keys with values, not {keys.described(read.root)}"
            hint = "begin with `version: 1` and `jobs:`"
            self.problems.add(Problem(Code.WRONG_TYPE, read.root.place, said, hint))
            return
        top = keys.read_table(read.root, table, self.problems)
        part = self._part(read.file, top, outer_vars, outer_layers)
        self.parts.append(part)
        for name, place in self._included(part, way):
            self._include(name, place, part, way)

    def _part(
        self,
        file: str,
        top: Mapping[str, nodes.Entry],
        outer_vars: Mapping[str, nodes.Node],
        outer_layers: tuple[Layer, ...],
    ) -> Part:
        part = Part(file, top, {}, ())
        own_vars = {name: entry.node for name, entry in part.mapping("vars").items() if self._is_var(name, entry)}
        model = {"model": top["model"]} if "model" in top else {}
        layers = (*outer_layers, layer_of(model, "the top"), self.layer(top.get("defaults"), "defaults"))
        return Part(file, top, {**outer_vars, **own_vars}, layers)

    def layer(self, entry: nodes.Entry | None, name: str) -> Layer:
        """The layer below a key: request fields, and what all jobs may share."""
        if entry is None or not isinstance(entry.node, nodes.Mapping):
            return {}
        return layer_of(keys.read_keys(entry.node, self.fields | keys.SHARED.keys(), self.problems), name)

    def _is_var(self, name: str, entry: nodes.Entry) -> bool:
        node = entry.node
        scalars = node.items if isinstance(node, nodes.Sequence) else (node,)
        if not all(isinstance(each, nodes.Scalar) for each in scalars):
            said = f"`vars.{keys.shortened(name)}` must be a value or a list of values"
            self.problems.add(Problem(Code.WRONG_TYPE, node.place, said, None, "vars"))
            return False
        if any(
            isinstance(each.value, str) and "${" in each.value for each in scalars if isinstance(each, nodes.Scalar)
        ):
            said = f"`vars.{keys.shortened(name)}` holds a variable, and variables are not filled in `vars`"
            self.problems.add(Problem(Code.BAD_VARIABLE, node.place, said, "write the text out", "vars"))
            return False
        return True

    def _included(self, part: Part, way: tuple[Path, ...]) -> Iterator[tuple[str, Place]]:
        """The included files by name, relative to the file that names them."""
        entry = part.top.get("include")
        folder = way[-1].parent
        for item in keys.texts_of(entry.node) if entry else ():
            pattern = text_of(item)
            hits = sorted(_hits(folder, pattern))
            if not hits:
                self.problems.add(_missing(folder, pattern, item.place))
            yield from ((hit, item.place) for hit in hits)

    def _include(self, name: str, place: Place, part: Part, way: tuple[Path, ...]) -> None:
        path = (way[-1].parent / name).resolve()
        if path in way:
            said = f"{keys.shortened(name)} includes itself, by way of other files or directly"
            self.problems.add(Problem(Code.INCLUDE_CYCLE, place, said, "remove one of the includes", "include"))
        elif len(self._reached) >= _MOST_FILES:
            said = f"more than {_MOST_FILES} files are included"
            self.problems.add(Problem(Code.TOO_MANY, place, said, "write fewer, larger files", "include"))
        elif path not in self._reached:
            self._reached.add(path)
            shown = os.path.normpath(os.path.join(os.path.dirname(part.file), name))  # noqa: PTH118, PTH120  # a text
            read = document.read(path, shown)
            self._add(read, keys.FRAGMENT, part.vars, part.layers, (*way, path))


def _hits(folder: Path, pattern: str) -> list[str]:
    """The files that a pattern means, relative to the folder; a plain name means itself."""
    if not any(sign in pattern for sign in "*?["):
        return [pattern] if (folder / pattern).exists() else []
    try:
        return [str(hit.relative_to(folder)) for hit in folder.glob(pattern) if hit.is_file()]
    except (ValueError, NotImplementedError):
        return []


def _missing(folder: Path, pattern: str, place: Place) -> Problem:
    near = nearest(pattern, (each.name for each in folder.glob("*.y*ml")))
    hint = f"did you mean `{near}`?" if near else "paths are relative to the file in which they stand"
    return Problem(Code.INCLUDE_MISSING, place, f"there is no file {keys.shortened(pattern)}", hint, "include")
