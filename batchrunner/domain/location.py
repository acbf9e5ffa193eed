"""Where in which file an author wrote something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """One position in a text file; line and column count from 1, in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
