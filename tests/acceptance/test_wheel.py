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
BUILD_TIMEOUT_S = 180.0

# What `--help` has no use for, and what would make everybody wait.
SLOW = ("httpx", "tabulate", "sqlite3", "yaml", "jsonschema")


def call(*words: str | Path, folder: Path) -> str:
    """A command's stdout; it must succeed."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the commands of an environment that holds the wheel and its dependencies alone."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT, folder=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    commands = folder / "venv" / "bin"
    call(commands / "python", "-m", "pip", "install", "--quiet", wheel, folder=folder)
    return commands


def test_the_demo_of_the_wheel_renders_every_clip(installed: Path, tmp_path: Path) -> None:
    call(installed / "batchrunner", "demo", folder=tmp_path)

    clips = sorted(path.name for path in tmp_path.rglob("*.mp4"))
    assert clips == ["hero-turn.mp4", "hero-wave.mp4", "kettle-steam.2.mp4", "kettle-steam.mp4"]
    assert all(is_whole_mp4(path.read_bytes()) for path in tmp_path.rglob("*.mp4"))


def test_the_wheel_brings_its_schemas_and_examples(installed: Path, tmp_path: Path) -> None:
    told = "import batchrunner.resources as r; print(r.read_text('schemas/report.schema.json'))"
    schema = json.loads(call(installed / "python", "-c", told, folder=tmp_path))
    assert schema == json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))


def test_the_wheel_runs_as_a_module_too(installed: Path, tmp_path: Path) -> None:
    as_module = call(installed / "python", "-m", "batchrunner", "--version", folder=tmp_path)
    assert as_module == call(installed / "batchrunner", "--version", folder=tmp_path)


@pytest.mark.parametrize("asked", [["--help"], ["--version"]])
def test_help_loads_nothing_slow(asked: list[str], tmp_path: Path) -> None:
    program = f"""
import json, sys
sys.argv = ["batchrunner", *{asked!r}]
from batchrunner.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [COMMAND.with_name("python"), "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(json.loads(done.stderr))
    assert not loaded & set(SLOW)
