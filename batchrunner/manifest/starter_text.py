"""The text of a new manifest for a model: head, settings, defaults, an example."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batchrunner.catalog import Model, Role
from batchrunner.manifest.rows.field_values import in_words
from batchrunner.manifest.starter_fields import needed_fields, placeholder
from batchrunner.manifest.yaml.document import dump

_HEAD = """\
# A batchrunner manifest. `batchrunner validate` shows every mistake on its line, `batchrunner plan` what it costs.
version: 1
model: {model}

settings:
  concurrency: auto       # running tasks: as many as the account allows; or a number
  # budget: 100           # US dollars, over this manifest's lifetime
"""
_DEFAULTS = """
defaults:                 # they also count where a cell is empty
"""
_ID = "hero-wave"
_PROMPT = "The character waves and smiles at the camera"
_PICTURE = "     # a local file such as frames/hero.png, or a link: https://…"


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


def head(model: Model, values: Mapping[str, object]) -> str:
    """Everything before the jobs; the values become the defaults, in the documentation's order."""
    defaults = {name: values[name] for name in model.fields if name in values}
    lines = "".join(f"  {name}: {in_words(value)}\n" for name, value in defaults.items())
    return _HEAD.format(model=model.slug) + (_DEFAULTS + lines if lines else "")


def example(model: Model) -> str:
    """One job that cannot be sent before somebody has named its pictures."""
    lines = [f"  - id: {_ID}"]
    for name in needed_fields(model):
        value = _PROMPT if name == model.field(Role.PROMPT) else placeholder(model, name)
        lines.append(f"    {name}: {value}{_PICTURE if name in model.pictures else ''}")
    return "\njobs:\n" + "".join(f"{line}\n" for line in lines)


def jobs_text(*jobs: Mapping[str, object]) -> str:
    """These jobs."""
    return f"\n{dump({'jobs': list(jobs)})}"
