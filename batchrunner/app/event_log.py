"""The log of a project's runs: a line for each thing that happened, with its time, for the morning after."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from batchrunner.domain.event import Event, Listener, RunEvent
from batchrunner.domain.text import utc, visible
from batchrunner.errors import UsageError
from batchrunner.io.clock import Clock
from batchrunner.io.files import Root
from batchrunner.io.roots import named_by_a_person, state_root
from batchrunner.storage.paths import ProjectPaths

# How every line begins.
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT")
_BEGINNING_BYTES = 32


@dataclass(frozen=True, slots=True)
class LogFile:
    """Where a log is kept, and the root below which it is written."""

    path: Path
    root: Root

    @classmethod
    def of(cls, project: ProjectPaths, manifest: str) -> Self:
        """The log of a manifest, beside the ledger."""
        return cls(project.folder / f"{manifest}.log", state_root(project.folder))

    @classmethod
    def named(cls, path: Path, project: ProjectPaths) -> Self:
        """The file that a person named; raises what `growing_file` does."""
        return cls(*growing_file(f"--log-file {path}", path, project, _TIME, "a log of batchrunner"))


class Log:
    """Listens to a run, and passes on what it hears. A log that cannot be written ends no run."""

    def __init__(self, file: LogFile, clock: Clock, listener: Listener) -> None:
        self._file = file
        self._clock = clock
        self._listener = listener

    def __call__(self, event: Event) -> None:
        """Hears of one event."""
        if isinstance(event, RunEvent):
            self._write(event)
        self._listener(event)

    def _write(self, event: RunEvent) -> None:
        where = f" {event.job}" if event.job else ""
        line = visible(f"{utc(self._clock.wall_s())} {event.kind.value}{where}: {event.text}") + "\n"
        try:
            self._file.root.append(self._file.path, line.encode(), durably=False)
        except OSError:
            return  # a full disk: what matters is told on stderr as well


def growing_file(
    option: str, path: Path, project: ProjectPaths, beginning: re.Pattern[bytes], what: str
) -> tuple[Path, Root]:
    """A file that a person named to be written to its end, and its root: a new one, or one that begins like this.

    Raises:
        UsageError: it has no folder, or something else is written there.
        Refused: a part of its path is a link.
    """
    root, whole = named_by_a_person(path, project.home)
    if not whole.parent.is_dir():
        raise UsageError(f"{option}: there is no folder {path.parent}")
    root.check(whole)
    if whole.is_dir() or (whole.exists() and not _begins(root, whole, beginning)):
        raise UsageError(f"{option}: that is not {what}; name another file")
    return whole, root


def _begins(root: Root, path: Path, beginning: re.Pattern[bytes]) -> bool:
    """Whether a file that is there is empty, or begins like this."""
    with root.open(path) as file:
        first = file.read(_BEGINNING_BYTES)
    return not first or beginning.match(first) is not None
