"""Starter manifests: what `init` writes, guessed from a spreadsheet's columns and a folder of frames."""

import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batchrunner.errors import UsageError
from batchrunner.manifest.document import dump
from batchrunner.manifest.drafts import NAME
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.nodes import Scalar
from batchrunner.manifest.placeholders import WORD
from batchrunner.manifest.rows import Table, read_rows
from batchrunner.places import Place
from batchrunner.problems import Problems

# How people head their columns, without spaces, signs and case; the first name that is there is taken.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "shotid", "shot", "shotname", "shotnumber", "clip", "name", "key", "scene", "nr", "no"),
    "prompt": ("prompt", "shotprompt", "motionprompt", "description", "action", "motion", "text"),
    "image": ("image", "startframe", "firstframe", "start", "frame", "picture", "img", "imageurl", "file", "filename"),
    "lastFrame": ("lastframe", "endframe", "end", "last"),
    "negativePrompt": ("negativeprompt", "negative", "avoid"),
    "referenceImages": ("referenceimages", "references", "refs", "reference"),
    "durationSeconds": ("durationseconds", "duration", "seconds", "length", "secs"),
    "aspectRatio": ("aspectratio", "aspect", "ratio"),
    "resolution": ("resolution", "res"),
    "model": ("model",),
    "tags": ("tags", "tag", "labels"),
    "takes": ("takes",),
}
_PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
_FRAME_FIELDS = ("image", "lastFrame")
_HEAD = """\
# A batchrunner manifest. `batchrunner validate` shows every mistake on its line, `batchrunner plan` what it costs.
version: 1
model: google/veo-3.1-i2v
"""
_SETTINGS = """
settings:
  concurrency: auto       # running tasks: as many as the account allows; or a number
  # budget: 100           # US dollars, in this manifest's whole life
"""
_EXAMPLE = f"""
jobs:
  - id: hero-wave
    prompt: The character waves and smiles at the camera
    image: {WORD}     # a local file such as frames/hero.png, or a link: https://…
"""
_DEFAULTS_TEXT = """
defaults:                 # they also count where a cell is empty
  aspectRatio: 16:9
  durationSeconds: 8
  resolution: 1080p
"""


@dataclass(frozen=True, slots=True)
class Starter:
    """A new manifest's text, and what was guessed for it, in sentences."""

    text: str
    guesses: tuple[str, ...] = ()


def starter(file: Path, table: Path | None = None, images: Path | None = None) -> Starter:
    """A manifest to be written to `file`; its paths are relative to that file's folder.

    Raises:
        UsageError: the spreadsheet cannot be read, or the folder holds no pictures.
    """
    folder = file.parent
    if table is not None:
        return _from_table(folder, table, images)
    if images is not None:
        return _from_frames(folder, images)
    return Starter(_HEAD + _SETTINGS + _DEFAULTS_TEXT + _EXAMPLE)


def _from_table(folder: Path, path: Path, images: Path | None) -> Starter:
    table = _read(folder, _relative(path, folder))
    columns = _guessed_columns(table)
    if "id" not in columns:
        raise UsageError(f"{path} has no column of unique names: add one, such as `shot`")
    frames = _frames(images, folder) if images else {}
    fields = {key: _variable(column) for key, column in columns.items()}
    for key in _FRAME_FIELDS:
        if key in columns or key == "image":
            found = _frame_pattern(table, columns.get(key, columns["id"]), frames)
            fields |= {key: found} if found else {}
    guesses = [f"`{key}` is {_told(value, columns.get(key))}" for key, value in fields.items()]
    unused = [column for column in table.columns if column not in columns.values()]
    guesses += [f"not used: {', '.join(map(_quoted, unused))}"] if unused else []
    guesses += [f"there is no column for `{key}`: write it" for key in ("prompt", "image") if key not in fields]
    defaults = _DEFAULTS_TEXT
    if _has_short_clips(table, columns):
        defaults = defaults.replace("1080p", "720p")
        guesses.append("`resolution` is 720p: 1080p needs 8 seconds")
    job = {"rows": _relative(path, folder), **fields}
    return Starter(_HEAD + _SETTINGS + defaults + _job(job), tuple(guesses))


def _from_frames(folder: Path, images: Path) -> Starter:
    suffixes = sorted({path.suffix for path in _pictures(images)})
    if not suffixes:
        raise UsageError(f"{images} holds no PNG, JPEG or WebP pictures")
    pattern = f"{_relative(images, folder)}/*{suffixes[0]}"
    job = {
        "rows": {"glob": pattern},
        "id": "${row.stem}",
        "prompt": "${row.caption:-The camera moves slowly towards the subject}",
        "image": "${row.path}",
    }
    guesses = [
        f"one job for each picture of {pattern}",
        "the prompt is the text file beside a picture, if there is one",
    ]
    guesses += [f"not used: pictures that end in {suffix}" for suffix in suffixes[1:]]
    return Starter(_HEAD + _SETTINGS + _DEFAULTS_TEXT + _job(job), tuple(guesses))


def _read(folder: Path, name: str) -> Table:
    problems = Problems()
    node = Scalar(name, name, plain=True, place=Place(name, 1, 1))
    table = read_rows(node, folder, str(folder), problems)
    if table is None or problems.errors():
        problem = problems.errors()[0]
        raise UsageError(f"{problem.place}: {problem.message}")
    return table


def _guessed_columns(table: Table) -> dict[str, str]:
    """Field → column, for every field whose usual heading is there."""
    nameable = [column for column in table.columns if not re.search('["}]', column)]
    by_heading = {re.sub(r"[\W_]+", "", column).casefold(): column for column in nameable}
    found = {
        key: next((by_heading[name] for name in names if name in by_heading), None) for key, names in _HEADINGS.items()
    }
    columns = {key: column for key, column in found.items() if column is not None}
    if "id" not in columns or not _names_rows(table, columns["id"]):
        columns.pop("id", None)
        named = next((column for column in nameable if _names_rows(table, column)), None)
        columns = {"id": named, **columns} if named else columns
    return columns


def _has_short_clips(table: Table, columns: Mapping[str, str]) -> bool:
    """Whether there are lengths that go with no other resolution, and nothing says so."""
    if "durationSeconds" not in columns or "resolution" in columns:
        return False
    return not {"", "8"} >= set(_texts(table, columns["durationSeconds"]))


def _names_rows(table: Table, column: str) -> bool:
    """Whether a column could be the ids: usable names, each once."""
    texts = _texts(table, column)
    unique = len({text.casefold() for text in texts}) == len(texts)
    return unique and bool(texts) and all(NAME.fullmatch(text) for text in texts)


def _texts(table: Table, column: str) -> list[str]:
    cells = (row.cells.get(column) for row in table.rows)
    return [text_of(cell) if isinstance(cell, Scalar) else "" for cell in cells]


def _frames(images: Path, folder: Path) -> dict[str, str]:
    """Every picture of a folder: its name and its stem → the pattern by which it is found."""
    found: dict[str, str] = {}
    shown = _relative(images, folder)
    for path in _pictures(images):
        found[path.name] = f"{shown}/{{}}"
        found.setdefault(path.stem, f"{shown}/{{}}{path.suffix}")
    return found


def _pictures(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error


def _frame_pattern(table: Table, column: str, frames: Mapping[str, str]) -> str | None:
    """How a column's texts lead to pictures of the folder: by name or by stem, the way that fits most of them."""
    ways = [frames[text] for text in _texts(table, column) if text in frames]
    return max(set(ways), key=ways.count).format(_variable(column)) if ways else None


def _variable(column: str) -> str:
    return f"${{row.{column}}}" if re.fullmatch(r"\w+", column) else f'${{row["{column}"]}}'


def _told(value: str, column: str | None) -> str:
    return f"the column {_quoted(column)}" if column is not None and value == _variable(column) else value


def _quoted(column: str) -> str:
    return f'"{column}"'


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _job(job: Mapping[str, object]) -> str:
    return f"\n{dump({'jobs': [job]})}"
