"""A job: one wanted clip, spelt out and valid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

from batchrunner.domain.location import Location
from batchrunner.domain.request import Request


@dataclass(frozen=True, slots=True, order=True)
class JobId:
    """What makes a job the same job tomorrow, whatever it asks for and wherever it stands in the file."""

    manifest: str
    profile: str
    job: str
    take: int

    @property
    def name(self) -> str:
        """What people and files call it: `hero`, and `hero.2` for its second take."""
        return self.job if self.take == 1 else f"{self.job}.{self.take}"

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits: rows of the ledger bear them, as a second way to their owner."""
        return f"{crc32(ascii((self.manifest, self.profile, self.job, self.take)).encode()):08x}"


@dataclass(frozen=True, slots=True)
class Job:
    """One wanted clip.

    `body` is the JSON that the service gets; `request` is the same in its canonical form.
    `output` is relative to the manifest's folder. `places` has where each field's value was written, and the model's;
    `layers` in which part of a manifest that is: `defaults`, `template "hero"`, empty for the job itself. `cells` has
    the cells of a sheet that went into those that are put together. `columns` are those of its row that are no value.
    """

    identity: JobId
    body: Mapping[str, object]
    request: Request
    output: str
    tags: tuple[str, ...]
    location: Location
    locations: Mapping[str, Location] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, Location] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people and files call it."""
        return self.identity.name
