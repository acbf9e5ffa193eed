"""How much of a line is left to the last column of a table."""

from collections.abc import Iterable, Sequence

from tabulate import MIN_PADDING

_GAP = len("  ")
# Where there is not even room for this, the terminal wraps: a reason that nobody can read is none.
_LEAST = 20


def room(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int | None) -> int | None:
    """How many characters the last column has after these, on a terminal so wide; None: as many as it wants."""
    if width is None:
        return None
    # a column is always wider than its header by this much
    columns = zip([header + " " * MIN_PADDING for header in headers], *rows, strict=True)
    return max(width - sum(max(map(len, column)) + _GAP for column in columns), _LEAST)
