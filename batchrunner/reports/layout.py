"""Tables: the one way to make them, and how much of a line is left to the last column."""

from collections.abc import Iterable, Sequence

from batchrunner.domain.text import Lines, visible

_GAP = len("  ")
# Where there is not even room for this, the terminal wraps: an unreadable reason is of no use.
_LEAST = 20


def room(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int | None) -> int | None:
    """How many characters the last column has after these, on a terminal so wide; None: as many as it wants."""
    if width is None:
        return None
    from tabulate import MIN_PADDING  # noqa: PLC0415  # heavy: only what makes a table needs it

    # a column is always wider than its header by this much
    columns = zip([header + " " * MIN_PADDING for header in headers], *rows, strict=True)
    return max(width - sum(max(map(len, column)) + _GAP for column in columns), _LEAST)


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], align: Sequence[str] | None = None, form: str = "simple"
) -> Lines:
    """A table of texts from anywhere: each cell stays on its line and in its column."""
    import tabulate as library  # noqa: PLC0415  # as above

    library.WIDE_CHARS_MODE = False  # else columns depend on whether somebody has installed wcwidth, too
    cells = [[visible(cell) for cell in row] for row in rows]
    # without disable_numparse a job named 1e5 would be shown as 100000
    return Lines(library.tabulate(cells, headers=headers, tablefmt=form, disable_numparse=True, colalign=align))
