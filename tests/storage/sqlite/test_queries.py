"""The named statements: each is used, each name is there, and SQLite takes each with today's tables."""

import re
from contextlib import closing
from pathlib import Path

import pytest

import batchrunner
from batchrunner.storage.sqlite import connection
from batchrunner.storage.sqlite.queries import _queries, query

PACKAGE = Path(batchrunner.__file__).parent


def test_each_statement_is_used_and_each_name_that_is_used_is_there() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (PACKAGE / "storage" / "sqlite").glob("*.py"))
    used = {name for text in sources for name in re.findall(r'(?:query|_fetched)\(\s*"(\w+)"', text)}
    assert used == set(_queries())


@pytest.mark.parametrize("name", sorted(_queries()))
def test_a_statement_fits_the_tables_and_names_its_parameters(name: str) -> None:
    parameters = dict.fromkeys(re.findall(r":(\w+)", query(name)))
    assert "?" not in query(name)
    with closing(connection.empty()) as db:
        db.execute(f"EXPLAIN {query(name)}", parameters)


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        query("no_such_statement")
