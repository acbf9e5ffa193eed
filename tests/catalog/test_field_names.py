"""A model's fields are named in its description, and by those who speak with the service; all others ask by role."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from batchrunner.catalog import ROLE_WORDS, shipped

PACKAGE = Path(__file__).parents[2] / "batchrunner"
MAY_NAME_FIELDS = ("providers/modellix/", "sandbox/")
MODULES = {
    name: ast.parse(path.read_bytes())
    for path in sorted(PACKAGE.rglob("*.py"))
    if not (name := path.relative_to(PACKAGE).as_posix()).startswith(MAY_NAME_FIELDS)
}
# Those of the shipped models, and of some that are not.
FIELDS = {name for model in shipped() for name in model.fields} | {"generateAudio", "first_frame_image", "seed"}
# Nobody writes these but for a field. The others are words, too: they are fields where they are all of a text.
UNMISTAKABLE = {name for name in FIELDS if not name.islower() or "_" in name}
# The words of manifests for roles, and of descriptions for limits; and what reports have called fields since their
# first release.
FROZEN: Mapping[str, set[str]] = {
    "catalog/roles.py": FIELDS & set(ROLE_WORDS),
    "catalog/picture_limits.py": {"ratio"},
    "reports/formats/json_report.py": {"prompt", "image"},
    "reports/formats/csv_report.py": {"prompt", "image"},
    "reports/formats/markdown_report.py": {"prompt"},
    "reports/version_list.py": {"prompt"},
}


def texts(tree: ast.Module) -> Iterator[str]:
    """The texts in a module's code; docstrings are prose, and so is what is counted in words: `2 images`."""
    counted = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "plural"
        for argument in node.args
    }
    prose = counted | {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def named(tree: ast.Module) -> set[str]:
    """The fields that a module's code names."""
    found = set(texts(tree))
    words = {word for text in found for word in re.findall(r"\w+", text)}
    return (FIELDS & found) | (UNMISTAKABLE & words)


def test_the_fields_to_look_for_are_known() -> None:
    assert {"prompt", "image", "resolution"} <= FIELDS - UNMISTAKABLE
    assert {"durationSeconds", "referenceImages", "first_frame_image"} <= UNMISTAKABLE
    assert {"manifest/validate.py", "planning/planner.py", "engine/submit.py"} <= set(MODULES)


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ('body["prompt"]', {"prompt"}),
        ("f'{x} durationSeconds: 8'", {"durationSeconds"}),
        ('"""A prompt, durationSeconds."""', set()),
        ('plural(2, "image")', set()),
        ('say("the prompt is the text file beside an image")', set()),
    ],
)
def test_a_field_is_told_from_a_word(code: str, fields: set[str]) -> None:
    assert named(ast.parse(code)) == fields


@pytest.mark.parametrize("name", MODULES)
def test_nobody_else_names_a_field_of_a_model(name: str) -> None:
    assert named(MODULES[name]) == FROZEN.get(name, set())
