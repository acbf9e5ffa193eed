"""What shells offer: commands, options, manifests, jobs, profiles and models; quickly, and without any network."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import get_completion_class

from batchrunner.catalog import shipped
from batchrunner.cli import completion
from batchrunner.cli.completion import within
from batchrunner.cli.group import COMMANDS, group
from batchrunner.cli.main import outcome
from batchrunner.errors import ExitCode

TEXT = """\
version: 1
model: google/veo-3.1-i2v
defaults: {durationSeconds: 8, resolution: 720p, image: https://example.com/a.jpg}
profiles: {draft: {tags: [draft]}, final: {resolution: 4k}}
jobs:
  - {id: hero-wave, prompt: She waves}
  - {id: hero-turn, prompt: She turns}
  - {id: kettle, prompt: Steam rises}
"""


@pytest.fixture(autouse=True)
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    film = Path("film.yaml")
    film.write_text(TEXT, encoding="utf-8")
    return film


def offered(words: str, shell: str = "bash") -> list[str]:
    """What a shell is told behind these words, of which the last is being typed; `file` stands for its own files."""
    made = get_completion_class(shell)
    assert made is not None
    *before, last = words.split(" ")
    items = made(group, {}, "batchrunner", "_BATCHRUNNER_COMPLETE").get_completions(before, last)
    return [str(item.value) if item.type == "plain" else item.type for item in items]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("re", ["retry", "redo", "resolve", "report"]),
        ("models ch", ["check"]),
        ("fi", []),
        ("run --allow-p", ["--allow-partial"]),
        ("run film.yaml -o ", ["table", "json", "csv", "md"]),
        ("run f", ["film.yaml"]),
        ("validate film.yaml ", ["film.yaml"]),
        ("doctor ", ["film.yaml"]),
        ("status film.yaml hero", ["hero-wave", "hero-turn"]),
        ("retry film.yaml kettle hero-w", ["hero-wave"]),
        ("retry film.yaml c", ["class:", "changed:"]),
        ("pick film.yaml k", ["kettle"]),
        ("plan film.yaml --select t", ["tag:"]),
        ("plan film.yaml --exclude hero-", ["hero-wave", "hero-turn"]),
        ("run film.yaml --profile ", ["draft", "final"]),
        ("run film.yaml --profile=dr", ["draft"]),
        ("init --model google/", [slug for slug in shipped().slugs if slug.startswith("google/")]),
        ("models show google/veo-3.1-l", ["google/veo-3.1-lite-i2v"]),
        ("completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_what_was_begun_is_completed(words: str, found: list[str]) -> None:
    assert offered(words) == found


def test_all_commands_are_offered_and_none_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchrunner.cli.group.import_module", lambda name: pytest.fail(f"{name} was imported"))
    assert offered("") == [*COMMANDS]


def test_where_there_is_no_manifest_the_shell_offers_its_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert offered("run su") == ["file"]
    (tmp_path / "sub" / "more.yml").write_text(TEXT, encoding="utf-8")
    assert offered("run sub/") == ["sub/more.yml"]
    assert offered("run nowhere/") == ["file"]


@pytest.mark.parametrize("name", ["a b.yaml", "$(touch x).yaml", "*.yaml", "a\nb.yaml", "a'b.yaml"])
def test_names_that_a_shell_would_take_apart_are_left_to_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TEXT, encoding="utf-8")
    assert offered("run ") == ["file"]


@pytest.mark.parametrize("text", ["jobs: [", "", "version: 1\njobs: 7\n", "\0"])
def test_a_manifest_that_is_broken_offers_nothing(film: Path, text: str) -> None:
    film.write_text(text, encoding="utf-8")
    assert offered("status film.yaml ") == []
    assert offered("status nowhere.yaml ") == []


def test_a_large_manifest_is_not_waited_for(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "_MOST_BYTES", 100)
    assert offered("status film.yaml ") == []


def test_what_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "PATIENCE_S", 0.01)
    monkeypatch.setattr("batchrunner.manifest.load.load", forever)
    handler = signal.getsignal(signal.SIGALRM)
    assert offered("status film.yaml ") == []
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def forever(*_: Any, **__: Any) -> None:
    """Catches whatever it is told, as a library may."""
    while True:
        try:
            signal.pause()
        except Exception:  # noqa: BLE001  # that is the point
            continue


def test_what_is_in_time_is_done() -> None:
    done = []
    with within(60):
        done.append(1)
    assert done == [1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed_and_asks_for_the_same(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(["completion", shell]) == ExitCode.DONE
    script = capsys.readouterr().out
    assert f"_BATCHRUNNER_COMPLETE={shell}_complete" in script
    assert offered("status film.yaml hero-w", shell) == ["hero-wave"]


COMMAND = Path(sys.executable).with_name("batchrunner")
TYPED = """
source <(batchrunner completion bash)
COMP_WORDS=($1) COMP_CWORD=$2
_batchrunner_completion batchrunner 2> /dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("batchrunner ret", ["retry"]),
        ("batchrunner retry film.yaml hero-w", ["hero-wave"]),
        ("batchrunner run film.yaml --profile d", ["draft"]),
    ],
)
def test_bash_completes_with_the_installed_command(words: str, found: list[str]) -> None:
    environment = {**os.environ, "PATH": f"{COMMAND.parent}:/usr/bin:/bin", "MODELLIX_BASE_URL": "http://127.0.0.1:9"}
    cword = str(len(words.split()) - 1)
    bash = ["bash", "--norc", "-c", TYPED, "bash", words, cword]
    said = subprocess.run(bash, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.splitlines() == found
    assert said.stderr == ""
