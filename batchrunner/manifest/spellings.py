"""How people spell what the service spells in one way only: `8s`, `9x16`, `Hochformat`, `1080`."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from math import gcd

from batchrunner.catalog import Role
from batchrunner.manifest.rows.headings import plain


def _plain_words(words: str) -> frozenset[str]:
    return frozenset(map(plain, words.split()))


_SECOND = _plain_words("""
    s sec secs second seconds Sek Sekunde Sekunden seconde secondes seg segundo segundos secondo secondi seconden
    sekunda sekundy sekund 秒 秒間 초
""")
_WIDE = _plain_words("""
    landscape horizontal wide widescreen Querformat quer Breitbild waagerecht paysage horizontale apaisado orizzontale
    paisagem paisaje liggend horizontaal poziomo poziomy pozioma poziome
    横 横向き 横長 横屏 横版 橫屏 가로 가로형
""")
_TALL = _plain_words("""
    portrait vertical tall Hochformat hochkant hoch vertikal senkrecht verticale retrato ritratto staand verticaal
    pionowo pionowy pionowa pionowe
    縦 縦向き 縦長 竖屏 竖版 豎屏 세로 세로형
""")
_ON = _plain_words("""
    on yes y true with 1 ja an mit wahr oui avec vrai sí con verdadero sì vero sim com verdadeiro aan met waar
    tak z prawda はい あり 有 是 有り 예 네 있음
""")
_OFF = _plain_words("""
    off no n false without 0 none nein aus ohne falsch non sans faux sin falso senza não sem nee uit zonder onwaar
    nie bez fałsz いいえ なし 無 无 否 無し 아니요 없음
""")
_LINES: Mapping[str, int] = {"fullhd": 1080, "fhd": 1080, "hdready": 720, "uhd": 2160, "ultrahd": 2160, "4k": 2160}

_NUMBER = re.compile(r"(\d{1,4})(?:[.,]0*)?\s*(\D*)")
_PARTS_WITH_FRAMES = 4  # hours, minutes, seconds, frames
_CLOCK = re.compile(r"\d{1,2}(?::\d{1,2}){1,3}")
_PAIR = re.compile(r"(\d{1,5})\s*[:x\u00d7/\u2236]\s*(\d{1,5})(?::0+)?(?:\s*px)?", re.IGNORECASE)
_SCAN_LINES = re.compile(r"(\d{3,4})\s*p?", re.IGNORECASE)


def meant(role: Role | None, text: str, wanted: Sequence[str]) -> str | None:
    """The one of the `wanted` spellings for which a text certainly stands in the field of a role.

    None where it is not certain; a field without a role knows the exact spellings only.
    """
    text = unicodedata.normalize("NFKC", text)
    whole = _read(role, text.strip(), wanted)
    pieces = [text] if whole else re.split(r"[()\[\]|]|\s/\s", text)
    found = {_read(role, piece.strip(), wanted) for piece in pieces} - {None}
    only = found.pop() if len(found) == 1 else None
    return only if only in wanted else None


def _read(role: Role | None, text: str, wanted: Sequence[str]) -> str | None:
    """What a text says in the service's form, wanted or not."""
    exact = next((each for each in wanted if each.casefold() == text.casefold()), None)
    return exact or (_READERS[role](text, wanted) if role in _READERS else None)


def _seconds(text: str, _: Sequence[str]) -> str | None:
    number = _NUMBER.fullmatch(text)
    if number and (not number[2] or plain(number[2]) in _SECOND or number[2].strip() in {'"', "″"}):
        return str(int(number[1]))
    if not _CLOCK.fullmatch(text):
        return None
    parts = [int(part) for part in text.split(":")]
    frames = parts.pop() if len(parts) == _PARTS_WITH_FRAMES else 0
    return None if frames or any(parts[:-1]) else str(parts[-1])


def _ratio(text: str, _: Sequence[str]) -> str | None:
    word = plain(text)
    if word in _WIDE | _TALL:
        return "16:9" if word in _WIDE else "9:16"
    pair = _PAIR.fullmatch(text)
    if not pair or not int(pair[1]) or not int(pair[2]):
        return None
    width, height = int(pair[1]), int(pair[2])
    return f"{width // gcd(width, height)}:{height // gcd(width, height)}"


def _resolution(text: str, wanted: Sequence[str]) -> str | None:
    """The wanted spelling with as many lines, else one that nobody wants."""
    pair, lines = _PAIR.fullmatch(text), _SCAN_LINES.fullmatch(text)
    number = int(lines[1]) if lines else _LINES.get(plain(text), 0)
    number = min(int(pair[1]), int(pair[2])) if pair else number
    spelt = {_number_of_lines(each): each for each in wanted}
    return spelt.get(number) or (f"{number}p" if number else None)


def _switch(text: str, wanted: Sequence[str]) -> str | None:
    """The wanted spelling of on or off."""
    spelt = {plain(each) in _ON: each for each in wanted if plain(each) in _ON | _OFF}
    return spelt.get(plain(text) in _ON) if plain(text) in _ON | _OFF else None


def _number_of_lines(spelling: str) -> int:
    lines = _SCAN_LINES.fullmatch(spelling)
    return int(lines[1]) if lines else _LINES.get(plain(spelling), 0)


_READERS: Mapping[Role | None, Callable[[str, Sequence[str]], str | None]] = {
    Role.DURATION: _seconds,
    Role.ASPECT_RATIO: _ratio,
    Role.RESOLUTION: _resolution,
    Role.AUDIO_SWITCH: _switch,
}
