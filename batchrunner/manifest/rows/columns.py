"""Which column of a sheet is which field: by its heading, if what stands in it can be that."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchrunner.catalog import Catalog, Model, Role
from batchrunner.manifest import keys
from batchrunner.manifest.keys import shortened
from batchrunner.manifest.rows.field_values import in_words, listed_values, takes_text, values_in_words
from batchrunner.manifest.rows.frame_names import FolderOfFrames, is_picture
from batchrunner.manifest.rows.headings import USES, columns_headed
from batchrunner.manifest.rows.naming import texts
from batchrunner.manifest.rows.table import Table
from batchrunner.manifest.spellings import meant

_COUNT = re.compile(r"[\d:.,;\s]*")  # a number or a time, and no picture
_CLOCK = re.compile(r"\d+(?::\d+)+")
_SHOWN = 3
# What a column is taken for by its values alone, to say that it may have been meant.
_TELLING = ("model", Role.DURATION, Role.ASPECT_RATIO, Role.RESOLUTION)


@dataclass(slots=True)
class Columns:
    """What was found: a column for each use, and what is said about it.

    A use is a key of ours, a role that a field of the model has, or the name of a field that has none.

    `respelt`: by column, what the service calls a text. `fields` do not hold the id.
    """

    table: Table
    model: Model
    catalog: Catalog
    frames: FolderOfFrames = field(default_factory=FolderOfFrames)
    fields: dict[str, str] = field(default_factory=dict)
    respelt: dict[str, dict[str, str]] = field(default_factory=dict)
    _refused: dict[str, tuple[str, str]] = field(default_factory=dict)

    def find(self) -> None:
        """Finds a column for every field that has one."""
        for use in self.uses:
            for column in self._headed(use, self.nameable):
                if use not in self.fields and column not in self.fields.values() and self._fits(use, column):
                    self.fields[use] = column
        for use, column in self.fields.items():
            if self._wanted(use):
                known = {text: self._meant(use, text) for text in self._filled(column)}
                self.respelt[column] = {text: better for text, better in known.items() if better and better != text}

    @property
    def uses(self) -> tuple[str, ...]:
        """All that a column may be, but for the id, in the documentation's order."""
        roles = [use for use in USES if use != "id" and self.key(use)]
        taken = {*self.model.roles.values(), *Role, *keys.MERGED}
        return (*roles, *(name for name in self.model.fields if name not in taken))

    def key(self, use: str) -> str | None:
        """The manifest's key for a use; None where the model has no such field."""
        return self.model.field(use) if isinstance(use, Role) else use

    @property
    def nameable(self) -> tuple[str, ...]:
        """The columns to which a variable can refer."""
        return tuple(column for column in self.table.columns if not re.search('["}]', column))

    def free(self) -> tuple[str, ...]:
        """The columns that are no field's, or only name a picture."""
        taken = {column for use, column in self.fields.items() if use != Role.FIRST_IMAGE}
        return tuple(column for column in self.nameable if column not in taken)

    def told(self, use: str) -> str:
        """How a use's values are spelt otherwise; empty where they stay as they are."""
        by_better: dict[str, list[str]] = {}
        for text, better in self.respelt.get(self.fields[use], {}).items() if self._wanted(use) else ():
            by_better.setdefault(better, []).append(f'"{shortened(text)}"')
        parts = (f"as {better}: {_listed(those)}" for better, those in by_better.items())
        return "; written " + "; ".join(parts) if by_better else ""

    def warnings(self, used: Iterable[str]) -> list[str]:
        """What stands in the sheet and does not decide anything, with what decides instead."""
        unused = [column for column in self.table.columns if column not in set(used)]
        by_column = {column: self._why_not(column) for column in unused}
        plain = [f'"{column}"' for column, why in by_column.items() if not why]
        return [
            *(why for use, column in self.fields.items() if (why := self._uncertain(use, column))),
            *(f'column "{column}" is not used{why}' for column, why in by_column.items() if why),
            *([f"not used: {', '.join(plain)}"] if plain else []),
        ]

    def _fits(self, use: str, column: str) -> bool:
        """Whether what stands in a column can be a field; if not, that is remembered."""
        filled = self._filled(column)
        unfit = next((text for text in filled if not self._can_be(use, text)), None)
        fit = sum(self._can_be(use, text) for text in filled)
        clocks = sum(bool(_CLOCK.fullmatch(text)) for text in filled if not self._can_be(use, text))
        fits = not filled or (fit > clocks if use == Role.DURATION else fit > 0)
        if use == Role.AUDIO_SWITCH:  # such a column may tell of sounds, and "none" is one of them
            fits = unfit is None
        if not fits and unfit is not None:
            self._refused.setdefault(column, (use, unfit))
        return fits

    def _can_be(self, use: str, text: str) -> bool:
        if self._wanted(use):
            return self._meant(use, text) is not None
        if use == "takes":
            return text.isdecimal()
        if not takes_text(self._schema(use), text):
            return False
        if use in {Role.FIRST_IMAGE, Role.LAST_IMAGE}:
            return bool(self.frames.find(text)) or not _COUNT.fullmatch(text)
        return use != Role.REFERENCE_IMAGES or bool(self.frames.find(text)) or "://" in text or is_picture(text)

    def _why_not(self, column: str) -> str:
        """Why a column that seems to be a field is none; empty where it seems to be none."""
        headed = [use for use in self.fields if column in self._headed(use, (column,))]
        if headed and column not in self._refused:
            return f': `{self.key(headed[0])}` is the column "{self.fields[headed[0]]}"'
        use, unfit = self._refused.get(column, ("", ""))
        if self._wanted(use) and use not in self.fields:
            return f', as "{shortened(unfit)}" is not a valid `{self.key(use)}`: {self._default(use)}'
        filled = self._filled(column)
        looks = (use for use in _TELLING if use not in self.fields and self._looks_like(use, filled))
        like = next(looks, None)
        return f", though it looks like `{self.key(like)}`: {self._default(like)}" if like else ""

    def _default(self, use: str) -> str:
        """What counts where no cell does: what the manifest gives, else what the service takes."""
        given = self.model.slug if use == "model" else self.model.starter.get(use) if isinstance(use, Role) else None
        if given is not None:
            return f"{given}, the default, is used for all"
        documented = self.model.defaults.get(self.key(use) or "")
        return (
            "it is left out"
            if documented is None
            else f"{in_words(documented)}, the service's default, is used for all"
        )

    def _headed(self, use: str, columns: tuple[str, ...]) -> Iterator[str]:
        own_name = self.key(use) or ""
        return columns_headed(use, columns, own_name if own_name in self.model.fields else "")

    def _schema(self, use: str) -> Mapping[str, Any]:
        """The schema of a use's field; of a key of ours, it says nothing."""
        return self.model.fields.get(self.key(use) or "", {}) if use not in keys.MERGED else {}

    def _uncertain(self, use: str, column: str) -> str:
        if not self._wanted(use):
            return ""
        wrong: dict[str, str] = {}
        for text, row in zip(texts(self.table, column), self.table.rows, strict=True):
            if text and self._meant(use, text) is None:
                wrong.setdefault(text, f'"{shortened(text)}" in row {row.location.line}')
        listed = _listed(list(wrong.values()))
        return f'"{column}" has values other than {values_in_words(self._wanted(use))}: {listed}' if wrong else ""

    def _filled(self, column: str) -> list[str]:
        return list(dict.fromkeys(text for text in texts(self.table, column) if text))

    def _wanted(self, use: str) -> Sequence[str]:
        """The values of which a use takes one; () where it takes any."""
        if use == "model":
            return self.catalog.slugs
        return listed_values(self._schema(use))

    def _meant(self, use: str, text: str) -> str | None:
        return meant(use if isinstance(use, Role) else None, text, self._wanted(use))

    def _looks_like(self, use: str, filled: Sequence[str]) -> bool:
        """Whether all texts are of this use, and no mere numbers, which anything may be."""
        told = bool(filled) and not all(_COUNT.fullmatch(text) for text in filled if use == Role.DURATION)
        return told and bool(self._wanted(use)) and all(self._meant(use, text) for text in filled)


def _listed(things: Sequence[str]) -> str:
    more = len(things) - _SHOWN
    return ", ".join(things[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
