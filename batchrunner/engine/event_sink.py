"""Where everything goes that a run says: one listener, who decides what to show."""

from batchrunner.domain.event import EventKind, Listener, Progress, RunEvent


class EventSink:
    """The only way from the parts of a run back up to whoever started it."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def emit(self, kind: EventKind, text: str, job: str | None = None) -> None:
        """Something happened to a job, or to the run as a whole."""
        self._listener(RunEvent(kind, text, job))

    def note(self, text: str, job: str | None = None) -> None:
        """Something that is worth knowing, and calls for nothing."""
        self.emit(EventKind.NOTE, text, job)

    def report(self, progress: Progress) -> None:
        """How far the run is."""
        self._listener(progress)
