"""Our own keys, as tables: what may stand where, of which kind, and what it is for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.domain.suggestions import nearest_name
from batchrunner.manifest.yaml import nodes


class KeyKind(StrEnum):
    """What a value can be, in the words of the messages."""

    TEXT = "a text"
    NUMBER = "a whole number"
    AMOUNT = "a number or a text"
    SWITCH = "true or false"
    TEXTS = "a text or a list of texts"
    KEYS = "keys with values"
    LIST = "a list"
    ROWS = "a file name, or a `glob`"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of ours. `says` is what an editor shows beside it; `filled`: `${…}` is allowed in its value."""

    kind: KeyKind
    says: str
    filled: bool = False


_FRAGMENT: Mapping[str, Key] = {
    "version": Key(KeyKind.NUMBER, "The version of the manifest's language: 1."),
    "model": Key(KeyKind.TEXT, "The model of every job that names none.", filled=True),
    "vars": Key(KeyKind.KEYS, "Values to be used as `${vars.name}`."),
    "defaults": Key(KeyKind.KEYS, "What every job has that does not say otherwise."),
    "templates": Key(KeyKind.KEYS, "Named sets of keys; a job takes one over with `extends`."),
    "include": Key(KeyKind.TEXTS, "Files with more jobs and templates; `shots/*.yaml` takes many."),
    "jobs": Key(KeyKind.LIST, "The clips that are wanted."),
}

MANIFEST: Mapping[str, Key] = {
    "version": _FRAGMENT["version"],
    "name": Key(KeyKind.TEXT, "The identity of these jobs in the ledger; by default the file's stem."),
    "models": Key(KeyKind.TEXTS, "Files that describe models of one's own; `models/*.yaml` takes many."),
    "settings": Key(KeyKind.KEYS, "How the batch is run; an option on the command line wins."),
    "profiles": Key(KeyKind.KEYS, "Named overlays, such as `draft`, with clips and a history of their own."),
    **_FRAGMENT,
}

FRAGMENT = _FRAGMENT

SETTINGS: Mapping[str, Key] = {
    "concurrency": Key(KeyKind.AMOUNT, "How many tasks may run at once.", filled=True),
    "rate": Key(KeyKind.AMOUNT, "Requests of all kinds: `100/min`.", filled=True),
    "task_timeout": Key(KeyKind.TEXT, "When to stop asking for a task in one run: `30m`.", filled=True),
    "retries": Key(KeyKind.AMOUNT, "How often a failed task is submitted again; each may be paid.", filled=True),
    "budget": Key(KeyKind.AMOUNT, "What this manifest may cost over its lifetime, in US dollars.", filled=True),
    "download_limit": Key(KeyKind.TEXT, "The largest clip that is downloaded: `4GiB`.", filled=True),
    "output": Key(KeyKind.TEXT, "Where a clip goes: `outputs/${manifest.name}/${job.id}.mp4`.", filled=True),
}

# What a layer may hold beside the request fields: defaults, templates, profiles.
SHARED: Mapping[str, Key] = {
    "model": Key(KeyKind.TEXT, "The model that renders the clip.", filled=True),
    "tags": Key(KeyKind.TEXTS, "Words to select jobs by.", filled=True),
    "takes": Key(KeyKind.NUMBER, "How many clips of the same request are wanted: 1 to 100.", filled=True),
    "output": Key(KeyKind.TEXT, "Where the clip goes.", filled=True),
    "enabled": Key(KeyKind.SWITCH, "`false` leaves the job out.", filled=True),
}

# What a profile may hold.
PROFILE: Mapping[str, Key] = {
    **SHARED,
    "drop": Key(
        KeyKind.TEXTS, "Fields that are left out under this profile, such as one that its model does not have."
    ),
}

# What only a job may hold.
OWN: Mapping[str, Key] = {
    "id": Key(KeyKind.TEXT, "The job's name, for files and the ledger.", filled=True),
    "extends": Key(KeyKind.TEXTS, "The templates whose keys the job takes over, left to right."),
    "matrix": Key(KeyKind.KEYS, "Axes with values: one job for each combination."),
    "rows": Key(KeyKind.ROWS, "A CSV, JSONL or `.xlsx` file, or a glob of images: one job for each row."),
    "encoding": Key(KeyKind.TEXT, "The encoding of the rows' texts, if it is not UTF-8: `windows-1252`, `mac-roman`."),
}

JOB: Mapping[str, Key] = {**OWN, **SHARED}

# All keys of ours that a job ends up with, under whatever profile.
MERGED: Mapping[str, Key] = {**JOB, **PROFILE}


def is_ignored(name: str) -> bool:
    """Whether a key is the author's own note."""
    return name.startswith("x-") or name == "$schema"


def read_keys(mapping: nodes.Mapping, known: Iterable[str], problems: Problems) -> dict[str, nodes.Entry]:
    """The entries that may stand here; every other is a problem with the nearest known name."""
    known = frozenset(known)
    kept = {name: entry for name, entry in mapping.entries.items() if name in known}
    for name, entry in mapping.entries.items():
        if name not in known and not is_ignored(name):
            problems.add(_unknown(name, entry.location, known))
    return kept


def meant(mapping: nodes.Mapping, known: Iterable[str]) -> frozenset[str]:
    """The known keys that were probably written, though under no known name: of these, none is said to be missing."""
    known = frozenset(known)
    if not mapping.is_whole:
        return known
    near = (nearest_name(name, known) for name in mapping.entries if name not in known and not is_ignored(name))
    return frozenset(name for name in near if name)


def read_table(mapping: nodes.Mapping, table: Mapping[str, Key], problems: Problems) -> dict[str, nodes.Entry]:
    """The entries that may stand here and are of the right kind."""
    kept = read_keys(mapping, table, problems)
    return {name: entry for name, entry in kept.items() if has_kind(name, entry.node, table[name].kind, problems)}


def has_kind(
    name: str,
    node: nodes.Node,
    kind: KeyKind,
    problems: Problems,
    origin: str = "",
    place: Location | None = None,
) -> bool:
    """Whether a value is of the kind that its key wants; if not, a problem at the value, or at its `place`, says so."""
    if _FITS[kind](node):
        return True
    said = f"`{name}` must be {kind}, not {described(node)}{origin}"
    problems.add(Problem(Code.WRONG_TYPE, place or node.location, said, _KIND_HINTS.get(kind), name))
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
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def text_of(node: nodes.Scalar) -> str:
    """A value as a text: a plain one as its author typed it, so that `007` and `16:9` stay what they are."""
    return node.text if node.plain else str(node.value)


def texts_of(node: nodes.Node) -> tuple[nodes.Scalar, ...]:
    """The texts of a list, or the one text that stands for a list."""
    items = node.items if isinstance(node, nodes.Sequence) else (node,)
    return tuple(item for item in items if isinstance(item, nodes.Scalar))


def is_null(node: nodes.Node) -> bool:
    """Whether a value says that there is none."""
    return isinstance(node, nodes.Scalar) and node.value is None


def _unknown(name: str, location: Location, known: Iterable[str]) -> Problem:
    return Problem(Code.UNKNOWN_KEY, location, f"unknown key `{shortened(name)}`", _hint(name, known), name)


def _hint(name: str, known: Iterable[str]) -> str:
    """What an author may have meant by a key that cannot stand where it stands."""
    where = next((where for table, where in _HOMES.items() if name in _TABLES[table]), None)
    if where:
        return f"`{name}` belongs {where}"
    near = nearest_name(name, known)
    return f"did you mean `{near}`?" if near else "remove it, or begin its name with `x-` to keep a note"


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and node.value is not None and not isinstance(node.value, bool)


_FITS: Mapping[KeyKind, Callable[[nodes.Node], bool]] = {
    KeyKind.TEXT: _is_text,
    KeyKind.NUMBER: lambda node: isinstance(node, nodes.Scalar) and type(node.value) is int,
    KeyKind.AMOUNT: _is_text,
    KeyKind.SWITCH: lambda node: isinstance(node, nodes.Scalar) and isinstance(node.value, bool),
    KeyKind.TEXTS: lambda node: _is_text(node) or (isinstance(node, nodes.Sequence) and all(map(_is_text, node.items))),
    KeyKind.KEYS: lambda node: isinstance(node, nodes.Mapping),
    KeyKind.LIST: lambda node: isinstance(node, nodes.Sequence),
    KeyKind.ROWS: lambda node: _is_text(node) or isinstance(node, nodes.Mapping),
}

_TABLES = {"manifest": MANIFEST, "settings": SETTINGS, "own": OWN, "shared": SHARED, "profile": PROFILE}
_HOMES = {
    "manifest": "to the top of the manifest, not here",
    "settings": "under `settings`, not here",
    "own": "into a job, not here",
    "shared": "into a job or into `defaults`, not here",
    "profile": "into a profile, not here",
}

_KIND_HINTS = {
    KeyKind.TEXT: "write one text, in quotes if needed",
    KeyKind.AMOUNT: "write one number or one text",
    KeyKind.KEYS: "write its keys below it, indented",
    KeyKind.SWITCH: "write `true` or `false`, without quotes",
    KeyKind.NUMBER: "write a number such as `1`, without quotes",
    KeyKind.TEXTS: "write `[one, two]`",
    KeyKind.LIST: "begin each item with `- `",
    KeyKind.ROWS: "write `rows: shots.csv`, or `rows: {glob: frames/*.png}`",
}
