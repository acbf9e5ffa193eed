"""Starter manifests: what `init` writes, guessed from a spreadsheet's columns and a folder of frames."""

import csv
import os.path
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from batchrunner.catalog import Catalog, Model, Role
from batchrunner.domain.location import Location
from batchrunner.domain.problem import Problems
from batchrunner.errors import UsageError
from batchrunner.manifest.permissions import Permissions, Reach
from batchrunner.manifest.placeholders import WORD
from batchrunner.manifest.rows.columns import Columns
from batchrunner.manifest.rows.csv_cells import likely_delimiter
from batchrunner.manifest.rows.encodings import Encoding
from batchrunner.manifest.rows.frame_names import FolderOfFrames, is_picture
from batchrunner.manifest.rows.headings import columns_headed
from batchrunner.manifest.rows.naming import Unnamed, name_rows, texts
from batchrunner.manifest.rows.reader import Table, read_rows
from batchrunner.manifest.starter_fields import given_values, needed_fields, placeholder, starter_values
from batchrunner.manifest.starter_text import Scaffold, example, head, jobs_text
from batchrunner.manifest.yaml.nodes import Scalar

_CAPTION = "The camera moves slowly towards the subject"
_SHOWN = 5
_FRAMES = (Role.FIRST_IMAGE, Role.LAST_IMAGE)


def scaffold(
    file: Path,
    table: Path | None = None,
    images: Path | None = None,
    *,
    model: Model,
    catalog: Catalog,
    slugify: bool = False,
    encoding: Encoding | None = None,
) -> Scaffold:
    """A manifest to be written to `file`, for a model of the catalogue; its paths are relative to that file's folder.

    `slugify`: where no column of the sheet holds usable ids, they are made of one. `encoding` is that of the sheet.

    Raises:
        UsageError: the spreadsheet cannot be read or names its rows by nothing, or the folder holds no pictures.
    """
    if table is not None:
        return _FromTable(file, table, images, model, catalog, slugify=slugify, encoding=encoding).starter()
    if images is not None:
        return _from_frames(file.parent, images, model)
    return Scaffold(head(model, starter_values(model)) + example(model))


class _FromTable:
    """A manifest with one job a row of a sheet."""

    def __init__(
        self,
        file: Path,
        path: Path,
        images: Path | None,
        model: Model,
        catalog: Catalog,
        *,
        slugify: bool,
        encoding: Encoding | None,
    ) -> None:
        self._file = file
        self._path = path
        self._encoding = encoding
        self._table, self._warnings = _read(file.parent, _relative(path, file.parent), encoding)
        self._shown = _relative(images, file.parent) if images else ""
        self._frames = FolderOfFrames.of(_pictures(images)) if images else FolderOfFrames()
        self._model = model
        self._columns = Columns(self._table, self._model, catalog, self._frames)
        self._columns.find()
        free = self._columns.free()
        named = name_rows(self._table, tuple(columns_headed("id", free)), free, slugify=slugify)
        if isinstance(named, Unnamed):
            raise UsageError(f"{path} {named.reason}")
        self._naming = named
        self._guesses: list[str] = []

    def starter(self) -> Scaffold:
        """All of it."""
        fields = {"id": self._id(), **self._fields()}
        used = [*self._naming.columns, *self._columns.fields.values()]
        values, guess = given_values(self._columns)
        self._guesses += [guess] if guess else []
        text = head(self._model, values)
        warnings = [*self._warnings, *self._columns.warnings(used)]
        rows, rows_file = self._rows()
        encoding = {"encoding": self._encoding.written} if self._encoding and not rows else {}
        job = {"rows": _relative(rows_file if rows else self._path, self._file.parent), **encoding, **fields}
        return Scaffold(text + jobs_text(job), tuple(self._guesses), tuple(warnings), rows, rows_file)

    def _id(self) -> str:
        columns = self._naming.columns
        told = " and ".join(map(_quoted, columns))
        if self._naming.made:
            self._guesses.append(f"`id` is made of the column {told}: {_listed(self._naming.made)}")
            return _variable(self._made_column)
        self._guesses.append(f"`id` is the column{'s' if len(columns) > 1 else ''} {told}")
        return "-".join(map(_variable, columns))

    def _fields(self) -> dict[str, str]:
        """The fields of the job, in the documentation's order."""
        fields: dict[str, str] = {}
        for use in self._columns.uses:
            column, key = self._columns.fields.get(use), self._columns.key(use)
            pattern = self._frame(use, column) if use in _FRAMES else None
            if key and (pattern or column):
                fields[key] = pattern or _variable(column or "")
                where = f", found in {self._shown}" if column in self._columns.respelt and use in _FRAMES else ""
                told = f"the column {_quoted(column or '')}{self._columns.told(use)}{where}" if column else ""
                self._guesses.append(f"`{key}` is {pattern or told}")
        missing = [name for name in self._needed() if name not in fields]
        if missing:
            them = ", ".join(f"`{key}`" for key in missing)
            it = "them" if len(missing) > 1 else "it"
            self._warnings.append(f"there is no column for {them}: write {it} in place of {WORD}")
        return {**{name: placeholder(self._model, name) for name in missing}, **fields}

    def _needed(self) -> list[str]:
        """What every job has to have; reference images do instead of a first image that is not required."""
        has_others = Role.REFERENCE_IMAGES in self._columns.fields
        first = self._model.field(Role.FIRST_IMAGE)
        spared = {first} - set(self._model.required) if has_others else set()
        return [name for name in needed_fields(self._model) if name not in spared]

    def _frame(self, use: str, column: str | None) -> str | None:
        """How a column leads to pictures of the folder; None where the column serves as it is, or nothing does.

        Where no pattern serves, such as for a column with empty cells, the copy of the sheet has the paths.
        """
        if not self._frames.names or (column is None and use != Role.FIRST_IMAGE):
            return None
        by = (column,) if column else self._naming.columns
        rows = ["-".join(row) for row in zip(*(texts(self._table, each) for each in by), strict=True)]
        found = {text: file for text in rows if (file := self._frames.find(text)) is not None}
        lost = list(dict.fromkeys(text for text in rows if text and text not in found))
        if lost and (found or column is None):
            self._warnings.append(f"no image in {self._shown} matches {_listed(lost)}")
        ending = self._frames.ending(rows)
        if found and ending is not None and (all(rows) or column is None):
            return f"{self._shown}/{'-'.join(map(_variable, by))}{ending}"
        if column:
            self._columns.respelt[column] = {text: f"{self._shown}/{file}" for text, file in found.items()}
        return None

    @property
    def _made_column(self) -> str:
        """A heading for the ids that are made."""
        taken = {column.casefold() for column in self._table.columns}
        return next(name for name in ("id", "job", "job_id", "batchrunner_id") if name not in taken)

    def _rows(self) -> tuple[str, Path]:
        """A copy of the sheet with what had to be spelt otherwise; empty where nothing had.

        Its mark tells spreadsheets that it is UTF-8.
        """
        if not self._naming.made and not any(self._columns.respelt.values()):
            return "", Path()
        written = StringIO()
        lines = csv.writer(written, delimiter=likely_delimiter("\n".join(self._table.lines[:50])), lineterminator="\n")
        columns = [[column, *self._respelt(column)] for column in self._table.columns]
        made = [[self._made_column, *self._naming.made]] if self._naming.made else []
        lines.writerows(zip(*made, *columns, strict=True))
        return "\ufeff" + written.getvalue(), self._file.with_name(f"{self._file.stem}.rows.csv")

    def _respelt(self, column: str) -> Iterator[str]:
        better = self._columns.respelt.get(column, {})
        return (better.get(text, text) for text in texts(self._table, column))


def _from_frames(folder: Path, images: Path, model: Model) -> Scaffold:
    paths = _pictures(images)
    if not paths:
        raise UsageError(f"{images} contains no PNG, JPEG or WebP images")
    patterns = [f"{_relative(images, folder)}/*{ending}" for ending in sorted({path.suffix for path in paths})]
    prompt, image = model.field(Role.PROMPT), model.field(Role.FIRST_IMAGE)
    if not image:
        raise UsageError(f"{model.slug} takes no first image: leave --images out")
    told = {prompt: f"${{row.caption:-{_CAPTION}}}", image: "${row.path}"}
    needed = {name: told.get(name, placeholder(model, name)) for name in needed_fields(model)}
    jobs = [{"rows": {"glob": pattern}, "id": "${row.stem}", **needed} for pattern in patterns]
    guesses = (
        f"one job for each image of {', '.join(patterns)}",
        "the prompt is the text file beside an image, if there is one",
    )
    bare = sum(not path.with_suffix(".txt").is_file() for path in paths)
    verbs = ("has", "its prompt is") if bare == 1 else ("have", "their prompt is")
    said = f'{bare} of {len(paths)} images {verbs[0]} no text file: {verbs[1]} "{_CAPTION}"'
    return Scaffold(head(model, starter_values(model)) + jobs_text(*jobs), guesses, (said,) if bare else ())


def _read(folder: Path, name: str, encoding: Encoding | None) -> tuple[Table, list[str]]:
    """The sheet, and what is to be known about it."""
    problems = Problems()
    node = Scalar(name, name, plain=True, location=Location(name, 1, 1))
    table = read_rows(node, folder, str(folder), problems, Reach(Permissions((Path("/"),))), encoding)
    if table is None or problems.errors():
        problem, *more = problems.errors()
        where = "" if problem.location == node.location else f"{problem.location}: "
        hint = (problem.hint or "").replace("`encoding: ", "`--encoding ").replace(" beside `rows`", "")
        others = f" (and {len(more)} more problems)" if more else ""
        raise UsageError(where + problem.message + (f": {hint}" if hint else "") + others)
    return table, [problem.message for problem in problems.in_order()]


def _pictures(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if is_picture(path.name))
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error


def _variable(column: str) -> str:
    return f"${{row.{column}}}" if re.fullmatch(r"\w+", column) else f'${{row["{column}"]}}'


def _quoted(column: str) -> str:
    return f'"{column}"'


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
