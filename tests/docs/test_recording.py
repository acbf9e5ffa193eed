"""The picture of a terminal: what it shows is what the commands print today."""

import re
from html import unescape
from xml.etree import ElementTree as ET

from docs.site.recording import COLUMNS, FOLDER, PICTURE, recorded
from docs.site.terminal_svg import drawn

_SVG = "{http://www.w3.org/2000/svg}"


def said(picture: str) -> str:
    """The text in a picture, without how long things took."""
    found = re.search(r"<desc>(.*?)</desc>", picture, re.DOTALL)
    assert found
    return re.sub(r"\b\d+ (s|min)\b", r"… \1", unescape(found[1]))


def test_the_picture_shows_what_the_commands_print_today() -> None:
    assert said(PICTURE.read_text(encoding="utf-8")) == said(drawn(recorded(), COLUMNS)), "type `make picture`"


def test_the_picture_shows_all_of_its_text_and_nothing_of_this_machine() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    root = ET.fromstring(text)
    shown = "".join(each.text or "" for each in root.iter(f"{_SVG}text")).replace("\N{NO-BREAK SPACE}", "")
    written = root.findtext(f"{_SVG}desc", "")
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", written)
    assert re.findall(r"(?<![~\w.])/(?:tmp|home|root|Users|private|var)\b", text) == []
    assert FOLDER in text


def test_a_line_that_is_wider_than_the_terminal_is_wrapped_with_its_style() -> None:
    root = ET.fromstring(drawn("\x1b[31mabcdef\x1b[0mgh", 4))
    rows = [(each.text, each.get("y"), each.get("fill")) for each in root.iter(f"{_SVG}text")]
    (first, y, red), (second, below, same), (third, beside, none) = rows
    assert (first, second, third) == ("abcd", "ef", "gh")
    assert red == same != none
    assert y != below == beside
