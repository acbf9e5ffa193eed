"""A file of events: each is added to its end as it comes, whoever wrote there before."""

import errno
import re
from pathlib import Path
from typing import Self

from batchrunner.app.cloud_events import BEGINNING
from batchrunner.app.event_log import growing_file
from batchrunner.io.files import Root
from batchrunner.storage.paths import ProjectPaths


class EventFile:
    """Adds lines to a file. What a full disk or a kill has cut short before stays a line of its own."""

    def __init__(self, path: Path, root: Root) -> None:
        self._path, self._root = path, root
        self._is_new_line = _ends_a_line(path, root)

    @classmethod
    def named(cls, path: Path, project: ProjectPaths) -> Self:
        """The file that a person named; raises what `growing_file` does."""
        beginning = re.compile(re.escape(BEGINNING.encode()))
        return cls(*growing_file(f"--events {path}", path, project, beginning, "a file of batchrunner's events"))

    def __call__(self, line: str) -> None:
        """Adds a line, and hands it to the system.

        Raises:
            OSError: the disk does not take it.
        """
        begin = "" if self._is_new_line else "\n"
        self._is_new_line = False
        self._root.append(self._path, f"{begin}{line}\n".encode(), durably=False)
        self._is_new_line = True


def _ends_a_line(path: Path, root: Root) -> bool:
    try:
        with root.open(path) as file:
            size_bytes = file.seek(0, 2)
            file.seek(max(size_bytes - 1, 0))
            return file.read(1) in {b"", b"\n"}
    except OSError as error:
        return error.errno == errno.ENOENT
