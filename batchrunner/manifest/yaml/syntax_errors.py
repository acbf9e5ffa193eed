"""A YAML parser's complaint, in words for the author of a manifest.

The table knows what libyaml and PyYAML's own parser say for the same mistake, and where to look for it.
"""

import re
from dataclasses import dataclass
from enum import Enum

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem


@dataclass(frozen=True, slots=True)
class ParserMessage:
    """What a parser said and where; `since` is where the thing began that it was reading."""

    words: str
    at: Location
    since: Location | None


class _Show(Enum):
    """Which place helps the author most."""

    HERE = "where the parser stopped"
    START = "where the thing began that it was reading"
    BACKSLASH = "at the last backslash before"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one complaint means, if the line before and after its place looks so."""

    words: str
    message: str
    hint: str
    before: str = ""
    here: str = ""
    opener: str = ""
    show: _Show = _Show.HERE
    code: Code = Code.YAML_SYNTAX

    def fits(self, complaint: ParserMessage, text: "_Surroundings") -> bool:
        """Whether this is the one; an empty pattern fits anything."""
        found = (
            (self.words, complaint.words),
            (self.before, text.before),
            (self.here, text.here),
            (self.opener, text.opener),
        )
        return all(re.search(pattern, subject) for pattern, subject in found)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    before: str  # the line up to the place
    here: str  # the line from the place on; empty at its end
    opener: str  # the line from where the thing began


_QUOTE_TEXT = "put the whole text in quotes"
_NO_KEY = r"expected key|expected '-'|expected <block end>"

_READINGS = (
    _Reading(
        r"cannot start any token|found a tab character",
        "a tab is used where only spaces are allowed",
        "replace the tab with spaces",
        here=r"^\t",
    ),
    _Reading(r"cannot start any token", "unquoted text cannot start with {char}", _QUOTE_TEXT),
    _Reading(
        r"alphabetic or numeric character",
        "unquoted text cannot start with {opener}, which is YAML's sign for an anchor or alias",
        _QUOTE_TEXT,
        show=_Show.START,
    ),
    _Reading(
        r"expected tag URI|expected URI|expected '>'|expected the '>'|the expected '>'|undefined tag handle",
        "unquoted text cannot start with !, which is YAML's sign for a tag",
        _QUOTE_TEXT,
        show=_Show.START,
        code=Code.YAML_TAG,
    ),
    _Reading(
        r"unexpected end of stream|unexpected document",
        "the quote that opens here is never closed",
        "close it with another {opener}; inside '…' write an apostrophe twice",
        show=_Show.START,
    ),
    _Reading(
        r"unknown escape|hexdecimal|hexadecimal|invalid Unicode",
        "this backslash does not start an escape that YAML knows",
        "use single quotes, or write the backslash twice",
        show=_Show.BACKSLASH,
    ),
    _Reading(
        r"expected ',' or",
        "the {opener} that opens here is never closed",
        "close it with {closer}; put text with brackets in it in quotes",
        here=r"^$",
        show=_Show.START,
    ),
    _Reading(
        r"expected ',' or",
        "a comma or {closer} is missing before this: the {opener} of line {line} is still open",
        "add what is missing; put text that contains : , [ ] {{ }} in quotes",
    ),
    _Reading(
        r"mapping values are not allowed",
        "text with a colon and a space in it needs quotes",
        _QUOTE_TEXT,
        before=r":\s",
    ),
    _Reading(
        r"mapping values are not allowed",
        "a key is not allowed here: the line above already ends in a value or lacks its colon",
        "indent the key like its neighbours, or end the line above with a colon",
    ),
    _Reading(
        rf"{_NO_KEY}|expected '?<document start>",
        "this {char} closes nothing",
        "delete it, or put the text around it in quotes",
        here=r"^[\]}]",
    ),
    _Reading(
        _NO_KEY,
        "text follows a closing quote",
        "put the whole text in one pair of quotes; inside '…' write an apostrophe twice",
        before=r"['\"]\s*$|['\"]\S*\s*$",
    ),
    _Reading(_NO_KEY, "this {char} follows a value that is already complete", _QUOTE_TEXT, before=r"\S"),
    _Reading(
        _NO_KEY,
        "a list item is used where a key belongs",
        "indent it like the other items of its list, or give the list a key of its own",
        here=r"^-(\s|$)",
    ),
    _Reading(
        _NO_KEY,
        "the indentation of this line fits neither the list of line {line} nor anything in it",
        "keys of one item must line up exactly; a further item starts with a dash",
        opener=r"^-(\s|$)",
    ),
    _Reading(
        _NO_KEY,
        "the indentation of this line fits neither the keys of line {line} nor anything below them",
        "keys of one mapping must line up exactly",
    ),
    _Reading(
        r"could not find expected ':'",
        "the dash of a list item needs a space after it",
        "write a dash, a space and the value",
        opener=r"^-\S",
        show=_Show.START,
    ),
    _Reading(
        r"could not find expected ':'",
        "this is neither `key: value` nor a list item",
        "add the colon (a key has at most 1024 characters), or indent a text's further lines below its key",
        show=_Show.START,
    ),
    _Reading(
        r"sequence entries are not allowed",
        "a list cannot start on the line of its key",
        "start it on the next line, or put text that starts with a dash in quotes",
    ),
    _Reading(
        r"mapping keys are not allowed",
        "unquoted text cannot start with a question mark and a space",
        _QUOTE_TEXT,
    ),
    _Reading(
        r"comment or a? ?line break|chomping or indentation|indentation indicator",
        "text follows the {opener} that starts a block of lines",
        "start the text on the next line, indented, or put it in quotes",
        show=_Show.START,
    ),
    _Reading(
        r"node content",
        "the file ends where a value is expected",
        "close every bracket that was opened",
        here=r"^$",
    ),
    _Reading(
        r"node content",
        "a value cannot start with {char} here",
        "write the missing value, or put the text in quotes",
    ),
    _Reading(
        r"expected '?<document start>",
        "this follows the end of the document",
        "delete it, or indent it to where it belongs",
        here=r"\S",
    ),
)  # fmt: skip

_CLOSERS = {"[": "]", "{": "}"}


def problem(complaint: ParserMessage, lines: tuple[str, ...]) -> Problem:
    """The complaint as a problem; one that the table does not know keeps the parser's words."""
    text = _Surroundings(
        _line(complaint.at, lines)[: complaint.at.column - 1],
        _line(complaint.at, lines)[complaint.at.column - 1 :],
        _from(complaint.since, lines),
    )
    reading = next((r for r in _READINGS if r.fits(complaint, text)), None)
    if reading is None:
        return Problem(Code.YAML_SYNTAX, complaint.at, f"this is not valid YAML: {complaint.words}")
    names = {
        "char": text.here[:1] or "end of the line",
        "opener": text.opener[:1],
        "closer": _CLOSERS.get(text.opener[:1], "]"),
        "line": complaint.since.line if complaint.since else complaint.at.line,
    }
    location = _place(reading.show, complaint, text)
    return Problem(reading.code, location, reading.message.format(**names), reading.hint.format(**names))


def _place(show: _Show, complaint: ParserMessage, text: _Surroundings) -> Location:
    at = complaint.at
    match show:
        case _Show.HERE:
            return at
        case _Show.START:
            return complaint.since or at
        case _Show.BACKSLASH:
            return Location(at.file, at.line, (text.before + text.here[:1]).rfind("\\") + 1 or at.column)


def _from(location: Location | None, lines: tuple[str, ...]) -> str:
    return _line(location, lines)[location.column - 1 :] if location else ""


def _line(location: Location, lines: tuple[str, ...]) -> str:
    return lines[location.line - 1]
