"""Variables: `${…}` in a value becomes what it stands for, once, after the merge, never scanned again."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest import keys
from batchrunner.manifest.yaml import nodes, scalars

_TOKEN = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_REFERENCE = re.compile(
    r"(?P<space>[a-z]+)(?:\.(?P<name>[^\s.:\[\]]+)|\[\"(?P<quoted>[^\"]*)\"\])(?::-(?P<default>.*))?", re.DOTALL
)
MOST_BYTES = 64 * 1024  # of one value
_SPACES = ("vars", "matrix", "row", "env", "manifest", "job")


class VariableProblem(Exception):  # a problem on its way to its collector, never further
    """A value that cannot be filled; it carries its problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Scope:
    """What `${space.name}` can mean at one place, by space. A space that is missing means nothing there.

    `later` names a space that is filled in another time: whatever else is filled stays literal then. `permitted` are
    the variables of the environment that somebody allowed, `withheld` are others that are set.
    """

    spaces: Mapping[str, Mapping[str, nodes.Node]]
    why_not: Mapping[str, str] = field(default_factory=dict)
    later: str = ""
    permitted: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()


def text_node(text: str, location: Location) -> nodes.Scalar:
    """A text that no author quoted: `8` is a number where one is wanted, as in YAML."""
    return nodes.Scalar(_value(text), text, plain=True, location=location)


def has_variable(node: nodes.Node) -> bool:
    """Whether there is anything to fill."""
    match node:
        case nodes.Scalar(value=str(text)):
            return "${" in text
        case nodes.Sequence():
            return any(has_variable(item) for item in node.items)
        case _:
            return False


def used(node: nodes.Node, space: str) -> Iterator[str]:
    """The names of one space that a value refers to."""
    match node:
        case nodes.Scalar(value=str(text)):
            for token in _TOKEN.finditer(text):
                found = _REFERENCE.fullmatch(token[1] or "")
                if found and found["space"] == space:
                    yield found["name"] if found["quoted"] is None else found["quoted"]
        case nodes.Sequence():
            for item in node.items:
                yield from used(item, space)
        case _:
            return


def substitute(node: nodes.Node, names: Scope, *, list_wanted: bool = False) -> nodes.Node:
    """The value with its variables filled; null where it is wholly a variable that is empty, with its place.

    `list_wanted`: a text from a row stands for several, separated by `|` or by spaces.

    Raises:
        VariableProblem: a variable is unknown, empty within a text, or not written as one.
    """
    match node:
        case nodes.Scalar(value=str(text)) if "${" in text:
            return _filled(node, text, names, list_wanted=list_wanted)
        case nodes.Sequence() if has_variable(node):
            return nodes.Sequence(tuple(_filled_items(node, names, list_wanted=list_wanted)), node.location)
        case _:
            return node


def _filled_items(node: nodes.Sequence, names: Scope, *, list_wanted: bool) -> Iterator[nodes.Node]:
    """The items of a list: one that is empty is left out, one that stands for several is these."""
    for item in node.items:
        filled = substitute(item, names, list_wanted=list_wanted)
        if isinstance(item, nodes.Scalar) and isinstance(filled, nodes.Sequence):
            yield from filled.items
        elif not keys.is_null(filled):
            yield filled


def _filled(node: nodes.Scalar, text: str, names: Scope, *, list_wanted: bool) -> nodes.Node:
    whole = _TOKEN.fullmatch(text)
    if whole and whole[1] is not None:
        found = _look_up(whole, names, node.location)
        from_row = whole[1].startswith("row")
        is_text = isinstance(found, nodes.Scalar) and found.value is not None
        return _split(found) if list_wanted and from_row and is_text else found
    filled = "".join(_pieces(text, names, node.location))
    return nodes.Scalar(filled, filled, plain=False, location=node.location)


def _pieces(text: str, names: Scope, location: Location) -> Iterator[str]:
    """A text in pieces, its variables filled; it ends with a problem as soon as it is too long."""
    end = size = 0
    for token in _TOKEN.finditer(text):
        for piece in (text[end : token.start()], _piece(token, names, location)):
            size += size_of(piece)
            yield piece
        if size > MOST_BYTES:
            raise VariableProblem(too_long(location))
        end = token.end()
    yield text[end:]


def size_of(text: str) -> int:
    """How many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def too_long(location: Location) -> Problem:
    """What is said of a value that is too long once its variables are filled."""
    said = f"a value is longer than {MOST_BYTES:,} bytes once its variables are filled in"
    return Problem(Code.TOO_MANY, location, said, "write a shorter text")


def _piece(token: re.Match[str], names: Scope, location: Location) -> str:
    if token[1] is None:
        return "$${" if names.later else "${"
    found = _look_up(token, names, location)
    if isinstance(found, nodes.Scalar) and found.value is not None:
        return keys.text_of(found)
    is_empty = isinstance(found, nodes.Scalar)
    what = "is empty" if is_empty else "is a list"
    hint = "give it a default: `${…:-text}`" if is_empty else "use it as the whole value"
    if token[1].startswith("row") and found.location.file != location.file:
        location, hint = found.location, f"fill the cell in, or {hint}" if is_empty else hint
    raise VariableProblem(Problem(Code.BAD_VARIABLE, location, f"`{keys.shortened(token[0])}` {what}", hint))


def _look_up(token: re.Match[str], names: Scope, location: Location) -> nodes.Node:
    reference = _REFERENCE.fullmatch(token[1]) if token[0].endswith("}") else None
    if reference is None:
        raise VariableProblem(_no_variable(token, location))
    space, default = reference["space"], reference["default"]
    name = reference["name"] if reference["quoted"] is None else reference["quoted"]
    if space == "env" and name.upper().startswith("MODELLIX_"):
        said = f"`{keys.shortened(token[0])}` could send a secret to the service"
        raise VariableProblem(
            Problem(
                Code.FORBIDDEN_VARIABLE, location, said, "remove it: keys and passwords do not belong in a manifest"
            )
        )
    if space not in names.spaces:
        raise VariableProblem(_no_space(space, names, location))
    if space == "env" and name not in names.permitted and (default is None or name in names.withheld):
        raise VariableProblem(_not_allowed(name, location))
    found = names.spaces[space].get(name)
    if isinstance(found, nodes.Scalar) and not found.location.file:  # nobody wrote it in a file: blame who uses it
        found = replace(found, location=location)
        if not is_text(found.text):
            said = f"`{keys.shortened(token[0])}` contains bytes that are not text"
            raise VariableProblem(Problem(Code.BAD_VARIABLE, location, said, "set it to UTF-8 text"))
    if default is not None and (found is None or _is_empty(found)):
        found = text_node(default, location)
    if found is not None and not _is_empty(found):
        return _literal(found) if names.later not in {"", space} else found
    if found is None:
        raise VariableProblem(_no_name(space, name, names, location))
    return nodes.Scalar(None, "", plain=True, location=found.location)


def is_text(text: str) -> bool:
    """Whether it can be written down: what a system hands over as bytes may hold halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _no_variable(token: re.Match[str], location: Location) -> Problem:
    said = f"`{keys.shortened(token[0])}` is not a variable"
    name = token[1].strip() if token[1].strip().isidentifier() else "name"
    hint = f"write `${{vars.{name}}}`, or `$${{` for a literal `${{`"
    if not token[0].endswith("}"):
        said, hint = (
            f"`{keys.shortened(token[0])}` is never closed",
            "close it with `}`, or write `$${` for a literal `${`",
        )
    return Problem(Code.BAD_VARIABLE, location, said, hint)


def _literal(node: nodes.Node) -> nodes.Node:
    """The value, as it is written where variables are filled once more."""
    text = keys.text_of(node) if isinstance(node, nodes.Scalar) else ""
    return text_node(text.replace("${", "$${"), node.location) if "${" in text else node


def _not_allowed(name: str, location: Location) -> Problem:
    said = f"`env.{keys.shortened(name)}` would be sent to the service, and that was not allowed"
    typed = shlex.quote(keys.shortened(name))
    return Problem(Code.VARIABLE_NOT_ALLOWED, location, said, f"allow it with `--env {typed}`, or remove it")


def _is_empty(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and (node.value is None or node.value == "")


def _no_space(space: str, names: Scope, location: Location) -> Problem:
    if space in names.why_not:
        return Problem(Code.UNKNOWN_VARIABLE, location, f"there is no `${{{space}.…}}` here", names.why_not[space])
    near = nearest_name(space, _SPACES)
    hint = f"did you mean `{near}`?" if near else f"known: {', '.join(names.spaces)}"
    return Problem(Code.UNKNOWN_VARIABLE, location, f"`{keys.shortened(space)}` is not a kind of variable", hint)


def _no_name(space: str, name: str, names: Scope, location: Location) -> Problem:
    known = names.spaces[space]
    near = nearest_name(name, known)
    listed = ", ".join(keys.shortened(each) for each in list(known)[:8])
    hint = f"did you mean `{near}`?" if near else f"known: {listed}"
    if space == "env":
        hint = f"set it, or give it a default: `${{env.{keys.shortened(name)}:-text}}`"
    elif space == "vars" and not near:
        hint = "define it under `vars:`" + (f"; known: {listed}" if listed else "")
    shown = f".{name}" if re.fullmatch(r"[\w-]+", name) else f'["{name}"]'
    said = f"there is no variable `{space}{keys.shortened(shown)}`"
    return Problem(Code.UNKNOWN_VARIABLE, location, said, hint)


def _split(node: nodes.Node) -> nodes.Sequence:
    text = keys.text_of(node) if isinstance(node, nodes.Scalar) else ""
    parts = text.split("|") if "|" in text else text.split()
    stripped = (part.strip() for part in parts)
    return nodes.Sequence(tuple(text_node(part, node.location) for part in stripped if part), node.location)


def _value(text: str) -> str | int | float | bool | None:
    try:
        return scalars.value_of(text)
    except ValueError:
        return text
