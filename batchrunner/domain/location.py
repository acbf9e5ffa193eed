"""Where in which file an author wrote something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """One position in a text file; line and column count from 1, in characters.

    Line 0 is an option of the command that was typed: `file` is that option with its value, and it has no lines.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.at}:{self.column}" if self.line else self.file

    @property
    def at(self) -> str:
        """The file with the line: `shots.yaml:4`."""
        return f"{self.file}:{self.line}" if self.line else self.file
