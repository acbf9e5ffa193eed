"""The run of a manifest that is alive: who runs it, and what it says of itself."""

from contextlib import suppress
from dataclasses import dataclass

from batchrunner.domain.event import Event, Listener, Progress
from batchrunner.domain.text import duration, printable
from batchrunner.io.clock import Clock
from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.run_beat import RunBeat, read_beat, write_beat
from batchrunner.storage.run_lock import LockOwner, lock_owner

# Where nothing else has changed, watchers are told so rarely: their clocks go on by themselves.
_SELDOM_S = 10.0


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """Who holds the lock, and what was said last; None where nothing was said yet."""

    owner: LockOwner
    beat: RunBeat | None

    def in_words(self, now_s: float) -> str:
        """`run active: process 4711 of jan on render-3, since …; waiting for … (12 min so far)`."""
        whose = f" of {printable(self.beat.user)}" if self.beat else ""
        where = f"process {self.owner.pid}{whose} on {printable(self.owner.host, 100)}"
        said = f"run active: {where}, since {printable(self.owner.since, 40)}"
        if self.beat is None or not self.beat.waits_for:
            return said
        waits_s = self.beat.waits_s + max(now_s - self.beat.at_s, 0.0)
        return f"{said}; {printable(self.beat.waits_for)} ({duration(waits_s)} so far)"


def active_run(project: ProjectPaths, manifest: str) -> ActiveRun | None:
    """The run of a manifest that is alive just now; None where none is."""
    owner = lock_owner(project.folder, manifest)
    return ActiveRun(owner, read_beat(project.folder, manifest, owner)) if owner else None


class Heartbeat:
    """Listens to a run, passes on what it hears, and leaves word of how far it is for those who watch.

    What cannot be written ends no run.
    """

    def __init__(self, project: ProjectPaths, manifest: str, clock: Clock, listener: Listener) -> None:
        self._project, self._manifest = project, manifest
        self._clock = clock
        self._listener = listener
        self._told: tuple[object, ...] = ()
        self._next_s = 0.0

    def __call__(self, event: Event) -> None:
        """Hears of one event."""
        if isinstance(event, Progress):
            self._tell(event)
        self._listener(event)

    def _tell(self, progress: Progress) -> None:
        news = (bool(progress.waits_for), progress.limit_usd, progress.slots_used, progress.slots_known)
        if news == self._told and progress.elapsed_s < self._next_s:
            return
        self._told, self._next_s = news, progress.elapsed_s + _SELDOM_S
        with suppress(OSError):  # a full disk: the ledger says what matters
            write_beat(self._project.folder, self._manifest, progress, self._clock.wall_s())
