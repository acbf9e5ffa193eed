"""Below which root something is written: that of a ledger's folder, or that of a file which a person named."""

import os
from contextlib import suppress
from pathlib import Path

from batchrunner.io.files import Root

STATE_FOLDER = ".batchrunner"


def state_root(folder: Path) -> Root:
    """The private root of a folder that holds a ledger: ours is checked itself, any other is the user's word."""
    return Root(folder.parent if folder.name == STATE_FOLDER else folder, is_private=True)


def make_state_folder(folder: Path, root: Root | None = None) -> None:
    """Makes a folder for a ledger; ours is one that git ignores by itself."""
    root = root or state_root(folder)
    root.make_folder(folder)
    ignore = folder / ".gitignore"
    if folder.name == STATE_FOLDER and not os.path.lexists(ignore):
        with suppress(FileExistsError):
            root.write_new(ignore, b"*\n")


def named_by_a_person(path: Path, *projects: Path) -> tuple[Root, Path]:
    """A file that somebody named, which may be anywhere, as a whole path; and the root that it is written below.

    Inside one of the projects or the current folder that is the root; elsewhere it is the file's own folder.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100  # not resolve(): a link is to be seen
    inside = (root for root in (*projects, Path.cwd()) if whole.is_relative_to(root))
    return Root(next(inside, whole.parent)), whole
