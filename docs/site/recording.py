"""`python -m docs.site.recording`: runs a short journey against the imitated service and draws the terminal.

The commands are the real ones on a terminal of their own. Left out is what depends on the day and the machine: the age
of the prices, when the run would end, and the folder, which is called `~/film`.
"""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.site.terminal_svg import drawn

PICTURE = Path(__file__).parents[1] / "images" / "journey.svg"
COLUMNS = 116
FOLDER = "~/film"

MANIFEST = """\
version: 1
name: spring
model: google/veo-3.1-fast-i2v
defaults: {durationSeconds: 8, resolution: 1080p}

jobs:
  - id: wave
    prompt: The character waves at the camera
    image: https://example.com/hero.jpg
    takes: 2
  - id: kettle
    prompt: Steam rises from a red kettle
    image: https://example.com/kettle.jpg
    resolution: 4K
"""
_QUESTION = re.compile(rb"\[y/N\]:? $")
_OF_TODAY = re.compile(r", \d+ days old|, until [\d-]+ [\d:]+ \S+")


def recorded() -> str:
    """What the terminal shows, with its colours: each command behind a `$`, and what it printed."""
    return "\n".join(_journey()) + "\n"


def _journey() -> Iterator[str]:
    with TemporaryDirectory() as made:
        folder = Path(made).resolve()
        manifest = folder / "shots.yaml"
        manifest.write_text(MANIFEST, encoding="utf-8")
        yield _run(folder, "validate", manifest.name)
        manifest.write_text(MANIFEST.replace("4K", "4k"), encoding="utf-8")
        yield "\x1b[2m# now shots.yaml says 4k\x1b[0m\n"
        yield _run(folder, "run", manifest.name, "--sandbox")
        yield _run(folder, "run", manifest.name, "--sandbox")


def _run(folder: Path, *arguments: str) -> str:
    """One command, as a person would see it who says yes to its question."""
    screen, keyboard = pty.openpty()
    ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    program = [sys.executable, "-m", "batchrunner", *arguments]
    # under CI there is no live view, which is gone at the end anyway
    environment = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "CI": "true",
    }
    process = subprocess.Popen(
        program, cwd=folder, env=environment, stdin=keyboard, stdout=keyboard, stderr=keyboard, start_new_session=True
    )
    os.close(keyboard)
    shown = _read(screen)
    process.wait()
    os.close(screen)
    return f"$ batchrunner {' '.join(arguments)}\n{_as_seen(shown, folder)}"


def _read(screen: int) -> str:
    """All that is printed, until the program ends; a question is answered."""
    shown = b""
    while True:
        try:
            more = os.read(screen, 4096)
        except OSError:  # on Linux the end of a terminal is an error
            more = b""
        if not more:
            return shown.decode()
        shown += more
        if _QUESTION.search(shown):
            os.write(screen, b"y\n")


def _as_seen(shown: str, folder: Path) -> str:
    lines = shown.replace("\r\n", "\n").replace(str(folder), FOLDER)
    return _OF_TODAY.sub("", lines).rstrip() + "\n"


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(recorded(), COLUMNS), encoding="utf-8")
