"""A manifest as somebody keeps it in mind: a few lines, each a wish by its number."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from batchrunner.domain.job import JobId

_JOB = """\
  - id: {id}
    prompt: Wish {wish}
    image: https://example.com/frame.jpg?X-Amz-Signature={name}.{id}
    durationSeconds: 8
    resolution: 720p
    takes: {takes}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One job as it is written; equal wishes are equal requests."""

    id: str
    wish: int
    takes: int = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """One manifest. `stem` names its file; it says its name itself, unless `name` is empty.

    Its image links are signed with the job that asks, which is no part of a request: so a charge tells who asked.
    """

    stem: str
    name: str
    lines: tuple[Line, ...]
    retries: int = 0
    budget_usd: Decimal | None = None

    @property
    def manifest(self) -> str:
        """The name under which the ledger keeps its jobs."""
        return self.name or self.stem

    @property
    def text(self) -> str:
        """The file."""
        said = f"name: {self.name}\n" if self.name else ""
        budget = "" if self.budget_usd is None else f", budget: {self.budget_usd}"
        jobs = "".join(
            _JOB.format(id=line.id, wish=line.wish, takes=line.takes, name=self.manifest) for line in self.lines
        )
        settings = f"settings: {{retries: {self.retries}{budget}}}\n"
        return f"version: 1\n{said}model: google/veo-3.1-i2v\n{settings}jobs:\n{jobs}"

    def wants(self) -> dict[JobId, int]:
        """What is wanted: a wish for each identity, in the manifest's order."""
        return {
            JobId(self.manifest, "", line.id, take): line.wish
            for line in self.lines
            for take in range(1, line.takes + 1)
        }

    def with_line(self, number: int, line: Line) -> Self:
        """The same with another line in place of this one."""
        return replace(self, lines=(*self.lines[:number], line, *self.lines[number + 1 :]))
