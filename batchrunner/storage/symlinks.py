"""Looked at before anybody is asked: no place that a run writes to is a link."""

from collections.abc import Iterable

from batchrunner.storage.paths import ProjectPaths
from batchrunner.storage.receipts import receipts_path

# What lies in the state folder under names that are known beforehand; all others are random.
_STATE = ("ledger.db", "service.jsonl", "service.jsonl.files", ".gitignore")
_OF_A_MANIFEST = (".lock", ".lock.json", ".beat.json", ".log")


def check_symlinks(project: ProjectPaths, manifest: str, outputs: Iterable[str]) -> None:
    """Nothing, where a run of this manifest, whose clips go there, finds no link in its way.

    Raises:
        Refused: it does.
    """
    for name in (*_STATE, *(f"{manifest}{ending}" for ending in _OF_A_MANIFEST)):
        project.state.check(project.folder / name)
    project.safe.check(receipts_path(project, manifest))
    for folder in {project.output(output).parent for output in outputs}:
        project.safe.check(folder / "versions")
