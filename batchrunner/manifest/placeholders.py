"""The word that stands where `init` could not know what is wanted: nothing is submitted while it stands there."""

from collections.abc import Iterator

from batchrunner.manifest.yaml import nodes

WORD = "REPLACE-ME"


def placeholders(node: nodes.Node) -> Iterator[nodes.Node]:
    """The texts of a field that still hold the word."""
    match node:
        case nodes.Scalar(value=str(text)) if WORD.casefold() in text.casefold():
            yield node
        case nodes.Sequence():
            for item in node.items:
                yield from placeholders(item)
        case _:
            return
