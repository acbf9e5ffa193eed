"""Which folder a manifest belongs to, and where its ledger, its locks and its clips are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from batchrunner.errors import UsageError
from batchrunner.io.dir_fd import Refused
from batchrunner.io.files import Root
from batchrunner.io.roots import STATE_FOLDER, state_root

FOLDER = STATE_FOLDER
SANDBOX = "sandbox-run"
_SERVERS = ("postgresql:/", "postgres:/")  # a path has no double slash


@dataclass(frozen=True, slots=True)
class ProjectPaths:
    """The places of one manifest. All of them are absolute.

    `root` is what the ledger's paths are relative to; `base` is what the jobs' outputs are relative to. Both lie in
    `home`, or are it: no link is followed below that.
    """

    root: Path
    base: Path
    ledger: Path
    manifest: Path
    home: Path

    @property
    def folder(self) -> Path:
        """Where the state is kept: the ledger, the locks, the logs."""
        return self.ledger.parent

    @property
    def safe(self) -> Root:
        """Where clips and receipts are written."""
        return Root(self.home)

    @property
    def state(self) -> Root:
        """Where what is private is written: the ledger, the locks, the logs."""
        if self.folder.is_relative_to(self.home):
            return replace(self.safe, is_private=True)
        return state_root(self.folder)

    def written(self, path: Path) -> str:
        """A path as the ledger keeps it: relative to the project where it lies inside."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def found(self, text: str) -> Path:
        """The path behind a ledger's text.

        Raises:
            Refused: it leads outside.
        """
        if not is_inside(text):
            raise Refused(
                self.root / text, f"is outside {self.root}: the ledger names a file that batchrunner did not create"
            )
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


def _of_one_owner(folder: Path) -> Iterator[Path]:
    """A folder, and those above it as far as all are of its owner."""
    yield folder
    for above in folder.parents:
        if _owner(above) != _owner(folder):
            return
        yield above


def _has_ledger(folder: Path, manifests: Path) -> bool:
    """Whether a ledger is there; above the manifest's own folder only one of the same owner counts."""
    ledger = folder / FOLDER / "ledger.db"
    return os.path.lexists(ledger) and (folder == manifests or _owner(ledger.parent) == _owner(manifests))


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def is_inside(text: str) -> bool:
    """Whether a ledger's path is one below the project's root, whatever its links lead to."""
    path = PurePosixPath(text)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and text.isprintable()


def ledger_path(location: Path | str) -> Path:
    """The file that a ledger's location names.

    Raises:
        UsageError: it names a database server.
    """
    if str(location).startswith(_SERVERS):
        raise UsageError("a ledger on PostgreSQL is not supported yet: name a file")
    return Path(location)


def find_project(manifest: Path, ledger: Path | None = None, *, sandbox: bool = False) -> ProjectPaths:
    """The project of a manifest: the nearest ledger upward, as git finds its folder, else one beside it.

    The search ends at a folder of another owner: in a folder that many share, anybody may leave a ledger.

    Raises:
        UsageError: `ledger` names a database server.
    """
    path = Path(os.path.abspath(manifest))  # noqa: PTH100  # not resolve(): a link to a manifest stays where it is
    if sandbox:
        base = path.parent / SANDBOX
        return ProjectPaths(base, base, base / FOLDER / "ledger.db", path, path.parent)
    if ledger is not None:
        file = Path(os.path.abspath(ledger_path(ledger)))  # noqa: PTH100  # as above
        return ProjectPaths(path.parent, path.parent, file, path, path.parent)
    found = (folder for folder in _of_one_owner(path.parent) if _has_ledger(folder, path.parent))
    root = next(found, path.parent)
    return ProjectPaths(root, path.parent, root / FOLDER / "ledger.db", path, root)
