"""Descriptions as somebody careless or hostile might write them: a good one, changed at a few places."""

import copy
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from batchrunner.manifest.own_models import plain
from batchrunner.manifest.yaml import document

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "models.md").read_text(encoding="utf-8")
_SCHEMA = (_ROOT / "schemas" / "model.schema.json").read_text(encoding="utf-8")
_BLOCKS: list[Any] = [
    plain(read.root)
    for text in re.findall(r"^```yaml\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    if (read := document.parse(text, "block.yaml")).root
]

# The large description of the page, with every rule and every part of a price that is shown there.
GOOD: dict[str, Any] = {
    **next(block for block in _BLOCKS if block.get("slug") == "studio/clip-i2v"),
    "rules": [block["rule"] for block in _BLOCKS if "rule" in block],
    "pictures": next(block["pictures"] for block in _BLOCKS if "takes" in block),
    "price": {
        "read": "2026-11-20",
        "bound": "upper",
        "round_to": "0.01",
        "least": 0.1,
        "seconds": 5,
        "rows": [row for block in _BLOCKS if "costs" in block for row in block["price"]["rows"]],
        "extras": [extra for block in _BLOCKS if "costs" in block for extra in block["price"].get("extras", ())],
    },
}

FIELDS: list[str] = [*GOOD["body"]["properties"]]
_KEYS = sorted(set(re.findall(r'"([\w$]+)":', _SCHEMA)))
_WORDS = ["", "x", "any", "TODO", "TODO: price", "8", "-8", "8.5", "1e999", "NaN", "0x10", "16:9", "0:0", "99999:1"]
_TEXTS = ["(a+)+$", "../../../etc/passwd", "\x1b[2J", "\u202e", "https://user:key@example.com/", "x" * 5000, "🎬"]


def _deep(levels: int) -> object:
    found: object = "x"
    for _ in range(levels):
        found = [found] if levels % 2 else {"then": found}
    return found


# What may stand at any place: of every kind, with the ends of what numbers can be.
_JUNK: list[object] = [
    *(None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 5e-324, 10**30, -(10**30), 10**639, 2**63),
    *([], {}, [[]], [{}], {"x": {}}, [None], {"": None}, {"from": 5, "to": 4}, {"from": 1e308}, _deep(50), _deep(51)),
    *([0] * 300, ["x"] * 201, [str(number) for number in range(200)], {f"f{number}": 1 for number in range(300)}),
]


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a description, the whole of it too."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in pairs:
        yield from _places(each, (*path, step))


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _one_of(draw: st.DrawFn, choices: Sequence[Any]) -> Any:
    """By its number: a list of hundreds of choices is not shown where a test fails."""
    return choices[draw(st.integers(0, len(choices) - 1))]


@st.composite
def values(draw: st.DrawFn, written: Any) -> object:
    """A value for some place: a number, a word, a name, what stands elsewhere in the description."""
    kinds = (_JUNK, FIELDS, _KEYS, _WORDS + _TEXTS, [*_places(written)])
    kind = draw(st.integers(0, len(kinds) - 1))
    chosen = _one_of(draw, kinds[kind])
    return copy.deepcopy(_at(written, chosen) if kind == len(kinds) - 1 else chosen)


@st.composite
def descriptions(draw: st.DrawFn) -> dict[str, Any]:
    """A description with a few changes: values taken away, put elsewhere, added, or of another kind."""
    written = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        path = _one_of(draw, [path for path in _places(written) if path])
        holder, step = _at(written, path[:-1]), path[-1]
        match draw(st.sampled_from(["put", "remove", "add", "rename"])):
            case "put":
                holder[step] = draw(values(written))
            case "remove":
                del holder[step]
            case "rename" if isinstance(holder, dict):
                holder[_one_of(draw, [*_KEYS, *FIELDS, "", "odd"])] = holder.pop(step)
            case _ if isinstance(holder, dict):
                holder[_one_of(draw, [*_KEYS, *FIELDS, *_WORDS])] = draw(values(written))
            case _:
                holder.insert(0, draw(values(written)))
        if not written:
            break
    return written


def as_text(written: dict[str, Any]) -> str:
    """The description as a file: JSON is YAML."""
    return json.dumps(written, ensure_ascii=False)
