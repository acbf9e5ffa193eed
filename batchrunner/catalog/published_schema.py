"""The contract of a model, read out of the OpenAPI document that its service publishes: an untrusted one.

What is odd in it becomes a point with a name and is compared with nothing; nothing is guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchrunner.catalog.contract import Contract, FieldForm, Point
from batchrunner.catalog.field_form import merged_form, plain_form
from batchrunner.catalog.published_document import (
    NAME,
    SchemaFault,
    body_schema,
    operation,
    path_of,
    read_document,
    shown,
    target,
)
from batchrunner.domain.text import printable

_MOST_FIELDS = 200
_MOST_SCHEMAS = 5_000
_DEEPEST_FIELD = 8
_MOST_REFERENCES = 32
_MOST_POINTS = 100
_LONGEST_TEXT = 2000
_ALTERNATIVES = ("oneOf", "anyOf")
# Rules in forms that are not compared; a person has to read them.
_UNREAD = (
    "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "patternProperties",
    "propertyNames", "prefixItems", "contains", "minProperties", "maxProperties", "$dynamicRef", "$recursiveRef",
)  # fmt: skip

Schema = Mapping[str, Any]


def published_contract(data: bytes) -> Contract:
    """The contract in the bytes of a published document.

    Raises:
        SchemaFault: they hold none that can be read; the sentence says why.
    """
    document = read_document(data)
    address, post = operation(document)
    reader = _SchemaReader(document)
    required, fields = reader.body(body_schema(document, post))
    if not address:
        reader.point("servers", "no address is named")
    about = (*_texts(post), *reader.about)
    # an address that is not the service's is compared as it is written: it is a difference that has to be seen
    path = (path_of(address) or shown(address)) if address else None
    return Contract(path, required, fields, tuple(dict.fromkeys(about)), tuple(reader.points))


class _SchemaReader:
    """Reads the schemas of one document, within bounds, and collects what is odd and what is told in prose."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._left = _MOST_SCHEMAS
        self.points: list[Point] = []
        self.about: list[str] = []

    def point(self, at: str, said: str) -> None:
        """Names something odd, once."""
        point = Point(at, said)
        if point not in self.points and len(self.points) < _MOST_POINTS:
            self.points.append(point)

    def body(self, schema: object) -> tuple[tuple[str, ...], dict[str, FieldForm]]:
        """The required fields of a body, and all of its fields."""
        layers = list(self._layers(schema, "the body", ()))
        self.about += [text for layer, _ in layers for text in _texts(layer)]
        required, found = self._fields(layers, "the body")
        for word in _ALTERNATIVES:
            for each, refs in [pair for pair in layers if word in pair[0]]:
                more, forms = self._forms(each[word], word, refs)
                required |= more
                for name, listed in forms.items():
                    found.setdefault(name, []).extend(listed)
        if not found:
            raise SchemaFault("its body has no fields")
        if len(found) > _MOST_FIELDS:
            raise SchemaFault(f"its body has more than {_MOST_FIELDS} fields")
        fields = {name: merged_form(forms, name, self.point) for name, forms in found.items()}
        for name in sorted(required - fields.keys()):
            self.point(shown(name), "it is required, and no such field is described")
        return tuple(name for name in fields if name in required), fields

    def _forms(self, written: object, word: str, refs: tuple[str, ...]) -> tuple[set[str], dict[str, list[FieldForm]]]:
        """A body that may take one of several forms: what all of them require, and the fields of any."""
        alternatives = written if isinstance(written, list) else []
        needed: list[set[str]] = []
        found: dict[str, list[FieldForm]] = {}
        for number, each in enumerate(alternatives, 1):
            layers = list(self._layers(each, f"form {number} of the body", refs))
            self.about += [text for layer, _ in layers for text in _texts(layer)]
            required, fields = self._fields(layers, f"form {number} of the body")
            needed.append(required)
            for name, forms in fields.items():
                found.setdefault(name, []).extend(forms)
            if any(inner in layer for layer, _ in layers for inner in _ALTERNATIVES):
                self.point(f"form {number} of the body", "it has several forms itself, which are not read")
        required_sets = " | ".join(", ".join(map(shown, sorted(each))) or "nothing" for each in needed)
        self.point(
            "the body", f"it takes {len(alternatives)} forms ({word}), which require {required_sets[:_LONGEST_TEXT]}"
        )
        return set.intersection(*needed) if needed else set(), found

    def _fields(
        self, layers: Sequence[tuple[Schema, tuple[str, ...]]], at: str, depth: int = 0
    ) -> tuple[set[str], dict[str, list[FieldForm]]]:
        """What is required, and the forms that are told of each field."""
        required: set[str] = set()
        found: dict[str, list[FieldForm]] = {}
        for layer, refs in layers:
            for word in _UNREAD:
                if word in layer:
                    self.point(at, f"its `{word}` is not compared")
            listed = layer.get("required", [])
            if isinstance(listed, list) and all(isinstance(each, str) for each in listed):
                required |= set(listed)
            else:
                self.point(at, "its `required` is no list of names")
            for name, schema in _mapping(layer.get("properties")):
                if NAME.fullmatch(name):
                    found.setdefault(name, []).append(
                        self._form(schema, name if not depth else f"{at}.{name}", refs, depth)
                    )
                else:
                    self.point(at, f"`{shown(name)}` is no name of a field")
        return required, found

    def _form(self, schema: object, at: str, refs: tuple[str, ...], depth: int) -> FieldForm:
        if depth >= _DEEPEST_FIELD:
            raise SchemaFault(f"{at} is nested more than {_DEEPEST_FIELD} deep")
        layers = list(self._one_form(list(self._layers(schema, at, refs)), at))
        said = plain_form([layer for layer, _ in layers], at, self.point)
        listed = [(layer["items"], inner) for layer, inner in layers if "items" in layer]
        items = [self._form(each, f"{at}.items", inner, depth + 1) for each, inner in listed]
        _, fields = self._fields(layers, at, depth + 1)
        return FieldForm(
            said.said,
            said.description,
            merged_form(items, f"{at}.items", self.point) if items else None,
            {name: merged_form(forms, f"{at}.{name}", self.point) for name, forms in fields.items()},
        )

    def _one_form(
        self, layers: list[tuple[Schema, tuple[str, ...]]], at: str
    ) -> Iterator[tuple[Schema, tuple[str, ...]]]:
        """The layers of a field; where it may be one thing or nothing, those of the thing, too."""
        for layer, refs in layers:
            several = [word for word in _ALTERNATIVES if word in layer]
            yield {name: value for name, value in layer.items() if name not in several}, refs
            for word in several:
                written = layer[word] if isinstance(layer[word], list) else []
                things = [each for each in written if each != {"type": "null"}]
                if len(things) == 1:
                    yield from self._layers(things[0], at, refs)
                else:
                    self.point(at, f"it takes {len(things)} forms ({word})")
                    yield {"type": None}, refs

    def _layers(self, schema: object, at: str, refs: tuple[str, ...]) -> Iterator[tuple[Schema, tuple[str, ...]]]:
        """A schema, with those that it refers to and those that hold beside it; and the way that led there."""
        self._left -= 1
        if self._left < 0:
            raise SchemaFault(f"it comes to more than {_MOST_SCHEMAS} schemas")
        if not isinstance(schema, dict):
            if schema is not True:
                self.point(at, "it is no schema")
            return
        yield schema, refs
        if "$ref" in schema:
            reference = schema["$ref"]
            if reference in refs:
                raise SchemaFault(f"its $ref {shown(reference)} leads back to itself")
            if len(refs) >= _MOST_REFERENCES:
                raise SchemaFault(f"its $ref {shown(reference)} is the end of more than {_MOST_REFERENCES} in a row")
            yield from self._layers(target(self._document, reference), at, (*refs, reference))
        for each in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
            yield from self._layers(each, at, refs)


def _mapping(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _texts(schema: Schema) -> list[str]:
    """What is told of it in prose, on one line."""
    found = (schema.get(name) for name in ("summary", "description"))
    return [printable(text, _LONGEST_TEXT) for text in found if isinstance(text, str) and text.strip()]
