"""The state file: an append-only journal that is on disk before an answer leaves."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from batchrunner.io.files import Root
from batchrunner.sandbox.journal_events import Event, from_line, to_line


class Journal:
    """One line an event. A line counts once its end is there: a torn last one was never answered for.

    The file is opened for each event and kept open never, so that a sandbox needs no closing.
    """

    def __init__(self, path: Path, root: Root) -> None:
        self._path = path
        self._root = root

    def recover(self) -> list[Event]:
        """Every event so far, after cutting off a torn last line.

        Raises:
            ValueError: a line within is damaged; the message names its number.
        """
        text = b""
        with suppress(FileNotFoundError), self._root.open(self._path) as file:
            text = file.read()
        whole_bytes = text.rfind(b"\n") + 1
        if whole_bytes < len(text):
            self._root.cut(self._path, whole_bytes)
        return list(_events(text[:whole_bytes], self._path))

    def append(self, event: Event) -> None:
        """Writes one event; when it returns, no kill takes the event back."""
        self._root.append(self._path, to_line(event))


def read_journal(path: Path) -> list[Event]:
    """Every event so far, read from outside: changes nothing, works beside a running sandbox."""
    text = path.read_bytes() if path.exists() else b""
    return list(_events(text[: text.rfind(b"\n") + 1], path))


def _events(text: bytes, path: Path) -> Iterator[Event]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield from_line(line)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
