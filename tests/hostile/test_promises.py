"""The promises, the rules and the table of attacks: every test that they name exists, and so does every number."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_every_test_that_the_page_names_exists(file: str, test: str) -> None:
    assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_row_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| attack ")]
    assert rows
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py::\w+`", row)] == []


def numbered(title: str) -> dict[int, str]:
    """The numbered paragraphs below a heading."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    found = re.finditer(r"^(\d+)\. (.+?)(?=^\d+\. |^\S|\Z)", section, re.MULTILINE | re.DOTALL)
    return {int(each[1]): each[2] for each in found}


@pytest.mark.parametrize(("title", "count"), [("The four promises", 4), ("The rules of money, memory and trust", 16)])
def test_promises_and_rules_are_numbered_and_each_names_its_test(title: str, count: int) -> None:
    found = numbered(title)
    assert list(found) == list(range(1, count + 1))
    assert [number for number, text in found.items() if not re.search(r"`tests/[\w/]+\.py::\w+`", text)] == []


def test_a_number_that_the_code_cites_is_on_the_page() -> None:
    known = {
        "promise": set(numbered("The four promises")),
        "rule": set(numbered("The rules of money, memory and trust")),
    }
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "batchrunner").rglob("*.py"))
    cited = {(kind, int(number)) for kind, number in re.findall(r"\b(promise|rule) (\d+)\b", code)}
    assert {(kind, number) for kind, number in cited if number not in known[kind]} == set()
