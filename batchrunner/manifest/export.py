"""The expanded manifest: every job spelt out, as data that is itself a manifest and expands to itself."""

import os.path
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from batchrunner.domain.image import LocalImage
from batchrunner.domain.job import Job
from batchrunner.manifest.image_links import is_link
from batchrunner.manifest.load import Manifest


def spelt_out(manifest: Manifest) -> dict[str, object]:
    """`{"version", "name", "models", "settings", "jobs"}`; paths are relative to the manifest's own folder."""
    settings = {key: value for key, value in manifest.settings_as_written.items() if key != "output"}
    folder = manifest.path.parent
    data: dict[str, object] = {"version": 1, "name": manifest.name}
    asked = {job.request.model for job in manifest.jobs}
    own = [model.source.file for model in manifest.catalog if model.source.file and model.slug in asked]
    if own:
        data["models"] = [_relative(file, folder) for file in own]
    if settings:
        data["settings"] = settings
    grouped = groupby(manifest.jobs, key=lambda job: job.identity.job)
    return data | {"jobs": [dict(_job(list(takes), folder)) for _, takes in grouped]}


def _job(takes: Sequence[Job], folder: Path) -> Iterator[tuple[str, object]]:
    first = takes[0]
    yield "id", first.identity.job
    yield "model", first.request.model
    for name, value in first.body.items():
        yield name, _plain(value, folder)
    if first.tags:
        yield "tags", [_escaped(tag) for tag in first.tags]
    if len(takes) > 1:
        yield "takes", len(takes)
    yield "output", _pattern(takes)


def _plain(value: object, folder: Path) -> object:
    match value:
        case LocalImage():
            return _escaped(_relative(value.path, folder))
        case bool() | int() | float():
            return value
        case list():
            return [_plain(item, folder) for item in value]
        case _:
            return _escaped(_without_fragment(str(value)))


def _relative(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _without_fragment(text: str) -> str:
    """A link without what no server is asked for; its signature stays, without which it is none."""
    return text.partition("#")[0] if is_link(text) and len(text.split()) == 1 else text


def _escaped(text: str) -> str:
    return text.replace("${", "$${")


def _pattern(takes: Sequence[Job]) -> str:
    """The output of one job; of several takes, the pattern that gives each its own."""
    first = takes[0]
    if len(takes) == 1:
        return _escaped(first.output)
    second = takes[1]
    pattern, rest, other = "", first.output, second.output
    while rest:
        if rest.startswith(first.name) and other.startswith(second.name):
            piece, length = "${job.id}", len(first.name)
            other = other[len(second.name) :]
        else:
            literal = "${" if rest.startswith("${") else rest[0]
            piece, length = _escaped(literal), len(literal)
            other = other[length:]
        pattern, rest = pattern + piece, rest[length:]
    return pattern
