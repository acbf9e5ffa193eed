"""Stage 2: nodes become drafts. Each value keeps the place and the layer in which its author wrote it."""

import os.path
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from batchrunner.catalog import Catalog
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.drafts import Draft, DraftBuilder, Drafts
from batchrunner.manifest.filling import Filling
from batchrunner.manifest.header import check_top, manifest_name, named_layers
from batchrunner.manifest.includes import SourceFile, SourceFiles
from batchrunner.manifest.job_origin import JobOrigins
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.layers import JOB_RANK, Layer, Value, layer_of, merge, removed
from batchrunner.manifest.matrix import Combination, axes_of, combinations
from batchrunner.manifest.overrides import Override, override_layer
from batchrunner.manifest.permissions import Reach
from batchrunner.manifest.rows.reader import Row, Table, encoding_of, read_rows
from batchrunner.manifest.variables import has_variable, used
from batchrunner.manifest.yaml import document, nodes


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a manifest is read: under which profile, typed defaults and `last` layer; whether as a mere fragment."""

    profile: str
    reach: Reach
    catalog: Catalog
    is_fragment: bool = False
    overrides: tuple[Override, ...] = ()
    last: Layer = field(default_factory=Layer)


@dataclass(frozen=True, slots=True)
class _JobPattern:
    """A job before its variables are filled.

    `removed` are the keys that `null` took away, `unknown` those of which nothing can be said.
    """

    values: Mapping[str, Value]
    removed: Mapping[str, Location]
    unknown: frozenset[str]
    is_named: bool
    location: Location


def expand(read: document.Document, path: Path, options: LoadOptions, problems: Problems) -> Drafts:
    """The drafts of a manifest; whatever cannot be expanded is a problem and left out."""
    return _Expansion(read, path, options, problems).drafts()


class _Expansion:
    """One manifest on its way: its parts, its templates, its profile, and the ids that are taken."""

    def __init__(self, read: document.Document, path: Path, options: LoadOptions, problems: Problems) -> None:
        self._options = options
        self._problems = problems
        self._path = path
        self._fields = options.catalog.field_names
        self._parts = SourceFiles(self._fields, problems, options.reach)
        self._parts.gather(read, path, keys.FRAGMENT if options.is_fragment else keys.MANIFEST)
        self._root = read.root if isinstance(read.root, nodes.Mapping) else None
        self._name = self._judged_name()
        self._templates = dict(named_layers(self._parts, "templates", "template", problems))
        self._profiles = dict(named_layers(self._parts, "profiles", "profile", problems))
        self._overrides = override_layer(options.overrides, self._fields, problems)
        self._tables: dict[tuple[str, str, str], Table | None] = {}
        top = read.root.location if read.root else Location(read.file, 1, 1)
        self._drafting = DraftBuilder(options.catalog, problems, options.is_fragment, top)
        lists = options.catalog.list_fields
        self._filling = Filling(self._name, options.reach, lists, problems, is_fragment=options.is_fragment)

    def drafts(self) -> Drafts:
        """Everything, in the manifest's order."""
        drafts = tuple(draft for part in self._parts.parts for draft in self._of_part(part))
        lines = dict(self._parts.lines)
        for table in self._tables.values():
            if table and table.file:
                lines.setdefault(table.file, table.lines)
        return Drafts(self._name, self._settings(), drafts, tuple(self._profiles), lines)

    # the top

    def _judged_name(self) -> str:
        stem = self._path.stem
        if self._root is None or not self._parts.parts or self._options.is_fragment:
            return stem
        check_top(self._root, self._problems)
        return manifest_name(self._root, self._parts.parts[0].top, stem, self._problems)

    def _settings(self) -> dict[str, Value]:
        if not self._parts.parts:
            return {}
        part = self._parts.parts[0]
        entry = part.top.get("settings")
        if not entry or not isinstance(entry.node, nodes.Mapping):
            return {}
        read = layer_of(keys.read_keys(entry.node, keys.SETTINGS, self._problems), "", 0)
        names = self._filling.names(part.vars)
        return {
            name: value
            for name, value in self._filling.filled(read.values, names).values.items()
            if keys.has_kind(name, value.node, keys.SETTINGS[name].kind, self._problems)
        }

    # the jobs

    def _of_part(self, part: SourceFile) -> Iterator[Draft]:
        for item in part.jobs:
            if isinstance(item, nodes.Mapping):
                yield from self._of_job(part, item)
            else:
                said = f"a job is keys with values, not {keys.described(item)}"
                hint = "write `- id: …`, `prompt: …`, `image: …`"
                self._problems.add(Problem(Code.WRONG_TYPE, item.location, said, hint))

    def _of_job(self, part: SourceFile, mapping: nodes.Mapping) -> Iterator[Draft]:
        read = keys.read_keys(mapping, self._fields | keys.JOB.keys(), self._problems)
        if not self._own_keys_are_right(read):
            return
        said = {name: entry for name, entry in read.items() if name not in _GENERATORS}
        own = layer_of(said, "", JOB_RANK, keys.meant(mapping, self._fields | keys.JOB.keys()))
        last = (self._profiles.get(self._options.profile, Layer()), self._options.last)
        layers = (*part.layers, self._overrides, *self._extended(read), own, *last)
        merged = merge(layers)
        # what a job lacks is told only if it cannot stand in what could not be read
        unknown = frozenset(name for layer in layers for name in layer.unknown if name not in merged)
        if "id" not in read and "id" not in own.unknown:
            hint = "give it a name of its own: `id: hero-wave`"
            self._problems.add(Problem(Code.MISSING_KEY, mapping.location, "the job has no `id`", hint, "id"))
        pattern = _JobPattern(merged, removed(layers), unknown, self._names_its_axes(merged, read), mapping.location)
        yield from self._generated(part, pattern, read)

    def _own_keys_are_right(self, read: Mapping[str, nodes.Entry]) -> bool:
        right = True
        for name in ("id", "matrix", "rows", "takes"):
            if name in read and keys.is_null(read[name].node):
                said = f"`{name}` cannot be null"
                hint = "write a value, or remove the key"
                self._problems.add(Problem(Code.NULL_KEY, read[name].node.location, said, hint, name))
                right = False
        for name in _GENERATORS:
            entry = read.get(name)
            if entry and right:
                right = keys.has_kind(name, entry.node, keys.OWN[name].kind, self._problems) and right
        return right

    def _extended(self, read: Mapping[str, nodes.Entry]) -> Iterator[Layer]:
        entry = read.get("extends")
        for item in keys.texts_of(entry.node) if entry else ():
            name = text_of(item)
            if name in self._templates:
                yield self._templates[name]
                continue
            yield Layer(unknown=self._fields | keys.SHARED.keys())
            if not self._options.is_fragment and self._parts.is_whole:
                near = nearest_name(name, self._templates)
                hint = f"did you mean `{near}`?" if near else "define it under `templates:`"
                if has_variable(item):
                    hint = "variables cannot be used in `extends`: write the name itself"
                said = f"there is no template `{keys.shortened(name)}`"
                self._problems.add(Problem(Code.UNKNOWN_TEMPLATE, item.location, said, hint, "extends"))

    def _names_its_axes(self, merged: Mapping[str, Value], read: Mapping[str, nodes.Entry]) -> bool:
        """An id that misses a varying axis would name two jobs alike: said once, with the variable to add."""
        matrix, value = read.get("matrix"), merged.get("id")
        if matrix is None or value is None or not isinstance(matrix.node, nodes.Mapping):
            return True
        named = set(used(value.node, "matrix"))
        missing = [
            axis
            for axis, values in axes_of(matrix.node).items()
            if axis not in named and isinstance(values, nodes.Sequence) and len(values.items) > 1
        ]
        if missing:
            add = keys.shortened("-".join(f"${{matrix.{axis}}}" for axis in missing), 120)
            axes = f"{'axis' if len(missing) == 1 else 'axes'} {keys.shortened(', '.join(missing))}"
            said = f"`id` does not name the {axes}: its jobs would share one id"
            self._problems.add(Problem(Code.DUPLICATE_ID, value.node.location, said, f"add `{add}` to it", "id"))
        return not missing

    def _generated(self, part: SourceFile, pattern: "_JobPattern", read: Mapping[str, nodes.Entry]) -> Iterator[Draft]:
        """One draft for each row, each combination within it, each take within that."""
        if self._filling.is_full(pattern.location) or self._drafting.is_full(pattern.location):
            return
        found = tuple(self._combinations(part, read))
        origins = JobOrigins(pattern.location, pattern.values)
        for row in self._rows(part, read):
            for combination in found:
                if self._filling.is_full(pattern.location) or self._drafting.is_full(pattern.location):
                    return
                filled = self._filling.filled(pattern.values, self._filling.job_names(part.vars, row, combination))
                filled.empty = {**pattern.removed, **filled.empty}
                filled.wrong |= pattern.unknown
                yield from self._drafting.drafts(filled, origins.of(row), is_named=pattern.is_named)

    def _rows(self, part: SourceFile, read: Mapping[str, nodes.Entry]) -> Iterable[Row | None]:
        entry = read.get("rows")
        encoding = encoding_of(read, self._problems)
        if entry is None:
            return (None,)
        folder = Path(part.file).parent
        name = encoding.name if encoding else ""
        key = (part.file, str(entry.node.location), name)
        if isinstance(entry.node, nodes.Scalar):  # a file that many jobs name is read once
            key = ("", os.path.normpath(folder / text_of(entry.node)), name)
        if key not in self._tables:
            self._tables[key] = read_rows(
                entry.node, folder, str(folder), self._problems, self._options.reach, encoding
            )
        table = self._tables[key]
        return table.rows if table else ()

    def _combinations(self, part: SourceFile, read: Mapping[str, nodes.Entry]) -> Iterator[Combination | None]:
        entry = read.get("matrix")
        if entry is None or not isinstance(entry.node, nodes.Mapping):
            yield None
            return
        names = self._filling.names(part.vars)
        found = combinations(entry.node, self._problems) or ()
        for each in found:
            filled = self._filling.filled({axis: Value(node, node.location, "") for axis, node in each.items()}, names)
            if not filled.wrong:
                yield {axis: value.node for axis, value in filled.values.items()}


_GENERATORS = ("extends", "matrix", "rows", "encoding")
