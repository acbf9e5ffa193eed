"""What other repositories use of this one: the hook and the action, each in a temporary repository of git."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.test_sarif import valid

from .user import COMMAND

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 180.0
# Source: GitHub's workflow syntax, `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
MANIFEST = """\
version: 1
model: google/veo-3.1-i2v
defaults: {durationSeconds: 8}
jobs:
  - {id: hero, prompt: She waves, image: https://example.com/a.jpg, resolution: %s}
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A work tree with two manifests, of which one has a mistake, and other files."""
    clone = tmp_path / "clone"
    files = {
        "shots/good.yaml": MANIFEST % "4k",
        "shots/new/broken.yaml": MANIFEST % "4K",
        "README.md": "# Shots\n",
        ".github/workflows/ci.yaml": "on: push\n",
    }
    for name, text in files.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=clone, check=True)
    subprocess.run(["git", "add", "."], cwd=clone, check=True)
    return clone


def call(words: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "PIP_CONFIG_FILE", "PIP_INDEX_URL") if name in os.environ
    }
    return subprocess.run(
        words, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


# the hook


def hooked(clone: Path, files: str) -> subprocess.CompletedProcess[str]:
    """What pre-commit does with all files of a repository, with this pattern in its configuration."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["types"] == ["yaml"]
    listed = call(["git", "ls-files"], clone, {}).stdout.splitlines()
    chosen = [name for name in listed if name.endswith((".yaml", ".yml")) and re.search(files, name)]
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    return call([*shlex.split(hook["entry"]), *chosen], clone, {"PATH": path})


def shown_pattern() -> str:
    """The pattern that the documentation shows."""
    page = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    (shown,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "batchrunner-validate" in block]
    (pattern,) = [hook["files"] for repo in yaml.safe_load(shown)["repos"] for hook in repo["hooks"]]
    assert isinstance(pattern, str)
    return pattern


def test_the_hook_checks_the_manifests_of_a_repository_and_no_other_file(clone: Path) -> None:
    done = hooked(clone, shown_pattern())
    assert done.returncode == 2, done.stderr
    assert "shots/new/broken.yaml:5:81: wrong-value" in done.stdout
    assert "shots/good.yaml: valid, 1 job" in done.stdout
    assert "ci.yaml" not in done.stdout


def test_the_hook_passes_where_the_manifests_are_valid(clone: Path) -> None:
    (clone / "shots/new/broken.yaml").write_text(MANIFEST % "4k", encoding="utf-8")
    assert hooked(clone, shown_pattern()).returncode == 0


# the action

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, VALIDATE = (step for step in ACTION["runs"]["steps"] if "run" in step)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a runner, after the step that installs."""
    folder = tmp_path_factory.mktemp("runner")
    done = act(INSTALL, ROOT, folder, {})
    assert done.returncode == 0, done.stderr
    return folder


def act(
    step: Mapping[str, Any], clone: Path, runner: Path, inputs: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """A step of the action, as GitHub runs it in a repository's work tree."""
    assert step["shell"] == "bash"
    values = {name: each.get("default", "") for name, each in ACTION["inputs"].items()} | dict(inputs)
    environment = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda named: values[named[1]], text)
        for name, text in step.get("env", {}).items()
    }
    given = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(clone),
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(runner),
    }
    assert "${{" not in step["run"], "what somebody else wrote would be a part of the program"
    return call([*BASH, step["run"]], clone, {**given, **environment})


def test_the_action_shows_mistakes_as_annotations_of_the_repository(clone: Path, runner: Path) -> None:
    done = act(VALIDATE, clone, runner, {"manifests": "shots/**/*.yaml"})
    assert done.returncode == 2, done.stderr
    assert [line.split("::")[1] for line in done.stdout.splitlines()] == [
        "error file=shots/new/broken.yaml,line=5,col=81,title=wrong-value"
    ]


def test_the_action_writes_sarif_where_it_is_asked(clone: Path, runner: Path) -> None:
    done = act(VALIDATE, clone, runner, {"manifests": "shots/good.yaml\nshots/new/*.yaml", "sarif": "found.sarif"})
    assert done.returncode == 2, done.stderr
    (result,) = valid((clone / "found.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shots/new/broken.yaml"


def test_the_action_passes_where_the_manifests_are_valid(clone: Path, runner: Path) -> None:
    assert act(VALIDATE, clone, runner, {"manifests": "shots/good.yaml"}).returncode == 0


def test_the_action_fails_where_there_is_no_manifest(clone: Path, runner: Path) -> None:
    done = act(VALIDATE, clone, runner, {"manifests": "clips/*.yaml"})
    assert done.returncode == 2
    assert "there is no file clips/*.yaml" in done.stderr


@pytest.mark.parametrize(
    "manifests", ["$(touch stolen)", "; touch stolen", "`touch stolen`", "--env=HOME shots/good.yaml"]
)
def test_what_somebody_names_is_a_name(clone: Path, runner: Path, manifests: str) -> None:
    assert act(VALIDATE, clone, runner, {"manifests": manifests}).returncode == 2
    assert not (clone / "stolen").exists()


def test_the_input_of_the_profile_is_an_option(clone: Path, runner: Path) -> None:
    done = act(VALIDATE, clone, runner, {"manifests": "shots/good.yaml", "profile": "draft"})
    assert done.returncode == 2
    assert "draft" in done.stderr


def test_the_action_is_documented_with_inputs_that_it_has() -> None:
    page = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    shown = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "uses: ADDRESS@RELEASE" in block]
    assert len(shown) == 1
    (step,) = [step for step in yaml.safe_load(shown[0])["steps"] if step["uses"] == "ADDRESS@RELEASE"]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert "manifests" in step["with"]
