"""Defaults that were typed beside a command, `--set KEY=VALUE`: one layer above the manifest's own."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from batchrunner.domain.location import Location
from batchrunner.domain.problem import Problems
from batchrunner.manifest import keys
from batchrunner.manifest.layers import OVERRIDE_RANK, Layer, layer_of
from batchrunner.manifest.yaml import document, nodes
from batchrunner.manifest.yaml.scalars import value_of

OPTION = "--set"
_LAYER = "the command line"
_LONGEST = 200  # of what a message repeats; the value itself may be longer


@dataclass(frozen=True, slots=True)
class Override:
    """A default for this once: a request field, a word for its role, or `model`, with its value.

    The value is what YAML makes of the same word without quotes, `[one, two]` is a list; everything else is a text, in
    which nothing is filled in.
    """

    key: str
    text: str

    @classmethod
    def typed(cls, text: object) -> Self:
        """`resolution=720p`, read.

        Raises:
            ValueError: it is not of this form, or its value cannot be one.
        """
        key, sign, value = str(text).partition("=")
        found = cls(key.strip(), value.strip())
        if not (sign and found.key and found.text):
            raise ValueError("expected KEY=VALUE, for example `resolution=720p`")
        if keys.is_null(found.node):
            raise ValueError(f"`{found.key}` needs a value: a default cannot be removed here")
        return found

    def __str__(self) -> str:
        return keys.shortened(f"{self.key}={self.text}", _LONGEST)

    @property
    def location(self) -> Location:
        """The option itself, which has no lines."""
        return Location(f"{OPTION} {self}", 0, 0)

    @property
    def node(self) -> nodes.Node:
        """Its value.

        Raises:
            ValueError: it is a number that is too long, or a list that cannot be read.
        """
        if not self.text.startswith("["):
            return self._scalar(value_of(self.text), self.text)
        root = document.parse(self.text, OPTION).root
        items = root.items if isinstance(root, nodes.Sequence) else ()
        if not items or not all(isinstance(item, nodes.Scalar) for item in items):
            raise ValueError(f"the list {keys.shortened(self.text)} cannot be read; expected for example `[one, two]`")
        texts = keys.texts_of(nodes.Sequence(items, self.location))
        return nodes.Sequence(tuple(self._scalar(item.value, item.text) for item in texts), self.location)

    def _scalar(self, value: str | float | bool | None, text: str) -> nodes.Scalar:  # noqa: FBT001 - a value
        said = nodes.Scalar(value, text, plain=True, location=self.location)
        if not isinstance(value, str) or "${" not in value:
            return said
        literal = value.replace("${", "$${")
        return replace(said, value=literal, text=literal)


def override_layer(typed: Iterable[Override], fields: Iterable[str], problems: Problems) -> Layer:
    """All that was typed, as a layer; of a key that was typed twice the last one counts."""
    entries = {each.key: nodes.Entry(each.location, each.node) for each in typed}
    read = keys.read_keys(nodes.Mapping(entries, Location(OPTION, 0, 0)), {"model", *fields}, problems)
    return layer_of(read, _LAYER, OVERRIDE_RANK)
