"""Keys in the wrong place: nothing that a job sends, and no name of it, may hold one."""

from collections.abc import Iterator

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Code, Problem
from batchrunner.manifest.drafts import Draft
from batchrunner.manifest.keys import text_of
from batchrunner.manifest.permissions import Permissions
from batchrunner.manifest.yaml import nodes

_HINT = "remove it; if others have seen it, create a new key"


def secret_in(draft: Draft, output: str, permissions: Permissions) -> tuple[Problem, ...]:
    """A problem for each value of a draft that holds the key of the service, none where none does."""
    if not permissions.secrets:
        return ()
    return tuple(_problem(name, place, draft) for name, place in _held(draft, output, permissions))


def secret_name(name: str, location: Location, permissions: Permissions) -> tuple[Problem, ...]:
    """The same for the name of a manifest, under which files and records are kept."""
    if not permissions.holds_secret(name):
        return ()
    return (Problem(Code.HOLDS_KEY, location, "`name` contains the API key, which would be stored", _HINT, "name"),)


def _held(draft: Draft, output: str, permissions: Permissions) -> Iterator[tuple[str, Location]]:
    at = draft.named_at or draft.location
    names = {"id": draft.name, "model": draft.model.slug, "tags": " ".join(draft.tags), "output": output}
    for name, text in names.items():
        if permissions.holds_secret(text):
            value = draft.output if name == "output" else None
            yield name, value.place if value else at
    for name, value in draft.fields.items():
        if any(permissions.holds_secret(text) for text in _texts(value.node)):
            yield name, value.place
    origin = draft.origin
    for heading, text in origin.columns.items():
        if origin.row and permissions.holds_secret(f"{heading} {text}"):
            yield heading, origin.row.cells[heading].location


def _texts(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Scalar():
            yield text_of(node)
        case nodes.Sequence():
            for item in node.items:
                yield from _texts(item)
        case nodes.Mapping():
            for key, entry in node.entries.items():
                yield key
                yield from _texts(entry.node)


def _problem(name: str, place: Location, draft: Draft) -> Problem:
    said = f"`{name}` contains the API key, which would be sent and stored"
    return Problem(Code.HOLDS_KEY, place, said, _HINT, name, draft.names)
