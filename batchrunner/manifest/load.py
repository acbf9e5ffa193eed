"""The first three stages in a row: a file becomes a manifest, or every problem at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batchrunner import settings as settings_room
from batchrunner.manifest import document, outputs
from batchrunner.manifest.expand import Draft, Drafts, expand
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.nodes import Entry, Scalar
from batchrunner.manifest.validate import validate
from batchrunner.nouns.job import Job
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems
from batchrunner.settings import Settings


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole manifest. It may be run if `problems` holds no error; `lines` are there for snippets."""

    path: Path
    name: str
    settings: Settings
    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    errors: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]


def load(path: Path, shown: str | None = None) -> Manifest:
    """Reads, expands and validates; whatever is wrong is in the result, never raised.

    `shown` is what places call the file, by default the path as given.
    """
    read = document.read(path, shown or str(path))
    problems = Problems()
    problems.extend(read.problems)
    drafts = Drafts(path.stem, {}, ())
    if read.root is not None:
        drafts = expand(read.root, path.stem, problems)
    settings = _settings(drafts.settings, problems)
    jobs = _jobs(drafts, settings, problems)
    found = problems.in_order()
    return Manifest(path, drafts.name, settings, jobs, found, problems.errors(), {read.file: read.lines})


def _settings(entries: Mapping[str, Entry], problems: Problems) -> Settings:
    values: dict[str, object] = {}
    for key, entry in entries.items():
        if not isinstance(entry.node, Scalar):
            continue
        if key not in settings_room.READERS:
            values[key] = text_of(entry.node)
            continue
        field, read = settings_room.READERS[key]
        try:
            values[field] = read(entry.node.value)
        except ValueError as error:
            problems.add(Problem(Code.BAD_SETTING, entry.node.place, f"`{key}`: {error}", None, key))
    return Settings(**values)  # type: ignore[arg-type]  # each reader gives its field's type


def _jobs(drafts: Drafts, settings: Settings, problems: Problems) -> tuple[Job, ...]:
    jobs: list[Job] = []
    paths: dict[str, tuple[str, Place]] = {}
    for draft in drafts.drafts:
        pattern, place = _output(draft, drafts, settings)
        path = outputs.fill(pattern, place, drafts.name, draft, problems)
        if path is not None:
            paths[draft.name] = (path, place)
        job = validate(draft, drafts.name, path or "", problems)
        if job is not None:
            jobs.append(job)
    outputs.check_collisions(paths, problems)
    return tuple(jobs)


def _output(draft: Draft, drafts: Drafts, settings: Settings) -> tuple[str, Place]:
    """The pattern that holds for a draft, with the place to blame: its own, or the batch's."""
    if draft.output and isinstance(draft.output.node, Scalar):
        return text_of(draft.output.node), draft.output.node.place
    entry = drafts.settings.get("output")
    return settings.output, entry.node.place if entry else draft.place
