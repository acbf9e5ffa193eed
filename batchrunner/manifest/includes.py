"""Includes: a manifest's files, each with what holds in it: what an outer file says holds inside, never the reverse."""

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys, text_file
from batchrunner.manifest.keys import Key, text_of
from batchrunner.manifest.layers import Layer, layer_of
from batchrunner.manifest.permissions import Reach, RefusedPattern
from batchrunner.manifest.variables import is_text
from batchrunner.manifest.yaml import document, nodes

_MOST_FILES = 1000
_MOST_CHARACTERS = 2 * text_file.MOST_BYTES  # of all files together
_DEEPEST = 32  # includes within includes


@dataclass(frozen=True, slots=True)
class SourceFile:
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
class SourceFiles:
    """All files of a manifest: own jobs first, then the includes as they are written, hits of a glob sorted.

    `is_whole` is False where something in them could not be read: a template that is missing may stand there.
    """

    fields: frozenset[str]
    problems: Problems
    reach: Reach
    parts: list[SourceFile] = field(default_factory=list)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_whole: bool = True
    _characters: int = 0
    _reached: set[Path] = field(default_factory=set)

    def gather(self, read: document.Document, path: Path, table: Mapping[str, Key]) -> None:
        """The file itself, then what it includes."""
        whole = _whole(path)
        self._reached.add(whole)
        self._add(read, table, {}, (), (whole,))

    def _add(
        self,
        read: document.Document,
        table: Mapping[str, Key],
        outer_vars: Mapping[str, nodes.Node],
        outer_layers: tuple[Layer, ...],
        way: tuple[Path, ...],
    ) -> None:
        self.lines[read.file] = read.lines
        self._characters += sum(map(len, read.lines))
        self.problems.extend(read.problems)
        if read.root is None:
            self.is_whole = False
            return
        if not isinstance(read.root, nodes.Mapping):
            self.is_whole = False
            said = f"a manifest is keys with values, not {keys.described(read.root)}"
            hint = "begin with `version: 1` and `jobs:`"
            self.problems.add(Problem(Code.WRONG_TYPE, read.root.location, said, hint))
            return
        top = keys.read_table(read.root, table, self.problems)
        lost = (read.root.entries.keys() & table.keys() - top.keys()) | keys.meant(read.root, table)
        self.is_whole &= not lost & {"templates", "include"}
        unknown = self._shared if "defaults" in lost else lost & {"model"}
        part = self._part(read.file, top, outer_vars, (*outer_layers, Layer(unknown=frozenset(unknown))))
        self.parts.append(part)
        for name, location in self._included(part, way):
            self._include(name, location, part, way)

    def _part(
        self,
        file: str,
        top: Mapping[str, nodes.Entry],
        outer_vars: Mapping[str, nodes.Node],
        outer_layers: tuple[Layer, ...],
    ) -> SourceFile:
        part = SourceFile(file, top, {}, ())
        own_vars = {name: entry.node for name, entry in part.mapping("vars").items() if self._is_var(name, entry)}
        model = {"model": top["model"]} if "model" in top else {}
        depth = len(outer_layers)
        defaults = self.layer(top.get("defaults"), "defaults", depth + 1)
        layers = (*outer_layers, layer_of(model, "the top level", depth), defaults)
        return SourceFile(file, top, {**outer_vars, **own_vars}, layers)

    def layer(self, entry: nodes.Entry | None, name: str, rank: int, table: Mapping[str, Key] = keys.SHARED) -> Layer:
        """The layer below a key: request fields, and those keys of ours that its `table` has."""
        if entry is None or not isinstance(entry.node, nodes.Mapping):
            return Layer()
        known = self.fields | table.keys()
        read = keys.read_keys(entry.node, known, self.problems)
        return layer_of(read, name, rank, keys.meant(entry.node, known))

    @property
    def _shared(self) -> frozenset[str]:
        """What a layer may hold."""
        return self.fields | keys.SHARED.keys()

    def _is_var(self, name: str, entry: nodes.Entry) -> bool:
        node = entry.node
        scalars = node.items if isinstance(node, nodes.Sequence) else (node,)
        if not all(isinstance(each, nodes.Scalar) for each in scalars):
            said = f"`vars.{keys.shortened(name)}` must be a value or a list of values"
            hint = "write `vars: {product: a red kettle}`"
            self.problems.add(Problem(Code.WRONG_TYPE, node.location, said, hint, "vars"))
            return False
        if any(
            isinstance(each.value, str) and "${" in each.value for each in scalars if isinstance(each, nodes.Scalar)
        ):
            said = f"`vars.{keys.shortened(name)}` holds a variable, and variables are not filled in `vars`"
            self.problems.add(Problem(Code.BAD_VARIABLE, node.location, said, "write the text out", "vars"))
        return True

    def _included(self, part: SourceFile, way: tuple[Path, ...]) -> Iterator[tuple[str, Location]]:
        """The included files by name, relative to the file that names them."""
        entry = part.top.get("include")
        folder = way[-1].parent
        for item in keys.texts_of(entry.node) if entry else ():
            pattern = text_of(item)
            try:
                hits = self.reach.files(pattern, folder, item.location, "include", _MOST_FILES)
            except RefusedPattern as refused:
                self._tell(refused.problem)
                continue
            if not hits:
                self._tell(_missing(folder, pattern, item.location))
            for hit in hits:
                if is_text(hit):
                    yield hit, item.location
                else:
                    said = f"a file name contains characters that are not text: {hit!a}"
                    self._tell(Problem(Code.INCLUDE_MISSING, item.location, said, "rename the file", "include"))

    def _include(self, name: str, location: Location, part: SourceFile, way: tuple[Path, ...]) -> None:
        path = _whole(way[-1].parent / name)
        if path in way:
            self._tell(_cycle(path, location, way))
        elif (
            path not in self._reached and not self._is_too_much(location, way) and self._may_read(path, name, location)
        ):
            self._reached.add(path)
            shown = os.path.normpath(os.path.join(os.path.dirname(part.file), name))  # noqa: PTH118, PTH120  # a text
            read = document.read(path, shown)
            if any(problem.code is Code.FILE_UNREADABLE for problem in read.problems):
                said = f"{keys.shortened(name)} cannot be included: {read.problems[0].message}"
                hint = f"name its files: `{name}/*.yaml`" if path.is_dir() else "check the file"
                self._tell(Problem(Code.FILE_UNREADABLE, location, said, hint, "include"))
            else:
                self._add(read, keys.FRAGMENT, part.vars, part.layers, (*way, path))

    def _is_too_much(self, location: Location, way: tuple[Path, ...]) -> bool:
        """Whether no further file is read, because of how many there are, how deep or how large."""
        limits = {
            f"more than {_MOST_FILES} files are included": len(self._reached) >= _MOST_FILES,
            f"files are included more than {_DEEPEST} deep": len(way) > _DEEPEST,
            f"the included files hold more than {_MOST_CHARACTERS:,} characters": self._characters > _MOST_CHARACTERS,
        }
        said = next((said for said, is_over in limits.items() if is_over), None)
        if said:
            self._tell(Problem(Code.TOO_MANY, location, said, "write several manifests", "include"))
        return said is not None

    def _may_read(self, path: Path, name: str, location: Location) -> bool:
        refused = self.reach.refusal(path, name, location, "include")
        if refused:
            self._tell(refused)
        return not refused

    def _tell(self, problem: Problem) -> None:
        """Notes that a file is left out."""
        self.is_whole = False
        self.problems.add(problem)


def _missing(folder: Path, pattern: str, location: Location) -> Problem:
    where = PurePath(pattern).parent
    near = nearest_name(PurePath(pattern).name, _names(folder / where))
    hint = f"did you mean `{where / near}`?" if near else "paths are relative to the file in which they stand"
    if "${" in pattern:
        hint = "variables are not filled in `include`: write the name out"
    said = f"there is no file {keys.shortened(pattern)}"
    if not pattern:
        said, hint = "the name of the included file is empty", "write a name such as `shots.yaml`, or remove it"
    return Problem(Code.INCLUDE_MISSING, location, said, hint, "include")


def _whole(path: Path) -> Path:
    """The one path of a file, by whatever way it was named."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):  # a NUL in it: it is read under no other name either
        return path


def _names(folder: Path) -> list[str]:
    try:
        return [each.name for each in folder.iterdir() if each.suffix in {".yaml", ".yml"} and is_text(each.name)]
    except (OSError, ValueError):
        return []


def _cycle(path: Path, location: Location, way: tuple[Path, ...]) -> Problem:
    if path == way[-1]:
        said, hint = "this file includes itself", "leave it out: put the others into a folder, `shots/*.yaml`"
    else:
        names = [each.name for each in (*way[way.index(path) :], path)]
        said, hint = f"the includes go round: {' → '.join(names)}", "remove one of them"
    return Problem(Code.INCLUDE_CYCLE, location, said, hint, "include")
