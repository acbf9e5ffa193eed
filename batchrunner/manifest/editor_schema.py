"""The manifest's schema for editors, generated from our keys and the models: it completes and explains every key.

It is draft-07, because editors read no newer one, and looser than `validate`: what we accept, it accepts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchrunner.catalog import ROLE_WORDS, Catalog
from batchrunner.manifest import keys
from batchrunner.manifest.keys import Key, KeyKind
from batchrunner.manifest.rows import frame_rows
from batchrunner.manifest.wire_values import spellings

_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_TEXT = {"type": ["string", "number", "boolean"]}
_WHOLE = {"type": "integer"}
_NOTHING = {"type": "null"}
_IGNORED: dict[str, Any] = {r"^(x-|\$schema$)": {}}

_KINDS: Mapping[KeyKind, dict[str, Any]] = {
    KeyKind.TEXT: {"type": ["string", "number"]},
    KeyKind.NUMBER: _WHOLE,
    KeyKind.AMOUNT: {"type": ["string", "number"]},
    KeyKind.SWITCH: {"type": "boolean"},
    KeyKind.TEXTS: {
        "anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]}}]
    },
    KeyKind.KEYS: {"type": "object"},
    KeyKind.LIST: {"type": "array"},
    KeyKind.ROWS: {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/glob"}]},
}


def editor_schema(catalog: Catalog) -> dict[str, Any]:
    """The whole schema, one self-contained document."""
    fields = _fields(catalog)
    layer = _object({**_table(keys.SHARED), **fields})
    job = _object({**_table(keys.JOB), **fields, "matrix": {"$ref": "#/definitions/matrix"}})
    top = _table(keys.MANIFEST) | {
        "$schema": {"description": "Where an editor finds this schema; we do not look at it."},
        "version": {"const": 1, "description": keys.MANIFEST["version"].says},
        "settings": _described({**_object(_table(keys.SETTINGS))}, keys.MANIFEST["settings"]),
        "defaults": _described({"$ref": "#/definitions/layer"}, keys.MANIFEST["defaults"]),
        "templates": _described(_named_layers(), keys.MANIFEST["templates"]),
        "profiles": _described(_named_layers(), keys.MANIFEST["profiles"]),
        "vars": _described({"type": "object"}, keys.MANIFEST["vars"]),
        "jobs": _described({"type": "array", "items": {"$ref": "#/definitions/job"}}, keys.MANIFEST["jobs"]),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://batchrunner.invalid/schemas/manifest.schema.json",
        "title": "A batchrunner manifest, version 1",
        **_object(top),
        "definitions": {"layer": layer, "job": job, "matrix": _matrix(), "glob": _glob()},
    }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "patternProperties": _IGNORED,
        "additionalProperties": False,
    }


def _named_layers() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"$ref": "#/definitions/layer"}}


def _described(schema: dict[str, Any], key: Key) -> dict[str, Any]:
    # draft-07 ignores what stands beside a $ref
    return {"allOf": [schema], "description": key.says} if "$ref" in schema else {**schema, "description": key.says}


def _table(table: Mapping[str, Key]) -> dict[str, Any]:
    return {name: _of_key(key) for name, key in table.items()}


def _of_key(key: Key) -> dict[str, Any]:
    allowed = [_KINDS[key.kind], *([_VARIABLE, _NOTHING] if key.filled else [])]
    return {"description": key.says, "anyOf": allowed}


def _fields(catalog: Catalog) -> dict[str, Any]:
    """The request fields of all models, and the words for their roles, with all that they may be in some model."""
    names = dict.fromkeys([*(name for model in catalog for name in model.fields), *ROLE_WORDS])
    meant = {name: list(_meant(name, catalog)) for name in names}
    return {name: _of_field(schemas) for name, schemas in meant.items() if schemas}


def _meant(name: str, catalog: Catalog) -> Iterator[Mapping[str, Any]]:
    """The fields that a name means: those of this name, then those of its role in models that have none of it."""
    role = ROLE_WORDS.get(name) or catalog.role_of(name)
    others = [model for model in catalog if name not in model.fields]
    yield from (model.fields[name] for model in catalog if name in model.fields)
    yield from (model.fields[field] for model in others if role and (field := model.field(role)))


def _of_field(schemas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What any of these takes, as the first describes it."""
    values = [value for schema in schemas for each in schema.get("enum", ()) for value in spellings(each)]
    allowed: list[dict[str, Any]] = [{"enum": _distinct(values)}] if values else []
    allowed += [{"type": "array", "items": _TEXT}] if any(each["type"] == "array" for each in schemas) else []
    is_free = any(each["type"] != "array" and "enum" not in each for each in schemas)
    allowed += [_TEXT] if is_free else []
    return {"description": schemas[0]["description"], "anyOf": [*allowed, _VARIABLE, _NOTHING]}


def _distinct(values: Sequence[object]) -> list[object]:
    """Each value once; the texts stand before the numbers."""
    return sorted(dict.fromkeys(values), key=lambda value: not isinstance(value, str))


def _matrix() -> dict[str, Any]:
    entry = {"type": "object", "minProperties": 1}
    entries = {"anyOf": [entry, {"type": "array", "items": entry}]}
    return {
        "type": "object",
        "description": keys.OWN["matrix"].says,
        "properties": {"include": entries, "exclude": entries},
        "additionalProperties": {"type": "array", "minItems": 1},
    }


def _glob() -> dict[str, Any]:
    said = "One job for each image; `pair` gives each its partner, such as an end frame."
    return {**_object(_table(frame_rows.KEYS)), "description": said, "required": ["glob"]}
