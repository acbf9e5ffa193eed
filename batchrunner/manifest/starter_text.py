"""The text of a new manifest, for the model that is taken where none is named: head, settings, defaults, an example."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from batchrunner.catalog import Model, Role
from batchrunner.manifest.placeholders import WORD
from batchrunner.manifest.yaml.document import dump

_HEAD = """\
# A batchrunner manifest. `batchrunner validate` shows every mistake on its line, `batchrunner plan` what it costs.
version: 1
model: {model}

settings:
  concurrency: auto       # running tasks: as many as the account allows; or a number
  # budget: 100           # US dollars, over this manifest's lifetime

defaults:                 # they also count where a cell is empty
{defaults}
"""
_EXAMPLE = """
jobs:
  - id: hero-wave
    {prompt}: The character waves and smiles at the camera
    {image}: {word}     # a local file such as frames/hero.png, or a link: https://…
"""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A new manifest's text, and what was guessed for it and what to look at, in sentences.

    `rows` is the text of a copy of the sheet, to be written as `rows_file` beside the manifest; empty where the sheet
    serves as it is.
    """

    text: str
    guesses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    rows: str = ""
    rows_file: Path = Path()


def head(model: Model, values: Mapping[Role, object]) -> str:
    """Everything before the jobs; the values of roles become the defaults, in the documentation's order."""
    by_field = {model.field(role): values[role] for role in model.starter}
    defaults = "\n".join(f"  {name}: {by_field[name]}" for name in model.fields if name in by_field)
    return _HEAD.format(model=model.slug, defaults=defaults)


def resolution_for(model: Model, lengths: Iterable[str]) -> str:
    """The resolution that a new manifest gives: the starter's, else the first in which all lengths are rendered."""
    starter, fields = model.starter[Role.RESOLUTION], (model.roles[Role.RESOLUTION], model.roles[Role.DURATION])
    for resolution in (starter, *model.takes(Role.RESOLUTION)):
        if not any(model.forbids(dict(zip(fields, (resolution, each), strict=True))) for each in lengths):
            return str(resolution)
    return str(starter)


def example(model: Model) -> str:
    """One job that cannot be sent before somebody has named its picture."""
    return _EXAMPLE.format(prompt=model.field(Role.PROMPT), image=model.field(Role.FIRST_IMAGE), word=WORD)


def jobs_text(*jobs: Mapping[str, object]) -> str:
    """These jobs."""
    return f"\n{dump({'jobs': list(jobs)})}"
