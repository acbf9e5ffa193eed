"""Our own keys, as tables: what may stand where, of which kind, and what it is for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from batchrunner.manifest import nodes
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems, nearest


class Kind(StrEnum):
    """What a value can be, in the words of the messages."""

    TEXT = "a text"
    NUMBER = "a whole number"
    AMOUNT = "a number or a text"
    SWITCH = "true or false"
    TEXTS = "a list of texts"
    KEYS = "keys with values"
    LIST = "a list"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of ours. `says` is what an editor shows beside it."""

    kind: Kind
    says: str


TOP: Mapping[str, Key] = {
    "version": Key(Kind.NUMBER, "The version of the manifest's language: 1."),
    "name": Key(Kind.TEXT, "The identity of these jobs in the ledger; by default the file's stem."),
    "model": Key(Kind.TEXT, "The model of every job that names none."),
    "settings": Key(Kind.KEYS, "How the batch is run; an option on the command line wins."),
    "defaults": Key(Kind.KEYS, "What every job has that does not say otherwise."),
    "jobs": Key(Kind.LIST, "The clips that are wanted."),
}

SETTINGS: Mapping[str, Key] = {
    "concurrency": Key(Kind.AMOUNT, "How many tasks may run at once."),
    "rate": Key(Kind.AMOUNT, "Requests of all kinds: `100/min`."),
    "task_timeout": Key(Kind.TEXT, "When to stop asking for a task in one run: `30m`."),
    "retries": Key(Kind.AMOUNT, "How often a failed task is submitted again; each may be paid."),
    "budget": Key(Kind.AMOUNT, "What this manifest may cost in its whole life, in US dollars."),
    "output": Key(Kind.TEXT, "Where a clip goes: `outputs/${manifest.name}/${job.id}.mp4`."),
}

# What a job may hold beside the request fields; defaults may hold what all jobs can share.
SHARED: Mapping[str, Key] = {
    "model": Key(Kind.TEXT, "The model that renders the clip."),
    "tags": Key(Kind.TEXTS, "Words to select jobs by."),
    "takes": Key(Kind.NUMBER, "How many clips of the same request are wanted: 1 to 100."),
    "output": Key(Kind.TEXT, "Where the clip goes."),
    "enabled": Key(Kind.SWITCH, "`false` leaves the job out."),
}

JOB: Mapping[str, Key] = {"id": Key(Kind.TEXT, "The job's name, for files and the ledger."), **SHARED}


def read_keys(
    mapping: nodes.Mapping, table: Mapping[str, Key], fields: Iterable[str], problems: Problems
) -> dict[str, nodes.Entry]:
    """The entries that may stand here and have the right kind; every other is a problem.

    `fields` are the request fields that may stand here too, under the API's own names.
    """
    known = {*table, *fields}
    kept: dict[str, nodes.Entry] = {}
    for name, entry in mapping.entries.items():
        if name.startswith("x-") or name == "$schema":
            continue
        if name not in known:
            problems.add(_unknown(name, entry.place, known))
        elif name not in table or has_kind(name, entry.node, table[name].kind, problems):
            kept[name] = entry
    return kept


def has_kind(name: str, node: nodes.Node, kind: Kind, problems: Problems) -> bool:
    """Whether a value is of the kind that its key wants; if not, a problem at the value says so."""
    if _FITS[kind](node):
        return True
    said = f"`{name}` must be {kind}, not {described(node)}"
    problems.add(Problem(Code.WRONG_TYPE, node.place, said, _KIND_HINTS.get(kind), name))
    return False


def described(node: nodes.Node) -> str:
    """What a value is, for a message: `the text "yes"`, `a list`."""
    match node:
        case nodes.Mapping():
            return "keys with values"
        case nodes.Sequence():
            return "a list"
        case nodes.Scalar(value=None):
            return "empty"
        case nodes.Scalar(value=str(text)):
            return f'the text "{shortened(text)}"'
        case nodes.Scalar():
            return f"`{shortened(node.text)}`"


def shortened(text: str, most: int = 60) -> str:
    """A text as it fits into a sentence: on one line, not endless."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def text_of(node: nodes.Scalar) -> str:
    """A value as a text: a plain one as its author typed it, so that `007` and `16:9` stay what they are."""
    return node.text if node.plain else str(node.value)


def _unknown(name: str, place: Place, known: Iterable[str]) -> Problem:
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near else "remove it, or begin its name with `x-` to keep a note"
    return Problem(Code.UNKNOWN_KEY, place, f"unknown key `{shortened(name)}`", hint, name)


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and node.value is not None and not isinstance(node.value, bool)


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and type(node.value) is int


_FITS: Mapping[Kind, Callable[[nodes.Node], bool]] = {
    Kind.TEXT: _is_text,
    Kind.NUMBER: _is_number,
    Kind.AMOUNT: _is_text,
    Kind.SWITCH: lambda node: isinstance(node, nodes.Scalar) and isinstance(node.value, bool),
    Kind.TEXTS: lambda node: isinstance(node, nodes.Sequence) and all(map(_is_text, node.items)),
    Kind.KEYS: lambda node: isinstance(node, nodes.Mapping),
    Kind.LIST: lambda node: isinstance(node, nodes.Sequence),
}

_KIND_HINTS = {
    Kind.SWITCH: "write `true` or `false`, without quotes",
    Kind.NUMBER: "write a number such as `1`, without quotes",
    Kind.TEXTS: "write `[one, two]`",
    Kind.LIST: "begin each item with `- `",
}
