"""Which column of a sheet is which field: by its heading, if what stands in it can be that."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchrunner.catalog import find, models
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.rows.frame_names import FolderOfFrames, is_picture
from batchrunner.manifest.rows.headings import FIELDS, columns_headed
from batchrunner.manifest.rows.naming import texts
from batchrunner.manifest.rows.table import Table
from batchrunner.manifest.spellings import meant

_COUNT = re.compile(r"[\d:.,;\s]*")  # a number or a time, and no picture
_CLOCK = re.compile(r"\d+(?::\d+)+")
_SHOWN = 3


@dataclass(slots=True)
class Columns:
    """What was found: a column for each field, and what is said about it.

    `defaults` are the values that the manifest gives where no cell does. `respelt`: by column, what the service
    calls a text. `fields` do not hold the id.
    """

    table: Table
    defaults: Mapping[str, str]
    frames: FolderOfFrames = field(default_factory=FolderOfFrames)
    fields: dict[str, str] = field(default_factory=dict)
    respelt: dict[str, dict[str, str]] = field(default_factory=dict)
    _refused: dict[str, tuple[str, str]] = field(default_factory=dict)

    def find(self) -> None:
        """Finds a column for every field that has one."""
        for name in FIELDS:
            for column in columns_headed(name, self.nameable) if name != "id" else ():
                if name not in self.fields and column not in self.fields.values() and self._fits(name, column):
                    self.fields[name] = column
        for name, column in self.fields.items():
            if _wanted(name):
                known = {text: meant(name, text, _wanted(name)) for text in self._filled(column)}
                self.respelt[column] = {text: better for text, better in known.items() if better and better != text}

    @property
    def nameable(self) -> tuple[str, ...]:
        """The columns to which a variable can refer."""
        return tuple(column for column in self.table.columns if not re.search('["}]', column))

    def free(self) -> tuple[str, ...]:
        """The columns that are no field's, or only name a picture."""
        taken = {column for name, column in self.fields.items() if name != "image"}
        return tuple(column for column in self.nameable if column not in taken)

    def told(self, name: str) -> str:
        """How a field's values are spelt otherwise; empty where they stay as they are."""
        by_better: dict[str, list[str]] = {}
        for text, better in self.respelt.get(self.fields[name], {}).items() if _wanted(name) else ():
            by_better.setdefault(better, []).append(f'"{shortened(text)}"')
        parts = (f"as {better}: {_listed(those)}" for better, those in by_better.items())
        return "; written " + "; ".join(parts) if by_better else ""

    def warnings(self, used: Iterable[str]) -> list[str]:
        """What stands in the sheet and does not decide anything, with what decides instead."""
        unused = [column for column in self.table.columns if column not in set(used)]
        by_column = {column: self._why_not(column) for column in unused}
        plain = [f'"{column}"' for column, why in by_column.items() if not why]
        return [
            *(why for name, column in self.fields.items() if (why := self._uncertain(name, column))),
            *(f'column "{column}" is not used{why}' for column, why in by_column.items() if why),
            *([f"not used: {', '.join(plain)}"] if plain else []),
        ]

    def _fits(self, name: str, column: str) -> bool:
        """Whether what stands in a column can be a field; if not, that is remembered."""
        filled = self._filled(column)
        unfit = next((text for text in filled if not self._can_be(name, text)), None)
        fit = sum(self._can_be(name, text) for text in filled)
        clocks = sum(bool(_CLOCK.fullmatch(text)) for text in filled if not self._can_be(name, text))
        fits = not filled or (fit > clocks if name == "durationSeconds" else fit > 0)
        if not fits and unfit is not None:
            self._refused.setdefault(column, (name, unfit))
        return fits

    def _can_be(self, name: str, text: str) -> bool:
        if _wanted(name):
            return meant(name, text, _wanted(name)) is not None
        if name == "takes":
            return text.isdecimal()
        if name in {"image", "lastFrame"}:
            return bool(self.frames.find(text)) or not _COUNT.fullmatch(text)
        return name != "referenceImages" or bool(self.frames.find(text)) or "://" in text or is_picture(text)

    def _why_not(self, column: str) -> str:
        """Why a column that seems to be a field is none; empty where it seems to be none."""
        headed = [name for name in self.fields if column in columns_headed(name, (column,))]
        if headed and column not in self._refused:
            return f': `{headed[0]}` is the column "{self.fields[headed[0]]}"'
        name, unfit = self._refused.get(column, ("", ""))
        if name in self.defaults and name not in self.fields:
            return f', as "{shortened(unfit)}" is not a valid `{name}`: {self._default(name)}'
        filled = self._filled(column)
        looks = (name for name in self.defaults if name not in self.fields and _looks_like(name, filled))
        like = next(looks, None)
        return f", though it looks like `{like}`: {self._default(like)}" if like else ""

    def _default(self, name: str) -> str:
        return f"{self.defaults[name]}, the default, is used for all"

    def _uncertain(self, name: str, column: str) -> str:
        if not _wanted(name):
            return ""
        wrong: dict[str, str] = {}
        for text, row in zip(texts(self.table, column), self.table.rows, strict=True):
            if text and meant(name, text, _wanted(name)) is None:
                wrong.setdefault(text, f'"{shortened(text)}" in row {row.location.line}')
        listed = _listed(list(wrong.values()))
        return f'"{column}" has values other than {", ".join(_wanted(name))}: {listed}' if wrong else ""

    def _filled(self, column: str) -> list[str]:
        return list(dict.fromkeys(text for text in texts(self.table, column) if text))


def _wanted(name: str) -> Sequence[str]:
    """The values of which a field takes one; () where it takes any."""
    if name == "model":
        return tuple(models())
    first = find(next(iter(models())))
    return tuple(first.fields.get(name, {}).get("enum", ())) if first else ()


def _looks_like(name: str, filled: Sequence[str]) -> bool:
    """Whether all texts are this field's, and no mere numbers, which anything may be."""
    told = bool(filled) and not all(_COUNT.fullmatch(text) for text in filled if name == "durationSeconds")
    return told and bool(_wanted(name)) and all(meant(name, text, _wanted(name)) for text in filled)


def _listed(things: Sequence[str]) -> str:
    more = len(things) - _SHOWN
    return ", ".join(things[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
