"""The statements of `queries.sql` by their names. See `docs/decisions/named-statements.md`."""

import re
from functools import cache

from batchrunner.io.resources import read_package_text

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def query(name: str) -> str:
    """The text of a statement.

    Raises:
        KeyError: there is none of this name.
    """
    return _queries()[name]


@cache
def _queries() -> dict[str, str]:
    _, *parts = _NAME.split(read_package_text("storage/sqlite/queries.sql"))
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
