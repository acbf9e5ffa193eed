"""A project in which something of every kind happened, and what the commands tell of it.

Studio time passes at once, and the commands find three days gone by. They submit nothing: a limit leaves no room.
"""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from batchrunner.cli.main import outcome
from batchrunner.io.clock import Clock
from batchrunner.storage.open import trust_ledger
from batchrunner.storage.run_lock import run_lock
from tests.io.test_images import png
from tests.ledgers.make import HERE as LEDGERS
from tests.ledgers.make import NAME as NEWEST_LEDGER
from tests.moved_time import DAY_S, EVENING_S
from tests.studio import KEY, Studio, manifest_text

_NOBODY = "http://127.0.0.1:9"  # asking there fails at once
_AS_PROGRAM = ("-o", "json")
_NOW_S = EVENING_S + 3 * DAY_S
_NO_ROOM = ("--yes", "--max-cost", "0")
# Written by whoever tells this story, and the memory of the service in it.
_NOT_MADE = re.compile(r"work/(film/.*|frames/.*|demo/demo\.yaml|[a-z]+\.(yaml|csv|txt)|service\.jsonl)")
_RANDOM = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

_BROKEN = """\
version: 1
model: google/veo-3.1-i2v
promt: what is this
settings: {retries: many}
jobs:
  - {id: a, prompt: She waves, image: http://example.com/a.jpg}
  - {id: b, prompt: She waves, image: https://example.com/a.jpg, colour: red}
"""
_SENDS = """\
version: 1
name: sends
model: google/veo-3.1-i2v
jobs:
  - {id: local, prompt: "${env.WEATHER}", image: frames/a.png}
  - {rows: shots.csv, id: "${row.shot}", prompt: She waves, image: "https://example.com/a.jpg"}
"""
_NOTHING_TO_SPEND = "version: 1\nname: first\nmodel: google/veo-3.1-i2v\nsettings: {budget: 0}\n"

# Each of another kind; there is none of the last.
CHOICES = (
    "failed",
    "done*",
    "tag:quiet",
    "model:google/*",
    "status:failed",
    "class:moderation",
    "changed:prompt",
    "@ids.txt",
    "colour:red",
)

# A command in the project's folder, by what it is called here.
_COMMANDS: Mapping[str, Sequence[str]] = {
    "report of film": ("report", "film/film.yaml", *_AS_PROGRAM),
    "report of film, lines": ("report", "film/film.yaml", "-o", "jsonl"),
    "report of film, cells": ("report", "film/film.yaml", "-o", "csv"),
    "status of film": ("status", "film/film.yaml", *_AS_PROGRAM),
    "plan of film": ("plan", "film/film.yaml", *_AS_PROGRAM),
    "plan of what leaves": ("plan", "sends.yaml", "--env", "WEATHER", *_AS_PROGRAM),
    "plan of edits": ("plan", "batch.yaml", *_AS_PROGRAM),
    "versions of film": ("versions", "film/film.yaml", *_AS_PROGRAM),
    "versions of edits": ("versions", "batch.yaml", *_AS_PROGRAM),
    "validate": ("validate", "broken.yaml", *_AS_PROGRAM),
    "validate no YAML": ("validate", "empty.yaml", *_AS_PROGRAM),
    "validate what is valid": ("validate", "batch.yaml", *_AS_PROGRAM),
    "validate for GitHub": ("validate", "broken.yaml", "-o", "github"),
    "run": ("run", "batch.yaml", *_NO_ROOM, "--keep-awake", *_AS_PROGRAM),
    "rehearsal": ("run", "batch.yaml", "--sandbox", *_NO_ROOM, *_AS_PROGRAM),
    "fetch": ("fetch", "batch.yaml", *_AS_PROGRAM),
    "retry": ("retry", "batch.yaml", "b", *_NO_ROOM, *_AS_PROGRAM),
    "redo": ("redo", "batch.yaml", "b", *_NO_ROOM, *_AS_PROGRAM),
    "demo": ("demo", "demo"),
    **{f"choice of {word}": ("plan", "film/film.yaml", "--select", word, *_AS_PROGRAM) for word in CHOICES},
    "prices": ("models", "-o", "prices"),
}


@dataclass(frozen=True, slots=True)
class Story:
    """What the commands printed, which files there are then, and what the ledgers hold.

    `files` are relative to the folder in which everything lies; what is random in their names is `<id>`.
    """

    printed: Mapping[str, str]
    files: frozenset[str]
    lock_note: Mapping[str, object]
    trusted: Mapping[str, object]
    run_commands: frozenset[str]
    wanted_jobs: Sequence[object]

    def read(self, name: str) -> Any:
        """The JSON that a command printed."""
        return json.loads(self.printed[name])


@contextmanager
def machine(folder: Path) -> Iterator[Path]:
    """Within it, this process works in a folder of its own, and knows nothing of the machine's environment."""
    (folder / "work").mkdir()
    names = {"HOME": "home", "XDG_STATE_HOME": "state", "PATH": "no-programs"}
    environment = {name: str(folder / below) for name, below in names.items()}
    environment |= {"MODELLIX_BASE_URL": _NOBODY, "MODELLIX_API_KEY": KEY, "WEATHER": "It rains"}
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(Clock, "wall_s", return_value=_NOW_S),
        chdir(folder / "work"),
    ):
        yield folder / "work"


def printed(*words: str) -> str:
    """What a command prints for programs, in the current folder."""
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(StringIO()):
        outcome(list(words))
    return out.getvalue()


def film(folder: Path) -> Path:
    """A project whose ledger holds every kind of past, and which this person trusts; gives its manifest."""
    (folder / ".batchrunner").mkdir(parents=True)
    ledger = Path(shutil.copy(LEDGERS / NEWEST_LEDGER, folder / ".batchrunner" / "ledger.db"))
    with trust_ledger(ledger):
        pass
    text = (LEDGERS / "film.yaml").read_text(encoding="utf-8")
    (folder / "film.yaml").write_text(text.replace("She smiles", "She smiles, tags: quiet"), encoding="utf-8")
    return folder / "film.yaml"


@cache
def story() -> Story:
    """The whole story; it takes a second or two."""
    with TemporaryDirectory() as made, machine(Path(made)) as work:
        film(work / "film")
        _batch(work)
        told = {name: printed(*words) for name, words in _COMMANDS.items()}
        with run_lock(work / ".batchrunner", "batch", "2026-11-23T18:00:00Z"):
            files = frozenset(_files(Path(made)))
            note = json.loads(next((work / ".batchrunner").glob("*.json")).read_bytes())
        trusted = next(path for path in (Path(made) / "state").rglob("*") if path.is_file())
        ledgers = [folder / ".batchrunner" / "ledger.db" for folder in (work, work / "demo" / "sandbox-run")]
        jobs = _texts(ledgers[0], "SELECT jobs FROM job_list WHERE jobs <> '[]'")
        return Story(
            told,
            files,
            note,
            json.loads(trusted.read_bytes()),
            frozenset(command for ledger in ledgers for command in _texts(ledger, "SELECT command FROM run")),
            [json.loads(each) for each in jobs],
        )


def _batch(work: Path) -> None:
    """Job `a` was rendered, edited and rendered again; `b` was rendered, then edited."""
    studio = Studio(work, api=_NOBODY)
    text = manifest_text("a", "b", head="settings: {concurrency: 2}\n")
    for edit in ("waves", "nods"):
        studio.write(text.replace("waves, variant a", f"{edit}, variant a"))
        studio.run()
    studio.write(text.replace("waves", "nods"))
    (work / "frames").mkdir()
    (work / "frames" / "a.png").write_bytes(png(720, 480))
    (work / "shots.csv").write_text("shot\nfirst\n", encoding="utf-8")
    (work / "sends.yaml").write_text(_SENDS, encoding="utf-8")
    (work / "broken.yaml").write_text(_BROKEN, encoding="utf-8")
    (work / "ids.txt").write_text("failed\n", encoding="utf-8")
    (work / "empty.yaml").touch()
    (work / "demo").mkdir()
    jobs = manifest_text("a").partition("jobs:\n")[2]
    (work / "demo" / "demo.yaml").write_text(f"{_NOTHING_TO_SPEND}jobs:\n{jobs}", encoding="utf-8")


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        is_of_sqlite = name.endswith(("-shm", "-wal", "-journal"))
        if path.is_file() and not is_of_sqlite and not _NOT_MADE.fullmatch(name):
            yield _RANDOM.sub("<id>", name)


def _texts(ledger: Path, query: str) -> list[str]:
    with closing(sqlite3.connect(ledger)) as db:
        return [text for (text,) in db.execute(query)]
