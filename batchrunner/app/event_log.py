"""The log of a project's runs: a line for each thing that happened, with its time, for the morning after."""

from pathlib import Path

from batchrunner.domain.event import Event, Listener, RunEvent
from batchrunner.domain.text import utc, visible
from batchrunner.io.clock import Clock
from batchrunner.io.roots import state_root


class Log:
    """Listens to a run, and passes on what it hears. A log that cannot be written ends no run."""

    def __init__(self, path: Path, clock: Clock, listener: Listener) -> None:
        self._path = path
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
            state_root(self._path.parent).append(self._path, line.encode(), durably=False)
        except OSError:
            return  # a full disk: what matters is told on stderr as well
