"""The page on architecture and the recipes of CONTRIBUTING, compared with the program."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "batchrunner"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# Names in the pages that are no files of the program, but of projects that use it, or of a recipe's example.
OTHERS = {"ledger.db"}


def drawing(heading: str) -> list[str]:
    section = ARCHITECTURE.partition(f"## {heading}\n")[2]
    return section.partition("```text\n")[2].partition("\n```")[0].splitlines()


def first_line(folder: Path) -> str:
    return (ast.get_docstring(ast.parse((folder / "__init__.py").read_bytes())) or "").splitlines()[0]


def drawn_folders() -> Iterator[tuple[Path, str]]:
    """Each folder of the drawing, by its indentation, and what is said of it."""
    parents: dict[int, Path] = {0: PACKAGE}
    for line in drawing("The tree")[1:]:
        found = re.fullmatch(r"( +)(\w+)/ +(.+)", line)
        assert found, line
        depth = len(found[1]) // 2
        parents[depth] = parents[depth - 1] / found[2]
        yield parents[depth], found[3]


def test_the_tree_is_drawn_as_it_is_with_what_each_folder_says_of_itself() -> None:
    folders = sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)
    assert list(drawn_folders()) == [(folder, first_line(folder)) for folder in folders]


def test_the_floors_are_those_that_are_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    assert drawing("The floors") == contract["layers"]


def paths_in(text: str) -> set[str]:
    """What is written like a file or a folder: with a slash in it, or with an ending."""
    spans = re.findall(r"`([\w./-]+)`", text)
    return {span for span in spans if "/" in span or re.search(r"\.(py|md|yaml|toml)$", span)} - OTHERS


def is_there(path: str) -> bool:
    return any((base / path).exists() for base in (ROOT, PACKAGE))


def is_written_by_the_reader(path: str) -> bool:
    """Whether it is the file of a recipe, or comes into being when something runs."""
    return re.search(r"\b(MINE|NAME|build|dist|versions)\b|MINE_|^\.", path) is not None


@pytest.mark.parametrize("text", [ARCHITECTURE, CONTRIBUTING], ids=["architecture", "contributing"])
def test_every_file_that_is_named_exists(text: str) -> None:
    named = paths_in(text)
    assert len(named) > 20
    assert {path for path in named if not is_there(path) and not is_written_by_the_reader(path)} == set()


def test_every_stage_of_the_journey_is_where_the_page_says() -> None:
    stages = re.findall(r"^\| \w+ \| `([\w/.]+)`: `(\w+)` \|", ARCHITECTURE, re.MULTILINE)
    assert len(stages) == 9
    for path, name in stages:
        tree = ast.parse((PACKAGE / path).read_bytes())
        assert name in {
            node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }, path


def classes() -> set[str]:
    trees = (ast.parse(path.read_bytes()) for path in PACKAGE.rglob("*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def test_every_part_of_a_run_that_is_drawn_is_a_class() -> None:
    drawn = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", "\n".join(drawing("A run"))))
    assert {"Executor", "JobLoop", "Decider", "Submitter", "Poller", "Fetcher", "LimitedProvider"} <= drawn
    assert drawn <= classes()


def test_what_a_stranger_looks_for_is_in_the_files_that_are_named() -> None:
    section = CONTRIBUTING.partition("## Find your way")[2].partition("\n## ")[0]
    answers = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(answers) >= 6
    for answer in answers:
        paths = sorted(paths_in(answer))
        assert 1 <= len(paths) <= 2, answer
        for path, name in re.findall(r"`([\w/.-]+)` \(`([\w-]+)`\)", answer):
            text = next(base / path for base in (ROOT, PACKAGE) if (base / path).exists()).read_text(encoding="utf-8")
            assert name in text, answer


def test_every_recipe_names_the_files_to_touch() -> None:
    section = CONTRIBUTING.partition("## How to add")[2].partition("\n## ")[0]
    recipes = section.split("\n### ")[1:]
    assert [recipe.partition(":")[0].splitlines()[0] for recipe in recipes] == [
        "a command", "a form of a report", "a model", "a kind of problem", "a provider", "a file",
    ]  # fmt: skip
    assert all(paths_in(recipe) for recipe in recipes)
