"""A desk with a folder, on which manifests are written and read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchrunner.domain.problem import Code
from batchrunner.manifest.load import Manifest, load
from batchrunner.manifest.permissions import Permissions
from batchrunner.manifest.yaml import document, nodes

HEAD = "version: 1\nmodel: google/veo-3.1-i2v\ndefaults: {durationSeconds: 8}\n"
LINK = "https://example.com/a.jpg"


def permitted(folder: Path, environment: Mapping[str, str]) -> Permissions:
    """A manifest may read this folder and this environment; `NO` may be used, and is not set."""
    return Permissions((folder,), frozenset({*environment, "NO"}), environment)


@dataclass
class Desk:
    """A folder; `environment` is what `${env.…}` sees."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, text: str, profile: str = "", name: str = "m.yaml") -> Manifest:
        """The manifest with this text."""
        path = self.write(name, text)
        return load(path, profile, permissions=permitted(path.parent, self.environment))

    def valid(self, text: str, profile: str = "") -> Manifest:
        """The same, which must be without errors."""
        manifest = self.read(text, profile)
        assert not manifest.errors, manifest.errors
        return manifest

    def bodies(self, text: str, profile: str = "") -> dict[str, dict[str, Any]]:
        """What each job sends, by name; it must be without errors."""
        return {job.name: dict(job.body) for job in self.valid(text, profile).jobs}

    def told(self, text: str, profile: str = "") -> list[tuple[Code, int, int]]:
        """The errors as (code, line, column)."""
        return [(p.code, p.location.line, p.location.column) for p in self.read(text, profile).errors]


def flow(data: object) -> str:
    """Plain data as YAML on one line."""
    return json.dumps(data, ensure_ascii=False)


def plain_data(node: nodes.Node) -> Any:
    """A node as the data that it stands for."""
    match node:
        case nodes.Scalar():
            return node.value
        case nodes.Sequence():
            return [plain_data(item) for item in node.items]
        case nodes.Mapping():
            return {key: plain_data(entry.node) for key, entry in node.entries.items()}


def parsed(text: str) -> Any:
    """The plain data of a YAML text, as our own reader sees it."""
    root = document.parse(text, "m.yaml").root
    assert root is not None, text
    return plain_data(root)
