"""The top of a manifest: its version, its name, its templates and profiles."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from batchrunner.domain.problem import Code, Problem, Problems
from batchrunner.manifest import keys
from batchrunner.manifest.drafts import NAME, hint_for_name
from batchrunner.manifest.includes import SourceFiles
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.layers import PROFILE_RANK, TEMPLATE_RANK, Layer
from batchrunner.manifest.yaml import nodes

if TYPE_CHECKING:
    from batchrunner.domain.location import Location


def manifest_name(root: nodes.Mapping, top: Mapping[str, nodes.Entry], stem: str, problems: Problems) -> str:
    """The name by which the ledger knows the jobs: written, or else the file's stem."""
    entry = top.get("name")
    name = text_of(entry.node) if entry and isinstance(entry.node, nodes.Scalar) else stem
    if not NAME.fullmatch(name):
        said = f'"{keys.shortened(name)}" cannot be a manifest\'s name'
        location = entry.node.location if entry else root.location
        hint = hint_for_name(name) if entry else f"rename the file, or write `name:`; {hint_for_name(name)}"
        problems.add(Problem(Code.BAD_ID, location, said, hint, "name"))
    return name


def check_top(root: nodes.Mapping, problems: Problems) -> None:
    """A manifest says its version, and has jobs or includes some."""
    hint = "write `version: 1`"
    if "version" not in root.entries:
        problems.add(Problem(Code.MISSING_KEY, root.location, "`version` is missing", hint, "version"))
    else:
        node = root.entries["version"].node
        if isinstance(node, nodes.Scalar) and type(node.value) is int and node.value != 1:
            said = f"version {keys.shortened(node.text)} is not known"
            problems.add(Problem(Code.WRONG_VALUE, node.location, said, hint, "version"))
    if "jobs" not in root.entries and "include" not in root.entries:
        hint = "write `jobs:` and below it `- id: …`"
        problems.add(Problem(Code.MISSING_KEY, root.location, "`jobs` is missing", hint, "jobs"))


def named_layers(parts: SourceFiles, key: str, word: str, problems: Problems) -> Iterator[tuple[str, Layer]]:
    """The templates of all parts, which are one namespace; or the profiles."""
    seen: dict[str, Location] = {}
    for part in parts.parts:
        for name, entry in part.mapping(key).items():
            if not isinstance(entry.node, nodes.Mapping):
                said = f"the {word} `{keys.shortened(name)}` must be keys with values"
                hint = f"write `{keys.shortened(name)}: {{resolution: 720p}}`"
                problems.add(Problem(Code.WRONG_TYPE, entry.node.location, said, hint, key))
                parts.is_whole = False
            elif name in seen:
                said = f"the {word} `{keys.shortened(name)}` is already defined in {seen[name]}"
                problems.add(Problem(Code.DUPLICATE_TEMPLATE, entry.location, said, "rename one of them", key))
            elif key == "profiles" and not NAME.fullmatch(name):
                said = f'"{keys.shortened(name)}" cannot be a profile\'s name'
                problems.add(Problem(Code.BAD_ID, entry.location, said, hint_for_name(name), key))
            else:
                seen[name] = entry.location
                rank, table = (PROFILE_RANK, keys.PROFILE) if key == "profiles" else (TEMPLATE_RANK, keys.SHARED)
                yield name, parts.layer(entry, f'{word} "{name}"', rank, table)
