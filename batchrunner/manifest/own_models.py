"""Models of one's own: the files that a manifest names under `models:`, judged as the manifest itself is."""

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchrunner.catalog import Catalog, Model
from batchrunner.catalog.description import read_model, whole
from batchrunner.catalog.description_faults import DescriptionFault, faults
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.keys import shortened, text_of
from batchrunner.manifest.permissions import Reach, RefusedPattern
from batchrunner.manifest.yaml import document, nodes

# A description is some 10 KiB.
_MOST_FILES, _MOST_BYTES = 200, 2**20


@dataclass(slots=True)
class OwnModels:
    """Reads the descriptions of one manifest; whatever is wrong with one is a problem in its file.

    `lines` are those of the files that were read, for snippets. A file that cannot be used is left out, and `is_whole`
    is then False: a model that is missing may stand there.
    """

    catalog: Catalog
    reach: Reach
    problems: Problems
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_whole: bool = True
    _read_files: int = 0

    def added(self, root: nodes.Node | None, folder: Path) -> Catalog:
        """The catalogue with the models that a manifest, whose folder this is, names as its own."""
        entry = root.entries.get("models") if isinstance(root, nodes.Mapping) else None
        named = keys.texts_of(entry.node) if entry else ()
        return self.catalog.with_own(model for item in named for model in self._named(item, folder))

    def _named(self, item: nodes.Scalar, folder: Path) -> Iterator[Model]:
        """The models of the files that a name or a pattern means."""
        pattern = text_of(item)
        try:
            found = self.reach.files(pattern, folder, item.location, "models", _MOST_FILES)
        except RefusedPattern as refused:
            self._tell(refused.problem)
            return
        hits = [hit for hit in found if os.path.isfile(folder / hit)]  # noqa: PTH113 - pathlib's may raise
        if not hits:
            said = f"there is no file {shortened(pattern)}"
            hint = "paths are relative to the manifest's folder"
            self._tell(Problem(Code.MODEL_FILE, item.location, said, hint, "models"))
        self._read_files += len(hits)
        if self._read_files > _MOST_FILES:
            said = f"a manifest has more than {_MOST_FILES} models of its own"
            self._tell(Problem(Code.MODEL_FILE, item.location, said, "name only those that its jobs ask", "models"))
            return
        for hit in hits:
            path = folder / hit
            shown = os.path.normpath(os.path.join(os.path.dirname(item.location.file), hit))  # noqa: PTH118, PTH120  # a text
            model = self._read(path, shown, item.location)
            if model is not None:
                yield model

    def _read(self, path: Path, shown: str, location: Location) -> Model | None:
        refused = self.reach.refusal(path, shown, location, "models")
        if refused:
            self._tell(refused)
            return None
        if _size_of(path) > _MOST_BYTES:
            said = f"{shortened(path.name)} is larger than 1 MiB: it is no description"
            self._tell(Problem(Code.MODEL_FILE, location, said, "name a file that describes one model", "models"))
            return None
        read = document.read(path, shown)
        self.lines[shown] = read.lines
        self.problems.extend(read.problems)
        if not isinstance(read.root, nodes.Mapping) or read.problems:
            if isinstance(read.root, nodes.Scalar | nodes.Sequence):
                said = f"a description is keys with values, not {keys.described(read.root)}"
                self._tell(Problem(Code.MODEL_FILE, read.root.location, said, "see docs/models.md"))
            self.is_whole = False
            return None
        written = plain(read.root)
        return self._judged(written if isinstance(written, dict) else {}, read.root, shown)

    def _judged(self, written: Mapping[str, Any], root: nodes.Mapping, shown: str) -> Model | None:
        like = self.catalog.find(str(written.get("like", "")))
        if "like" in written and like is None:
            said = f"there is no model {shortened(str(written['like']))} to be like"
            location = root.entries["like"].node.location
            near = nearest_name(str(written["like"]), self.catalog.slugs)
            hint = f"did you mean `{near}`?" if near else "`batchrunner models` lists the known ones"
            self._tell(Problem(Code.MODEL_FILE, location, said, hint))
            return None
        told = {key: value for key, value in written.items() if not keys.is_ignored(key)}
        full = whole(told, like.source.written if like else None)
        found = faults(full)
        for fault in found:
            self._tell(_problem(fault, root))
        return None if found else read_model(full, shown)

    def _tell(self, problem: Problem) -> None:
        self.is_whole = False
        self.problems.add(problem)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # whoever reads it says why it cannot be read


def _problem(fault: DescriptionFault, root: nodes.Mapping) -> Problem:
    code = Code.MODEL_TODO if fault.is_todo else Code.MODEL_FILE
    return Problem(code, _place(fault, root), fault.message, fault.hint)


def _place(fault: DescriptionFault, root: nodes.Mapping) -> Location:
    """The innermost key of a fault that was written."""
    node: nodes.Node = root
    location = root.location
    for step in fault.path:
        if isinstance(node, nodes.Mapping) and step in node.entries:
            location, node = node.entries[str(step)].location, node.entries[str(step)].node
        elif isinstance(node, nodes.Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            location = node.location
        else:
            break
    return location


def plain(node: nodes.Node) -> object:
    """The values of a node, without their places."""
    match node:
        case nodes.Scalar():
            return node.value
        case nodes.Sequence():
            return [plain(item) for item in node.items]
        case nodes.Mapping():
            return {name: plain(entry.node) for name, entry in node.entries.items()}
