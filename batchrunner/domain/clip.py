"""A clip: a verified video file, and where it was put."""

import re
from dataclasses import dataclass
from enum import StrEnum

_NUMBER = re.compile(r"\.(v[0-9]{1,9})\.[^/.]+$")


class ClipRole(StrEnum):
    """Under which kind of name a clip was put: its final one, or one of an older version."""

    FINAL = "final"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Clip:
    """A verified file, written down before it got this path; paths are relative to the ledger's project.

    `is_told`: only a receipt says so; nobody has looked into that file on this machine.
    """

    at_s: float
    role: ClipRole
    path: str
    size_bytes: int
    sha256: str
    is_told: bool = False

    @property
    def version(self) -> str:
        """What `pick` calls an older version: `v1` of `versions/hero.v1.mp4`; empty for a clip under its final name."""
        found = _NUMBER.search(self.path) if self.role is ClipRole.VERSION else None
        return found[1] if found else ""
