"""What the repository tells other programs: each file can be read, and names only what exists."""

import re
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from batchrunner.cli.group import COMMANDS, group
from tests.matrix import PYTHONS

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
YAML_FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in (".pre-commit-*.yaml", "action.yml", ".github/*.yml", ".github/*/*.yml")
    for path in ROOT.glob(pattern)
)
TEXTS = [*YAML_FILES, ".github/pull_request_template.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", ".ci/run"]
HOSTED = ".github/workflows/ci.yml"


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def steps() -> Iterator[dict[str, Any]]:
    for job in read(HOSTED)["jobs"].values():
        yield from job["steps"]


def test_there_are_files_for_the_people_who_come_by() -> None:
    assert {
        ".pre-commit-config.yaml",
        ".pre-commit-hooks.yaml",
        "action.yml",
        HOSTED,
        ".github/ISSUE_TEMPLATE/bug.yml",
    } <= {*YAML_FILES}


@pytest.mark.parametrize("name", YAML_FILES)
def test_a_file_for_another_program_is_yaml_that_holds_something(name: str) -> None:
    assert read(name)


def test_editors_are_told_what_the_formatter_does() -> None:
    settings = ConfigParser(strict=True)
    settings.read_string(f"[top]\n{text_of('.editorconfig')}")
    ruff = tomllib.loads(text_of("pyproject.toml"))["tool"]["ruff"]
    assert settings["*"]["max_line_length"] == str(ruff["line-length"])
    assert settings["Makefile"]["indent_style"] == "tab"


@pytest.mark.parametrize("name", TEXTS)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    named = re.findall(r"(?:^|`|\brun: |\bexec )make ([a-z-]+(?: [a-z-]+)*)", text_of(name), re.MULTILINE)
    assert {target for each in named for target in each.split()} - TARGETS == set()


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_of_the_repository_that_is_named_exists(name: str) -> None:
    named = re.findall(
        r"(?<![\w/.-])(?:docs|requirements|schemas|tests|batchrunner|jobs-examples)/[\w./-]*\w", text_of(name)
    )
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_all_that_is_hosted_is_a_command_that_can_be_typed_here() -> None:
    commands = [step["run"] for step in steps() if "run" in step]
    assert set(commands) == {"make test", "make trials", "make test-matrix", "make wheel", "make docs"}
    assert {step["uses"].partition("/")[0] for step in steps() if "uses" in step} == {"actions"}


def test_every_supported_python_is_tested_and_named() -> None:
    tested = read(HOSTED)["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    assert tested == named == list(PYTHONS)
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"


def test_the_hooks_of_this_repository_are_the_lints_of_make() -> None:
    (local,) = read(".pre-commit-config.yaml")["repos"]
    hooked = {re.sub(r" --force-exclude$", "", hook["entry"]).replace(".venv/bin", "$(BIN)") for hook in local["hooks"]}
    recipe = re.search(r"^lint:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe
    checked = {line.strip().removesuffix(" .").removesuffix(" --check") for line in recipe[1].splitlines()}
    assert hooked == checked


def test_the_hook_for_manifests_is_a_command_that_takes_several_files() -> None:
    (hook,) = read(".pre-commit-hooks.yaml")
    program, command = hook["entry"].split()
    assert program in PROJECT["scripts"]
    assert command in COMMANDS
    found = group.get_command(click.Context(group), command)
    assert found is not None
    assert [each.nargs for each in found.params if isinstance(each, click.Argument)] == [-1]


def test_every_address_of_the_project_has_the_same_host_as_the_ids_of_its_schemas() -> None:
    host = re.search(r'"\$id": "(https://[^/"]+/)', text_of("schemas/manifest.schema.json"))
    assert host
    assert [url for url in PROJECT["urls"].values() if not url.startswith(host[1])] == []
