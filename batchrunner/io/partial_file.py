"""A file that is still coming, and goes on where it broke off if its server can tell that it is the same."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from batchrunner.io.files import Root


@dataclass(slots=True)
class Partial:
    """What has come of a file that is made at `path`, below `root`, when the first of it comes.

    With `validator` its server can tell whether it still has the same file.
    """

    root: Root
    path: Path
    is_made: bool = False
    size_bytes: int = 0
    validator: str = ""
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def goes_on(self) -> bool:
        """Whether the next try may go on where this one broke off."""
        return self.size_bytes > 0 and bool(self.validator)

    @property
    def headers(self) -> Mapping[str, str]:
        """What asks for the rest, where there is one."""
        return {"Range": f"bytes={self.size_bytes}-", "If-Range": self.validator} if self.goes_on else {}

    def open(self) -> IO[bytes]:
        """The file, open to be written behind what has come.

        Raises:
            FileExistsError: somebody else's has that name.
        """
        if self.is_made:
            return self.root.extend(self.path)
        file, self.is_made = self.root.create(self.path), True
        return file

    def add(self, chunk: bytes) -> None:
        """More has come, and is written."""
        self.digest.update(chunk)
        self.size_bytes += len(chunk)

    def forget(self) -> None:
        """Takes away what has come: the next try begins anew."""
        self.size_bytes, self.validator, self.digest = 0, "", hashlib.sha256()
        if self.is_made:
            self.root.remove(self.path)
            self.is_made = False
