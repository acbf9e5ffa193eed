"""Which folder a manifest belongs to, and where its ledger, its locks and its clips are."""

import os
from dataclasses import dataclass
from pathlib import Path

FOLDER = ".batchrunner"
SANDBOX = "sandbox-run"


@dataclass(frozen=True, slots=True)
class Project:
    """The places of one manifest. All of them are absolute.

    `root` is what the ledger's paths are relative to; `base` is what the jobs' outputs are relative to.
    """

    root: Path
    base: Path
    ledger: Path
    manifest: Path

    @property
    def folder(self) -> Path:
        """Where the state is kept: the ledger, the locks, the logs."""
        return self.ledger.parent

    def written(self, path: Path) -> str:
        """A path as the ledger keeps it: relative to the project where it lies inside."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def found(self, text: str) -> Path:
        """The path behind a ledger's text."""
        return self.root / text

    def output(self, text: str) -> Path:
        """Where a job's clip goes."""
        return self.base / text


def reading_root(manifest: Path) -> Path:
    """The folder inside which a manifest may read files: its git work tree, else its project's root.

    The same before the first run, which makes the ledger, and after it. A work tree of another owner does not count,
    nor does a home folder that is kept in git: it holds more than one project.
    """
    root = find_project(manifest).root
    owner = _owner(root)
    for folder in (root, *root.parents):
        if _owner(folder) != owner or folder == Path.home():
            return root
        if os.path.lexists(folder / ".git"):
            return folder
    return root


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def find_project(manifest: Path, ledger: Path | None = None, *, sandbox: bool = False) -> Project:
    """The project of a manifest: the nearest ledger upward, as git finds its folder, else one beside it."""
    path = Path(os.path.abspath(manifest))  # noqa: PTH100  # not resolve(): a link to a manifest stays where it is
    if sandbox:
        base = path.parent / SANDBOX
        return Project(base, base, base / FOLDER / "ledger.db", path)
    if ledger is not None:
        return Project(path.parent, path.parent, Path(os.path.abspath(ledger)), path)  # noqa: PTH100  # as above
    found = (folder for folder in path.parents if (folder / FOLDER / "ledger.db").exists())
    root = next(found, path.parent)
    return Project(root, path.parent, root / FOLDER / "ledger.db", path)
