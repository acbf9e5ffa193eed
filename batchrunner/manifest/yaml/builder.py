"""What may grow out of a YAML text: limits, keys, anchors and aliases; no parser is known here.

Depth, size and aliases are judged before anything is built from them, and nothing recurses into the input.
"""

from dataclasses import dataclass, field
from typing import NoReturn

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.manifest.yaml import scalars
from batchrunner.manifest.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence

MOST_DEPTH = 64
MOST_NODES = 1_000_000  # 100,000 jobs of four keys each; with the largest text, some 700 MB while it is read
MOST_PROBLEMS = 1_000  # then the rest of the file is not read
ALIAS_FACTOR = 10  # a file may unfold to so many times the nodes that are written in it,
ALIAS_FLOOR = 100_000  # and to so many more

_KINDS = {bool: "a boolean", int: "a number", float: "a number", type(None): "an empty value"}
_SHOWN = 40  # characters of a name that a message shows


class LimitReached(Exception):
    """To read on would cost time and tell the author nothing new; the problem that says why is noted."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """A node with what it unfolds to, its aliases followed: how many nodes, how many levels."""

    node: Node
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come; of a mapping's children every second one is a value."""

    location: Location
    anchor: str | None
    is_mapping: bool
    children: list[Node] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)
    size: int = 1
    height: int = 1


class Tree:
    """Is told what stands in a text, in its order; gives the root that it makes, and the problems."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._root: Node | None = None
        self._is_broken = False
        self._problems = Problems()
        self._noted = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, _Branch | None] = {}  # None where the anchored node's end has not come
        self._written = 0
        self._unfolded = 0

    def root(self) -> Node | None:
        """The outermost node, if all of it could be built."""
        return None if self._is_broken else self._root

    def problems(self) -> tuple[Problem, ...]:
        """What was found, in the file's order."""
        return self._problems.in_order()

    def give_up(self, problem: Problem) -> None:
        """Notes a problem after which what was built is not what its author meant."""
        self._is_broken = True
        self._note(problem)

    def refuse_depth(self, location: Location) -> NoReturn:
        """Ends the reading at a node that is nested too deep; the parser may have its own limit, and calls this too.

        Raises:
            EnoughError: always.
        """
        message = f"lists and mappings are nested more than {MOST_DEPTH} deep here"
        self.give_up(Problem(Code.YAML_DEPTH, location, message, "check for an unquoted text full of [ or {"))
        raise LimitReached

    def document(self, location: Location) -> None:
        """A document begins; only the first is read."""
        if self._root is not None:
            message = "a second document begins here, but a file holds one"
            self._tell(Code.YAML_DOCUMENTS, location, message, "delete the line `---`, or make two files of it")
            raise LimitReached

    def scalar(self, text: str, location: Location, anchor: str | None, *, plain: bool) -> None:
        """A single value."""
        self._count(location)
        try:
            value = scalars.value_of(text) if plain else text
        except ValueError as error:
            self._tell(Code.YAML_NUMBER, location, str(error), "put it in quotes if it is text")
            value = text
        self._keep(Scalar(value, text, plain, location), location, anchor)

    def start(self, location: Location, anchor: str | None, *, is_mapping: bool) -> None:
        """A list or a mapping begins."""
        self._count(location)
        if len(self._open) == MOST_DEPTH:
            self.refuse_depth(location)
        if anchor is not None:
            self._anchors[anchor] = None
        self._open.append(_Open(location, anchor, is_mapping))

    def end(self) -> None:
        """The innermost open list or mapping ends."""
        done = self._open.pop()
        node = self._mapping(done) if done.is_mapping else Sequence(tuple(done.children), done.location)
        self._keep(node, done.location, done.anchor, done.size, done.height)

    def alias(self, name: str, location: Location) -> None:
        """The node that an anchor named, once more."""
        branch = self._branch(name, location)
        if len(self._open) + branch.height > MOST_DEPTH:
            self.refuse_depth(location)
        self._unfolded += branch.size
        if self._unfolded > ALIAS_FACTOR * self._written + ALIAS_FLOOR:
            self.give_up(_too_many_aliases(location))
            raise LimitReached
        self._keep(branch.node, location, None, branch.size, branch.height)

    def _branch(self, name: str, location: Location) -> _Branch:
        branch = self._anchors.get(name)
        if branch is None:
            self.give_up(_endless_alias(name, location) if name in self._anchors else _lost_alias(name, location))
        return branch or _Branch(Scalar("", "", plain=False, location=location))

    def tag(self, tag: str, location: Location) -> None:
        """A tag stands before the next node, which is read as if it did not."""
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        message = f"the tag {_shown(shown)} cannot be used: values are what they look like"
        hint = "delete the tag; put text that starts with ! in quotes"
        self._tell(Code.YAML_TAG, location, message, hint)

    def _keep(self, node: Node, location: Location, anchor: str | None, size: int = 1, height: int = 0) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Branch(node, size, height)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.children.append(node)
        parent.locations.append(location)
        parent.size += size
        if height >= parent.height:
            parent.height = height + 1

    def _mapping(self, done: _Open) -> Mapping:
        entries: dict[str, Entry] = {}
        is_whole = True
        keys, locations, values = done.children[::2], done.locations[::2], done.children[1::2]
        for key, location, value in zip(keys, locations, values, strict=True):
            name = self._name(key, location)
            if name in entries:
                self._tell(Code.DUPLICATE_KEY, location, *_duplicate(name, entries[name].location))
            elif name is not None:
                entries[name] = Entry(location, value)
            else:
                is_whole = False
        return Mapping(entries, done.location, is_whole)

    def _name(self, key: Node, location: Location) -> str | None:
        """A key as a text; None where it is none and what stands under it is left out."""
        if not isinstance(key, Scalar):
            message = "a list or a mapping cannot be a key"
            self._tell(Code.YAML_KEY, location, message, "put the whole key in quotes")
            return None
        if key.plain and key.text == "<<":
            message = "the merge key `<<` cannot be used: it hides where a value comes from"
            self._tell(Code.YAML_MERGE_KEY, location, message, "name a template and write `extends: its-name`")
            return None
        if not isinstance(key.value, str):
            kind = _KINDS[type(key.value)]
            self._tell(Code.YAML_KEY, location, f"a key must be text, but this is {kind}", f'write `"{key.text}"`')
        return key.text

    def _count(self, location: Location) -> None:
        self._written += 1
        if self._written > MOST_NODES:
            message = f"the file contains more than {MOST_NODES:,} values"
            hint = "split it into several files"
            self.give_up(Problem(Code.FILE_TOO_LARGE, location, message, hint))
            raise LimitReached

    def _tell(self, code: Code, location: Location, message: str, hint: str) -> None:
        self._note(Problem(code, location, message, hint))

    def _note(self, problem: Problem) -> None:
        self._problems.add(problem)
        self._noted += 1
        if self._noted >= MOST_PROBLEMS:
            self._is_broken = True
            raise LimitReached


def _shown(text: str) -> str:
    """A name from the file, short and with its control characters spelt out."""
    return f"`{repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…')[1:-1]}`"


def _duplicate(name: str, first: Location) -> tuple[str, str]:
    return (
        f"the key {_shown(name)} is repeated: it is first on line {first.line}",
        "delete one of the two",
    )


def _lost_alias(name: str, location: Location) -> Problem:
    message = f"there is no anchor `&{name[:_SHOWN]}` before this alias `*{name[:_SHOWN]}`"
    return Problem(Code.YAML_ALIASES, location, message, "put text that starts with * in quotes")


def _endless_alias(name: str, location: Location) -> Problem:
    message = f"the alias `*{name[:_SHOWN]}` is inside the value that it refers to, which would never end"
    return Problem(Code.YAML_ALIASES, location, message, "write the values out")


def _too_many_aliases(location: Location) -> Problem:
    message = "with its aliases written out, the file would be many times its size"
    return Problem(Code.YAML_ALIASES, location, message, "write the values out, or put them into a template")
