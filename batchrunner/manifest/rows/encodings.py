"""The encodings in which sheets are saved, by name, and which of them a text is probably in.

Older ones cannot be told apart by their bytes: `KŸche` in Windows-1252 is `Küche` in Mac Roman. What a word cannot
look like is known, though: a sign between letters, a capital within a word.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class Encoding:
    """What people call an encoding and how it is written beside `rows`; `codec` is Python's name.

    `rare` are letters that it has and that hardly occur within words.
    """

    name: str
    written: str
    codec: str
    rare: str = ""


WINDOWS = Encoding("Windows-1252", "windows-1252", "cp1252", "ŠšŽžŸ")

# What a sheet may be in that is not UTF-8, beside Windows-1252; the likelier ones first.
_OTHERS = (
    Encoding("Mac Roman", "mac-roman", "mac_roman"),
    Encoding("Windows-1250", "windows-1250", "cp1250"),
    Encoding("DOS (code page 850)", "cp850", "cp850"),
)
_BY_NAME: Mapping[str, Encoding] = {
    re.sub(r"[^a-z0-9]", "", name): encoding
    for encoding in (
        WINDOWS,
        *_OTHERS,
        Encoding("UTF-8", "utf-8", "utf-8-sig"),
        Encoding("UTF-16", "utf-16", "utf-16"),
        Encoding("Windows-1251", "windows-1251", "cp1251"),
        Encoding("DOS (code page 437)", "cp437", "cp437"),
        Encoding("ISO 8859-1", "iso-8859-1", "iso8859-1"),
        Encoding("ISO 8859-2", "iso-8859-2", "iso8859-2"),
        Encoding("ISO 8859-15", "iso-8859-15", "iso8859-15"),
        Encoding("Shift JIS", "shift-jis", "cp932"),
        Encoding("GB 18030", "gb18030", "gb18030"),
        Encoding("Big5", "big5", "cp950"),
        Encoding("EUC-KR", "euc-kr", "cp949"),
    )
    for name in (encoding.written, encoding.codec)
}
_ALIASES: Mapping[str, str] = {
    "mac": "macroman",
    "macintosh": "macroman",
    "utf8": "utf8sig",
    "latin1": "iso88591",
    "latin2": "iso88592",
    "latin9": "iso885915",
    "sjis": "shiftjis",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "windows932": "cp932",
}
NAMES = tuple(dict.fromkeys(encoding.written for encoding in _BY_NAME.values()))

_LOOKED_AT = 100_000  # characters beyond ASCII: no text changes its encoding after them
_ALIENS = "ƒˆ˜ˇ˘˙˚¸˝˛¯¨ﬁﬂı\ufffd"  # noqa: RUF001 - no word has these
_WITHIN_WORDS = "’‘´‑–—…\xad\xa0"  # noqa: RUF001 - signs that may stand between two letters
_NOT_BEHIND_LETTERS = "§†‡‰¶"
_NOT_BEFORE_LETTERS = "€†‡‰"


@dataclass(frozen=True, slots=True)
class Decoding:
    """A text as it reads in one encoding; `odd` is where it looks like no word."""

    encoding: Encoding
    text: str
    odd: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every byte is text."""
        return "\ufffd" not in self.text

    def span(self, position: int) -> slice:
        """Where the word around a position stands."""
        before = re.search(r"[^\s,;|\"]{0,20}\Z", self.text[max(0, position - 20) : position])
        behind = re.match(r"[^\s,;|\"]{0,20}", self.text[position : position + 20])
        return slice(position - len(before[0] if before else ""), position + len(behind[0] if behind else ""))


def find(name: str) -> Encoding | None:
    """The encoding of this name, however it is spelt."""
    plain = re.sub(r"[^a-z0-9]", "", name.casefold())
    return _BY_NAME.get(_ALIASES.get(plain, plain))


def decode(encoding: Encoding, data: bytes) -> Decoding:
    """How bytes read in an encoding with one byte a character."""
    text = data.decode(encoding.codec, errors="replace")
    odd = tuple(position for position in _beyond_ascii(text) if _is_odd(text, position, encoding.rare))
    return Decoding(encoding, text, odd)


def likelier(windows: Decoding, data: bytes) -> tuple[Decoding, ...]:
    """The encodings in which a text is another and likelier than in Windows-1252, all that are equally likely."""
    others = [decode(encoding, data) for encoding in _OTHERS] if windows.odd else []
    least = min((len(other.odd) for other in others), default=0)
    best = (other for other in others if len(other.odd) == least < len(windows.odd))
    return tuple(other for other in best if other.text != windows.text)


def first_beyond_ascii(text: str) -> int:
    """Where the first character stands that encodings do not share."""
    return next(_beyond_ascii(text), 0)


def _beyond_ascii(text: str) -> Iterator[int]:
    return (match.start() for match in islice(re.finditer(r"[^\0-\x7f]", text), _LOOKED_AT))


def _is_odd(text: str, position: int, rare: str) -> bool:
    """Whether a character stands where none such stands in a word."""
    sign = text[position]
    before, behind = text[position - 1 : position], text[position + 1 : position + 2]
    if sign in _ALIENS:
        return before.isalpha() or behind.isalpha() or sign == "\ufffd"
    if not sign.isalpha():
        is_between = before.isalpha() and behind.isalpha() and sign not in _WITHIN_WORDS
        is_glued = before.isalpha() and sign in _NOT_BEHIND_LETTERS
        return is_between or is_glued or (behind.islower() and sign in _NOT_BEFORE_LETTERS)
    is_capital_within = sign.isupper() and before.isalpha() and (before.islower() or behind.islower())
    return is_capital_within or (sign in rare and before.isalpha())
