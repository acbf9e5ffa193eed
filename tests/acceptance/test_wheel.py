"""What is built is what works: the wheel in an empty environment, far from the checkout."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.sandbox.imitation import is_whole_mp4

from .user import COMMAND

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 180.0

# What `--help` has no use for, and what would make everybody wait.
SLOW = {"httpx", "tabulate", "rich", "sqlite3", "yaml", "jsonschema"}


def call(*words: str | Path, folder: Path) -> str:
    """A command's stdout; it must succeed."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install_the_wheel(folder: Path) -> Path:
    """The folder with the commands of an environment that holds the wheel and its dependencies alone."""
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT, folder=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    commands = folder / "venv" / "bin"
    call(commands / "python", "-m", "pip", "install", "--quiet", wheel, folder=folder)
    return commands


def test_the_wheel_alone_carries_all_that_the_demo_needs(tmp_path: Path) -> None:
    commands = install_the_wheel(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    assert (commands.parent / "share" / "man" / "man1" / "batchrunner.1").is_file()
    call(commands / "batchrunner", "demo", folder=elsewhere)

    clips = sorted(elsewhere.rglob("*.mp4"))
    names = [clip.name for clip in clips]
    assert names == ["hero-turn.mp4", "hero-wave.mp4", "kettle-steam.2.mp4", "kettle-steam.mp4"]
    assert all(is_whole_mp4(clip.read_bytes()) for clip in clips)


def test_the_command_is_a_module_too(tmp_path: Path) -> None:
    python = COMMAND.with_name("python")
    as_module = call(python, "-m", "batchrunner", "--version", folder=tmp_path)
    assert as_module == call(COMMAND, "--version", folder=tmp_path)


@pytest.mark.parametrize("asked", [["--help"], ["--version"]])
def test_help_loads_nothing_slow(asked: list[str], tmp_path: Path) -> None:
    program = f"""
import json, sys
sys.argv = ["batchrunner", *{asked!r}]
from batchrunner.cli.start import main
try:
    main()
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""
    said = call(COMMAND.with_name("python"), "-c", program, folder=tmp_path)
    loaded = set(json.loads(said.splitlines()[-1]))
    assert loaded & SLOW == set()
