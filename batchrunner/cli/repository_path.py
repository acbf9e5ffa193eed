"""How a file is named from the top of its repository, as GitHub names it, wherever a command was typed."""

import os
from pathlib import Path


def from_repository(file: str) -> str:
    """A file from the top of its repository: that of its git work tree, or what GitHub calls its workspace.

    The nearest of both counts, as a workflow may check out into a folder of its workspace. A file that lies in none
    keeps the name that it has.
    """
    whole = Path(os.path.realpath(os.path.dirname(file) or "."), os.path.basename(file))  # noqa: PTH119, PTH120  # a name
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    tops = {Path(os.path.realpath(workspace))} if workspace else set()
    for folder in whole.parents:
        if folder in tops or os.path.lexists(folder / ".git"):
            return whole.relative_to(folder).as_posix()
    return file
