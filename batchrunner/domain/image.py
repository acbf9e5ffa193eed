"""A local image: known by its bytes, so that it is uploaded once and recognised under any name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalImage:
    """A picture on this disk. `path` opens it, relative to where the command was started."""

    path: str
    sha256: str
    size_bytes: int

    def __str__(self) -> str:
        return self.path
