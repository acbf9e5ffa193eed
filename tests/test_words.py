"""The package speaks the field's language: a word of its old dialect is neither an identifier nor said to people."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import batchrunner

PACKAGE = Path(batchrunner.__file__).parent

# Each word with the term that says the same, see docs/glossary.md.
BANNED = {
    "mend": "fix, help",
    "mends": "fix, help",
    "mended": "fixed",
    "nouns": "domain",
    "purse": "budget",
    "bell": "wakeup",
    "shelf": "clip store",
    "kin": "reusable attempt",
    "kinship": "reusable attempt",
    "doubt": "suspected overcharge",
    "doings": "handlers",
    "guests": "foreign jobs",
    "strangers": "other histories",
    "desk": "decision session",
    "memories": "histories",
    "departed": "removed",
    "hope": "speculative",
    "weigh": "compare",
    "weighed": "compared",
    "outlet": "terminal",
    "narrator": "progress",
    "dice": "fault injector",
    "misbehaviour": "faults",
}

# Only what programs already rely on: (the word, the file) and the reason.
EXCEPTIONS = {
    ("departed", "domain/status.py"): "the value of a flag in the JSON report",
    ("departed", "reports/formats/json_report.py"): "a key of the JSON report",
    ("departed", "reports/formats/json_lines_report.py"): "a key of the JSON report",
    ("departed", "reports/formats/csv_report.py"): "a key of the JSON report",
    ("departed", "reports/plan_table.py"): "a key of the JSON plan",
    ("kin", "domain/step.py"): "the end of the hold reason `waits-for-kin` in the JSON plan",
}


def words_in(text: str) -> set[str]:
    """`first_steps`, `JobId` or a sentence, as words in small letters."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return {word.lower() for word in re.findall(r"[A-Za-z]+", parted)}


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name), value=value):
                yield value.lineno, name
            case ast.alias(name=name, asname=None) | ast.alias(asname=str(name)):
                yield node.lineno, name


def said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts that are not docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def found() -> list[str]:
    hits = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        tree = ast.parse(path.read_bytes())
        for line, text in [*identifiers(tree), *said(tree)]:
            for word in words_in(text) & BANNED.keys():
                if (word, name) not in EXCEPTIONS:
                    hits.add(f"{name}:{line}: {word} (say: {BANNED[word]})")
    return sorted(hits)


def test_no_word_of_the_old_dialect_is_an_identifier_or_said_to_people() -> None:
    assert found() == []


def test_each_exception_is_needed() -> None:
    needed = {(word, name) for word, name in EXCEPTIONS if word in words_in((PACKAGE / name).read_text("utf-8"))}
    assert needed == EXCEPTIONS.keys()


def test_identifiers_and_sentences_are_taken_apart() -> None:
    assert words_in("_first_jobs") == {"first", "jobs"}
    assert words_in("JobId") == {"job", "id"}
    assert words_in("its bell rings") == {"its", "bell", "rings"}


@pytest.mark.parametrize(
    "source", ["the_bell = 1", "def f(bell): ...", "class RingsBell: ...", "x = 'its bell'", "g(bell=1)"]
)
def test_a_banned_word_is_found_wherever_it_is(source: str) -> None:
    tree = ast.parse(source)
    assert any("bell" in words_in(text) for _, text in [*identifiers(tree), *said(tree)])


def test_docstrings_and_comments_may_say_what_they_like() -> None:
    tree = ast.parse('def f():\n    """It weighs a bell."""  # a bell')
    assert not any("bell" in words_in(text) for _, text in [*identifiers(tree), *said(tree)])
