"""The clips and the strangers' files that lie at one place: none of them may vanish by itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from batchrunner.sandbox.downloads import clip_of


@dataclass
class Shelf:
    """Every clip that ever lay under a final name, but for those that somebody deleted; and the foreign files."""

    folder: Path
    clips: set[str] = field(default_factory=set)
    foreign: dict[Path, bytes] = field(default_factory=dict)

    def check(self) -> None:
        """All that ever lay here still does."""
        lying = self.lying()
        gone = self.clips - set(lying.values())
        assert not gone, f"clips vanished: {gone}"
        self.clips |= {task for path, task in lying.items() if path.parent.name != "versions"}
        for path, content in self.foreign.items():
            assert path.is_file(), f"a foreign file vanished: {path.name}"
            assert path.read_bytes() == content, f"a foreign file was touched: {path.name}"

    def lying(self) -> dict[Path, str]:
        """The whole clips by their paths, each with its task."""
        found = {path: task_in(path) for path in sorted(self.folder.glob("outputs/**/*.mp4"))}
        return {path: task for path, task in found.items() if task and not path.name.startswith(".")}

    def delete(self, path: Path) -> None:
        """Somebody deletes a file."""
        if path.exists():
            task = task_in(path)
            path.unlink()
            self.clips.discard(task)
            self.foreign.pop(path, None)

    def know(self, tasks: Iterable[str]) -> None:
        """The clips of these tasks are no foreign files any more: somebody told of them."""
        known = set(tasks)
        self.foreign = {path: content for path, content in self.foreign.items() if task_in(path) not in known}

    def put(self, path: Path, content: bytes) -> None:
        """Somebody puts a file of his own there, over what lay there."""
        self.delete(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.foreign[path] = content


@lru_cache(maxsize=1024)
def _clip(task: str) -> bytes:
    return clip_of(task)


def task_in(path: Path) -> str:
    """The task whose clip a file is, whole; empty for any other file."""
    content = path.read_bytes()
    task = content[content.rfind(b"free") + 4 :].decode(errors="replace")
    return task if task.startswith("task-") and content == _clip(task) else ""
