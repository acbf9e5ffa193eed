"""Kinds of field, each with what it takes and what people write there: right, nearly right and wrong.

Nothing here knows a description: the readings of `second_readings` give the limits.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

URL = "https://example.com/a.jpg"


class Absent:
    """A field that is not written."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Typed:
    """A value as its author types it, and what is certainly meant by it."""

    value: object
    meant: object


def same(values: Iterable[object]) -> tuple[Typed, ...]:
    return tuple(Typed(value, value) for value in values)


# A key without a value leaves a field out.
UNWRITTEN = (Typed(ABSENT, ABSENT), Typed(None, ABSENT))


class Kind(Protocol):
    """What a field takes. `tries` are crossed with those of other fields; `ends` are long, and tried one by one."""

    @property
    def tries(self) -> Sequence[Typed]: ...

    @property
    def ends(self) -> Sequence[Typed]: ...

    def fits(self, value: object) -> bool: ...


def prose(characters: int) -> str:
    return ("She waves at the sea. " * (characters // 22 + 1))[:characters]


@dataclass(frozen=True)
class Text:
    """A text of `least` to `most` characters; None: nobody says how many."""

    least: int = 0
    most: int | None = None

    def fits(self, value: object) -> bool:
        return isinstance(value, str) and self.least <= len(value) and (self.most is None or len(value) <= self.most)

    @property
    def tries(self) -> Sequence[Typed]:
        said = same(["She waves", "", " ", ["She waves"], {"text": "She waves"}])
        return (*UNWRITTEN, *said, Typed(7, "7"), Typed(value=True, meant="true"))

    @property
    def ends(self) -> Sequence[Typed]:
        lengths = (9000,) if self.most is None else (self.most - 1, self.most, self.most + 1)
        return same([*map(prose, lengths), "她" * 40, "[Pan left,Pedestal up] she waves", "👩‍🚀" * 9])


@dataclass(frozen=True)
class Word:
    """One of these texts. Where they are a switch, `true` and `false` are certain, too."""

    words: tuple[str, ...]

    def fits(self, value: object) -> bool:
        return isinstance(value, str) and value in self.words

    @property
    def tries(self) -> Sequence[Typed]:
        switch = Typed(value=True, meant="on" if "on" in self.words else "true")
        return (*UNWRITTEN, switch, *same([*self.words, "", "nonsense", 969, [self.words[0]]]))

    @property
    def ends(self) -> Sequence[Typed]:
        return (
            *self._spellings(),
            Typed(value=False, meant="off"),
            *same([2.5, {"is": self.words[0]}, f"{self.words[0]} ", "null"]),
        )

    def _spellings(self) -> Iterator[Typed]:
        """`720P` is `720p`, and 8 is `8`; nothing else may have another case or form."""
        for word in self.words:
            if word.isdecimal():
                yield Typed(int(word), word)
                yield from same([float(word), f"{word}s", f"0{word}"])
            elif word.swapcase() != word:
                is_lines = word[:-1].isdecimal() and word[-1] in "pP"
                yield Typed(word.swapcase(), word if is_lines else word.swapcase())
                yield from same([word[:-1]])


@dataclass(frozen=True)
class Whole:
    """A whole number of `least` to `most`; None: nobody says which. `only` are all that there are."""

    least: int | None = None
    most: int | None = None
    only: tuple[int, ...] = ()

    def fits(self, value: object) -> bool:
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        is_listed = not self.only or value in self.only
        return is_listed and (self.least is None or self.least <= value) and (self.most is None or value <= self.most)

    @property
    def tries(self) -> Sequence[Typed]:
        sound = self._ends[0]
        odd = (Typed(str(sound), sound), Typed(float(sound), sound))
        return (*UNWRITTEN, *odd, *same([*self._ends, *self._beyond, sound + 0.5, True, "", f"{sound}s", [sound]]))

    @property
    def ends(self) -> Sequence[Typed]:
        every = self.only or range(self._ends[0], min(self._ends[-1], 40) + 1)
        return (*same([*every, -7, "five", {"s": 5}, False, 10**17]), Typed("-7", -7))

    @property
    def _ends(self) -> tuple[int, ...]:
        return self.only or (self.least or 0, 4_294_967_296 if self.most is None else self.most)

    @property
    def _beyond(self) -> tuple[int, ...]:
        found = {each + step for each in self._ends for step in (-1, 1)}
        return tuple(sorted(found - {*self._ends}))


@dataclass(frozen=True)
class Switch:
    """True or false."""

    @staticmethod
    def fits(value: object) -> bool:
        return isinstance(value, bool)

    @property
    def tries(self) -> Sequence[Typed]:
        return (
            *UNWRITTEN,
            *same([True, False, 1, "yes", [True]]),
            Typed("true", meant=True),
            Typed("false", meant=False),
        )

    @property
    def ends(self) -> Sequence[Typed]:
        return (*same([0, 1.0, "True", "yes", ""]), Typed("on", meant=True), Typed("off", meant=False))


@dataclass(frozen=True)
class Link:
    """A link to a sound or a clip."""

    @staticmethod
    def fits(value: object) -> bool:
        return isinstance(value, str) and re.match(r"https?://[^/]", value) is not None

    @property
    def tries(self) -> Sequence[Typed]:
        return (*UNWRITTEN, *same([URL, "", "a.jpg", "ftp://example.com/a.jpg", [URL]]))

    @property
    def ends(self) -> Sequence[Typed]:
        return same(["HTTPS://", "https:///a.jpg", 7, True, {"url": URL}, "javascript:alert(1)", "//example.com/a.jpg"])


@dataclass(frozen=True)
class Picture(Link):
    """A link to a picture, or a local file that is uploaded; there is none of the names that are tried here."""


@dataclass(frozen=True)
class Several:
    """A list of `least` to `most` values of one kind."""

    least: int
    most: int
    of: Kind

    def fits(self, value: object) -> bool:
        return isinstance(value, list) and self.least <= len(value) <= self.most and all(map(self.of.fits, value))

    @property
    def tries(self) -> Sequence[Typed]:
        return (*UNWRITTEN, *same([*map(self._some, (self.least, self.most, self.most + 1)), [], [""], self._item]))

    @property
    def ends(self) -> Sequence[Typed]:
        some = map(self._some, range(1, self.most))
        return same([*some, [None], [[self._item]], {"1": self._item}, "", [self._item, None]])

    @property
    def _item(self) -> object:
        return next(each.value for each in self.of.tries if each.value is not ABSENT and self.of.fits(each.value))

    def _some(self, number: int) -> list[object]:
        return [self._item] * number
