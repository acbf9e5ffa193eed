"""Blocks of code in the README and the pages: commands and options that exist, and a manifest that is valid."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from batchrunner.cli.group import COMMANDS, SUBCOMMANDS, command_of
from batchrunner.manifest.load import load
from batchrunner.manifest.permissions import Permissions
from tests.docs.test_repository_files import TARGETS

ROOT = Path(__file__).parents[2]
WRITTEN = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
DECISIONS = (ROOT / "docs" / "decisions").glob("*.md")
PICTURE = ROOT / "jobs-examples" / "frames" / "boat_start.png"


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def typed() -> Iterator[tuple[str, list[str]]]:
    """Every command in a block that shows a terminal, and the page that it is on."""
    for name in WRITTEN:
        lines = "".join(blocks(name, "console")).splitlines()
        yield from ((name, shlex.split(line[2:], comments=True)) for line in lines if line.startswith("$ "))


TYPED = list(typed())


def test_there_are_commands_to_be_checked() -> None:
    assert {words[1] for _, words in TYPED if words[0] == "batchrunner"} >= {"demo", "init", "plan", "run", "status"}


@pytest.mark.parametrize(("name", "words"), TYPED, ids=[f"{name}: {' '.join(words)}" for name, words in TYPED])
def test_a_command_that_is_shown_can_be_typed(name: str, words: list[str]) -> None:
    match words:
        case ["batchrunner", command, *rest]:
            assert command in COMMANDS
            within = rest[:1] if set(rest[:1]) & set(SUBCOMMANDS.get(command, ())) else []
            found = command_of(" ".join([command, *within]))
            rest = rest[len(within) :]
            arguments = rest[: rest.index(">")] if ">" in rest else rest
            found.make_parser(click.Context(found, **found.context_settings)).parse_args([*arguments])
        case ["make", *targets]:
            assert set(targets) <= TARGETS
        case _:
            assert words[:2] == ["pip", "install"] or words[0] == "export"


@pytest.mark.parametrize("name", [*WRITTEN, *(f"docs/decisions/{path.name}" for path in DECISIONS)])
def test_a_link_of_a_page_leads_to_a_file_of_the_repository_too(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not ((ROOT / name).parent / link).exists()] == []


def test_the_manifest_that_is_explained_is_valid(tmp_path: Path) -> None:
    (manifest,) = blocks("docs/manifest.md", "yaml")
    (tmp_path / "frames").mkdir()
    (tmp_path / "shots").mkdir()
    (tmp_path / "models").mkdir()
    description, *_ = blocks("docs/models.md", "yaml")
    (tmp_path / "models" / "example.yaml").write_text(description, encoding="utf-8")
    for frame in ("hero", "one"):
        (tmp_path / "frames" / f"{frame}.png").write_bytes(PICTURE.read_bytes())
    (tmp_path / "shots.csv").write_text("shot,Shot Prompt,frame\nsh010,The character waves,one\n", encoding="utf-8")
    fragment = "version: 1\njobs:\n  - {id: walk, prompt: The character walks, image: https://example.com/walk.jpg}\n"
    (tmp_path / "shots" / "walk.yaml").write_text(fragment, encoding="utf-8")
    (tmp_path / "spring.yaml").write_text(manifest, encoding="utf-8")

    read = load(tmp_path / "spring.yaml", permissions=Permissions((tmp_path,)))

    assert read.problems == ()
    assert yaml.safe_load(description)["slug"] in read.catalog.slugs
    assert {"hero-wave", "hero-wave.2", "turn-right-day", "sh010", "walk"} <= {job.name for job in read.jobs}
