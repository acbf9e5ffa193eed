"""YAML, in both directions: a text becomes nodes and problems that know their place, data becomes a text.

The only file that imports a YAML library. It reads the parser's events, not its nodes: one pass, no
recursion.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import yaml

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem
from batchrunner.manifest import text_file
from batchrunner.manifest.yaml import scalars, syntax_errors
from batchrunner.manifest.yaml.builder import LimitReached, Tree
from batchrunner.manifest.yaml.nodes import Scalar

if TYPE_CHECKING:
    from pathlib import Path

    from batchrunner.manifest.yaml.nodes import Node

    Loader = type[yaml.SafeLoader | yaml.CSafeLoader]


_MOST_CHARACTERS = 20  # forbidden characters shown: a binary file has thousands

# What libyaml says from 0.2.6 on, at a nesting of 1,000; before that it goes on, and our own limit is met first.
_TOO_DEEP = "maximum nesting depth"

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile(r"%(?!YAML 1\.[12]\s*(?:#|$))")


class _PureLoader(yaml.SafeLoader):
    """PyYAML's own parser, made to agree with libyaml about tabs after a value and about escapes."""

    def scan_to_next_token(self) -> None:
        """Skips spaces, comments and line breaks; tabs too, where they indent nothing."""
        at_token = False
        while not at_token:
            blanks = " " if self.allow_simple_key and not self.flow_level else " \t"
            while self.peek() in blanks:
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0\r\n\x85\u2028\u2029":
                    self.forward()
            at_token = not self.scan_line_break()  # type: ignore[no-untyped-call]  # a gap in the stubs
            self.allow_simple_key |= not at_token and not self.flow_level

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: yaml.Mark) -> list[str]:  # noqa: FBT001 - theirs
        """The pieces of a quoted text."""
        try:
            pieces: list[str] = super().scan_flow_scalar_non_spaces(double, start_mark)
            "".join(pieces).encode()  # half a surrogate pair is refused here
        except (ValueError, OverflowError):
            words = "found invalid Unicode character escape code"
            raise yaml.MarkedYAMLError(None, start_mark, words, self.get_mark()) from None
        return pieces


_FASTEST = getattr(yaml, "CSafeLoader", _PureLoader)  # absent where PyYAML was built without libyaml


@dataclass(frozen=True, slots=True)
class Document:
    """One file, parsed: every place's line is in `lines`, `root` is None where it could not be built."""

    file: str
    lines: tuple[str, ...]
    root: "Node | None"
    problems: tuple[Problem, ...]


def read(path: "Path", name: str | None = None) -> Document:
    """The document in a file, called `name` in its places; a file that cannot be read is a problem in it."""
    file = str(path) if name is None else name
    found = text_file.load(path, file)
    if found.problem is not None:
        return Document(file, text_file.split_lines(found.text), None, (found.problem,))
    return parse(found.text, file)


def parse(text: str, file: str) -> Document:
    """The document in a text. An alias is its anchor's node, place and all; that node starts at the &."""
    return _parse(text, file, _FASTEST)


def _parse(text: str, file: str, loader: "Loader") -> Document:
    text = text.removeprefix("\ufeff")
    lines = _Lines(file, text_file.split_lines(text))
    refused = _forbidden_characters(text, lines) or _directives(lines)
    if refused:
        return Document(file, lines.texts, None, refused)
    tree = Tree(file)
    with suppress(LimitReached):
        _grow(tree, text, lines, loader)
    if not tree.problems() and _is_empty(tree.root()):
        message = "the file is empty, or holds only comments"
        empty = Problem(Code.FILE_EMPTY, Location(file, 1, 1), message, "start with `version: 1` and `jobs:`")
        return Document(file, lines.texts, None, (empty,))
    return Document(file, lines.texts, tree.root(), tree.problems())


class _Mark(Protocol):
    """A position as both parsers give it, counted from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Lines:
    """A file's lines, and the places in them."""

    file: str
    texts: tuple[str, ...]

    def location(self, mark: _Mark | None) -> Location:
        """Where a mark is. libyaml sees a line after the last one, which then is the end of the last one."""
        if mark is None:
            return Location(self.file, 1, 1)
        if mark.line == len(self.texts):
            return Location(self.file, mark.line, len(self.texts[-1]) + 1)
        return Location(self.file, mark.line + 1, mark.column + 1)


def _grow(tree: Tree, text: str, lines: _Lines, loader: "Loader") -> None:
    try:
        for event in yaml.parse(text, Loader=loader):
            _take(tree, event, lines)
    except yaml.MarkedYAMLError as error:
        since = lines.location(error.context_mark) if error.context_mark else None
        words = error.problem or str(error)
        if _TOO_DEEP in words:
            tree.refuse_depth(lines.location(error.problem_mark))
        complaint = syntax_errors.ParserMessage(words, lines.location(error.problem_mark), since)
        tree.give_up(syntax_errors.problem(complaint, lines.texts))


def _take(tree: Tree, event: yaml.Event, lines: _Lines) -> None:
    match event:
        case yaml.ScalarEvent():
            location = _tagged(tree, event, lines)
            tree.scalar(event.value, location, event.anchor, plain=not event.style)
        case yaml.CollectionStartEvent():
            location = _tagged(tree, event, lines)
            tree.start(location, event.anchor, is_mapping=isinstance(event, yaml.MappingStartEvent))
        case yaml.CollectionEndEvent():
            tree.end()
        case yaml.AliasEvent():
            tree.alias(str(event.anchor), lines.location(event.start_mark))
        case yaml.DocumentStartEvent():
            tree.document(lines.location(event.start_mark))


def _tagged(tree: Tree, event: yaml.ScalarEvent | yaml.CollectionStartEvent, lines: _Lines) -> Location:
    """Where a node starts; on the way the tree is told of a tag there."""
    location = lines.location(event.start_mark)
    if event.tag is not None:
        tree.tag(event.tag, location)
    return location


def _is_empty(root: "Node | None") -> bool:
    return root is None or (isinstance(root, Scalar) and root.plain and not root.text)


def _forbidden_characters(text: str, lines: _Lines) -> tuple[Problem, ...]:
    if not _FORBIDDEN.search(text):
        return ()
    found = (
        Problem(
            Code.YAML_CHARACTER,
            Location(lines.file, number, match.start() + 1),
            f"the invisible character U+{ord(match[0]):04X} is not allowed in a YAML file",
            "is this a text file? if so, save it as UTF-8" if match[0] == "\0" else "delete it",
        )
        for number, line in enumerate(lines.texts, 1)
        for match in _FORBIDDEN.finditer(line)
    )
    return tuple(islice(found, _MOST_CHARACTERS))


def _directives(lines: _Lines) -> tuple[Problem, ...]:
    """Refused before parsing: they mean nothing here, and libyaml takes quadratic time over them."""
    number = next((n for n, line in enumerate(lines.texts, 1) if line.startswith("%") and _DIRECTIVE.match(line)), None)
    if number is None:
        return ()
    message = "a line that starts with % is a YAML directive, which has no meaning here"
    return (Problem(Code.YAML_SYNTAX, Location(lines.file, number, 1), message, "delete the line, or indent it"),)


class _Dumper(yaml.SafeDumper):
    """Not libyaml's, which spells emoji as escapes."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class's signature
        """Always: repeated values are written out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - theirs
        """One level deeper, in lists too."""
        super().increase_indent(flow, indentless=False)


_MISTAKEN_FOR_A_VALUE = re.compile(rf"(?:{scalars.FLOAT.pattern}|[yYnN]|0o[0-7]+)$")
# Kept only as an escape: other line breaks; what nobody sees or what moves other signs (two joiners are parts of words
# and of emoji); and what a pipeline would take for a command in its log.
_UNSEEN = re.compile(
    "[\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
    "\\ufff9-\\ufffb\\ue000-\\uf8ff\\U000e0000-\\U000e0fff]"
)
_COMMAND = re.compile(r"#(?=#\w*\[)")
_ESCAPED = re.compile(rf"\r|{_UNSEEN.pattern}|(?m:^\s*::)|{_COMMAND.pattern}")


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _ESCAPED.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _MISTAKEN_FOR_A_VALUE, list("+-.0123456789yYnN"))


def dump(data: object) -> str:
    """Plain data as YAML that reads back the same: block style, keys in their order, quotes where needed.

    Numbers must be finite, and keys texts.
    """
    text = str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9))
    text = _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return _COMMAND.sub(r"\\x23", text)
