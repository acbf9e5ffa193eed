"""The rows behind a job's `rows:` — a spreadsheet, JSON lines, or the frames of a folder — as one table."""

import os.path
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath

from batchrunner.domain.problem import Code, Problem, Problems, Severity
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys, text_file
from batchrunner.manifest.keys import shortened, text_of
from batchrunner.manifest.permissions import Reach
from batchrunner.manifest.rows import decode, encodings
from batchrunner.manifest.rows.csv_rows import read_csv
from batchrunner.manifest.rows.encodings import Encoding
from batchrunner.manifest.rows.frame_rows import read_frames
from batchrunner.manifest.rows.jsonl_rows import read_jsonl
from batchrunner.manifest.rows.table import Row, Table, TableBuilder
from batchrunner.manifest.rows.xlsx_rows import AS_CSV, WorkbookError, read_workbook
from batchrunner.manifest.text_file import Source
from batchrunner.manifest.variables import is_text
from batchrunner.manifest.yaml import nodes
from batchrunner.manifest.yaml.builder import LimitReached
from batchrunner.manifest.yaml.nodes import Node, Scalar

__all__ = ["Row", "Table", "encoding_of", "read_rows"]

_READERS: Mapping[str, Callable[[str, TableBuilder], tuple[str, ...]]] = {
    ".csv": read_csv,
    ".txt": read_csv,
    ".tsv": partial(read_csv, delimiter="\t"),
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
}
_WORKBOOK = re.compile(r"(.*\.xls[xm])(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_OTHER_WORKBOOKS = frozenset({".xls", ".xlsb", ".ods", ".numbers"})

# What lies under a table's name in practice: what it is, and the hint.
_OTHERS: Mapping[re.Pattern[str], tuple[str, str]] = {
    re.compile(r"PK\x03\x04"): ("a workbook or an archive", f"let a workbook's name end in .xlsx, or {AS_CSV}"),
    re.compile(r"\s*<(?:!doctype\s+)?html", re.IGNORECASE): ("an HTML page", "download the sheet as CSV, not its page"),
    re.compile(r"version https://git-lfs"): ("a git-lfs pointer", "run `git lfs pull`"),
}


def read_rows(
    node: Node, folder: Path, shown: str, problems: Problems, reach: Reach, encoding: Encoding | None = None
) -> Table | None:
    """The table that the value of a `rows:` key means; None where there is none.

    A path is relative to `folder`, which places call `shown`. Rows that are a problem are left out of the table.
    `encoding` is that of its texts, where somebody named it.
    """
    if isinstance(node, nodes.Mapping):
        return read_frames(node, folder, shown, problems, reach, encoding)
    if not keys.has_kind("rows", node, keys.KeyKind.ROWS, problems) or not isinstance(node, Scalar):
        return None
    return _RowsFile(node, folder, shown, problems, reach, encoding).table()


def encoding_of(read: Mapping[str, nodes.Entry], problems: Problems) -> Encoding | None:
    """The encoding that a job with these keys names for its rows."""
    entry = read.get("encoding")
    if entry is None or not isinstance(entry.node, nodes.Scalar):
        return None
    if "rows" not in read:
        said = "`encoding` needs `rows`, which this job does not have"
        problems.add(Problem(Code.MISSING_KEY, entry.location, said, "remove it", "encoding"))
    found = encodings.find(text_of(entry.node))
    if found is None:
        near = nearest_name(text_of(entry.node), encodings.NAMES)
        hint = f"write `{near}`" if near else f"write one of {', '.join(encodings.NAMES)}"
        said = f"`encoding` cannot be {keys.described(entry.node)}"
        problems.add(Problem(Code.WRONG_VALUE, entry.node.location, said, hint, "encoding"))
    return found


class _RowsFile:
    """A file of rows, as it is named in a manifest."""

    def __init__(
        self, node: Scalar, folder: Path, shown: str, problems: Problems, reach: Reach, encoding: Encoding | None
    ) -> None:
        self._node = node
        self._name = text_of(node)
        self._workbook = _WORKBOOK.fullmatch(self._name)
        file = self._workbook[1] if self._workbook else self._name
        self._path = folder / file
        self._file = os.path.normpath(os.path.join(shown, file))  # noqa: PTH118 - a text
        self._problems = problems
        self._reach = reach
        self._encoding = encoding

    def table(self) -> Table | None:
        """What stands in it. Problems of the file as a whole stand where it is named, others inside."""
        suffix = PurePosixPath(self._name).suffix.lower()
        if suffix not in _READERS and not self._workbook:
            self._tell(Code.ROWS_KIND, f"rows cannot be read from {shortened(self._name)}", self._known_kinds(suffix))
            return None
        refused = self._reach.refusal(self._path, self._name, self._node.location, "rows")
        if refused:
            self._problems.add(refused)
            return None
        self._reach.texts[self._file] = None
        if self._workbook:
            return self._sheet(self._workbook[2] or "")
        found = decode.load(self._path, self._file, self._encoding)
        if self._is_refused(found):
            return None
        lines = decode.split_lines(found.text)
        told = [found.problem] if found.problem else []
        told += decode.strange_characters(lines, self._file)
        self._problems.extend(told)
        if any(problem.severity is Severity.ERROR for problem in told):
            return Table((), (), lines, self._file)
        reading = TableBuilder(self._name, self._problems, self._file, lines)
        return self._read(reading, lambda: _READERS[suffix](found.text, reading))

    def _sheet(self, name: str) -> Table | None:
        """What stands in a sheet of a workbook. It has no lines: a place in it is a row and a column."""
        data = text_file.read_bytes(self._path, self._file)
        if isinstance(data, Problem):
            self._is_refused(Source("", data))
            return None
        reading = TableBuilder(self._name, self._problems, self._file)
        try:
            return self._read(reading, lambda: read_workbook(data, name, reading))
        except WorkbookError as error:
            self._tell(error.code, f"{shortened(self._name)}: {error.message}", error.hint)
            return None

    def _read(self, reading: TableBuilder, read: Callable[[], tuple[str, ...]]) -> Table:
        columns: tuple[str, ...] = ()
        with suppress(LimitReached):
            columns = read()
        table = reading.table(columns)
        if not table.rows and not reading.told:
            message = f"{shortened(self._name)} contains no rows"
            self._tell(Code.ROWS_EMPTY, message, "add a row below the header" if columns else None)
        return table

    def _is_refused(self, found: Source) -> bool:
        """Whether the file as a whole is a problem."""
        is_other = next((other for start, other in _OTHERS.items() if start.match(found.text)), None)
        if is_other:
            what, hint = is_other
            self._tell(Code.ROWS_KIND, f"{shortened(self._name)} is {what}", hint)
        elif found.problem is None or found.problem.code is Code.FILE_ENCODING:
            return False
        elif found.problem.code is Code.FILE_TOO_LARGE:
            self._tell(Code.FILE_TOO_LARGE, self._said(found.problem), "split it into several files")
        elif not os.path.lexists(self._path):
            self._tell(Code.ROWS_UNREADABLE, f"{shortened(self._name)} does not exist", self._near())
        else:
            self._tell(Code.ROWS_UNREADABLE, self._said(found.problem), found.problem.hint)
        return True

    def _said(self, problem: Problem) -> str:
        return f"{shortened(self._name)}: {problem.message}"

    def _near(self) -> str:
        """A hint for a file that is not there."""
        folder = self._path.parent
        try:
            names = [each.name for each in folder.iterdir() if _is_read(each.name) and is_text(each.name)]
        except (OSError, ValueError):
            return f"{shortened(str(folder))} is not a readable folder; paths are relative to this file"
        near = nearest_name(self._path.name, names) or (names[0] if len(names) == 1 else None)
        where = PurePosixPath(self._name).parent
        return f"did you mean `{where / near}`?" if near else "paths are relative to the file that contains `rows`"

    def _known_kinds(self, suffix: str) -> str:
        if suffix in _OTHER_WORKBOOKS:
            return f"save it as .xlsx, or {AS_CSV}"
        if "${" in self._name:
            return "variables cannot be used in `rows`: write the name itself"
        if re.search(r"[*?[]", self._name):
            return f"write `rows: {{glob: {shortened(self._name)}}}`"
        return f"name a file that ends in {', '.join(_READERS)}, .xlsx, or write `rows: {{glob: frames/*.png}}`"

    def _tell(self, code: Code, message: str, hint: str | None) -> None:
        self._problems.add(Problem(code, self._node.location, message, hint, "rows"))


def _is_read(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _READERS or bool(_WORKBOOK.fullmatch(name))
