"""The language of manifests: keys, settings, spaces of variables, models and their fields."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from batchrunner.catalog import shipped
from batchrunner.domain.settings import READERS
from batchrunner.manifest import keys
from batchrunner.manifest.editor_schema import editor_schema
from tests.io.test_images import png
from tests.promised.outputs import shape
from tests.promised.story import machine, printed, story

_WHOLE = """\
version: 1
name: whole
model: google/veo-3.1-i2v
vars: {who: She}
settings: {concurrency: 2, rate: 100/min, task_timeout: 30m, retries: 1, budget: 900, download_limit: 1GiB,
           output: "clips/${manifest.name}/${job.id}.mp4"}
profiles: {draft: {model: google/veo-3.1-fast-i2v, resolution: 720p}}
defaults: {image: "https://example.com/a.jpg", durationSeconds: 8, x-note: mine}
templates: {close: {tags: [close-up], resolution: 1080p}}
include: more.yaml
jobs:
  - {id: plain, extends: close, prompt: "${vars.who} ${env.VERB:-waves}", takes: 2, x-note: mine}
  - {id: "axis-${matrix.n}", matrix: {n: [1, 2]}, prompt: "variant ${matrix.n}", tags: a}
  - {id: "${row.shot}", rows: shots.csv, encoding: windows-1252, prompt: "${row.text}", output: "${row.shot}.mp4"}
  - {id: "frame-${row.stem}", rows: {glob: "frames/*.png"}, prompt: "${row.caption:-still}", image: "${row.path}"}
  - {id: off, prompt: no, enabled: false}
"""
_MORE = "jobs:\n  - {id: included, prompt: more, lastFrame: 'https://example.com/b.jpg'}\n"


def manifest() -> object:
    """What may be written where."""
    tables = {
        "manifest": keys.MANIFEST,
        "fragment": keys.FRAGMENT,
        "settings": keys.SETTINGS,
        "shared": keys.SHARED,
        "job": keys.JOB,
    }
    return {
        "keys": {where: sorted(table) for where, table in tables.items()},
        "settings that are read": sorted(READERS),
        "notes": [name for name in ("x-note", "$schema", "note") if keys.is_ignored(name)],
        "in the editor's schema": sorted(set(_properties(editor_schema(shipped()), ""))),
    }


def _properties(schema: object, path: str) -> Iterator[str]:
    """The keys that a schema allows, each with the keys above it; they are in its definitions, too."""
    match schema:
        case dict():
            for name, each in schema.items():
                if name in {"properties", "$defs", "definitions"} and isinstance(each, dict):
                    for key, below in each.items():
                        inner = f"{path}.{key}".lstrip(".")
                        yield inner
                        yield from _properties(below, inner)
                elif name != "enum":
                    yield from _properties(each, path)
        case list():
            for each in schema:
                yield from _properties(each, path)


def catalog() -> object:
    """Models with their fields, and the file of prices."""
    return {
        "models": {
            model.slug: {name: field.get("enum", field["type"]) for name, field in model.fields.items()}
            for model in shipped()
        },
        "prices": shape(story().read("prices")),
    }


def spelled_out() -> str:
    """A manifest with a bit of everything, as `plan -o yaml` spells it out, plain and under a profile."""
    with TemporaryDirectory() as made, machine(Path(made)) as work:
        (work / "frames").mkdir()
        (work / "frames" / "one.png").write_bytes(png(720, 480))
        (work / "frames" / "one.txt").write_text("a caption", encoding="utf-8")
        (work / "shots.csv").write_bytes("shot,text\nfirst,caf\xe9\n".encode("windows-1252"))
        (work / "more.yaml").write_text(_MORE, encoding="utf-8")
        (work / "whole.yaml").write_text(_WHOLE, encoding="utf-8")
        plain = printed("plan", "whole.yaml", "--env", "VERB", "-o", "yaml")
        return plain + "---\n" + printed("plan", "whole.yaml", "--profile", "draft", "-o", "yaml")
