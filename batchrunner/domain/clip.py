"""A clip: a verified video file, and where it was put."""

from dataclasses import dataclass
from enum import StrEnum


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
