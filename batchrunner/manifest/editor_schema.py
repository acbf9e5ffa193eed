"""The manifest's schema for editors, generated from our keys and the models: it completes and explains every key.

It is draft-07, because editors read no newer one, and looser than `validate`: what we accept without a profile, it
accepts. A job is judged by the fields of the model that it names, or that the manifest names for all; where that
depends on a variable, a template or a file of models, by what any model takes.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from batchrunner.catalog import Catalog
from batchrunner.manifest import keys
from batchrunner.manifest.keys import Key, KeyKind
from batchrunner.manifest.model_schema import FREE, any_model, definition, reference
from batchrunner.manifest.rows import frame_rows

_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_WHOLE = {"type": "integer"}
_NOTES = r"x-|\$schema$"
_IGNORED: dict[str, Any] = {f"^({_NOTES})": {}}
_SLUG = {"type": "string", "pattern": "^[^/ ]+/[^/ ]+$"}  # one of a file of models, too

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

# What stands below these is a job or a layer whose fields depend on what stands elsewhere.
_ANY_JOB = {"$ref": "#/definitions/job/then"}
_LAYER = {"$ref": "#/definitions/layer"}
_NAMES_NONE = {"$ref": "#/definitions/names_no_model"}
_IS_OFF = {"$ref": "#/definitions/is_off"}


def editor_schema(catalog: Catalog) -> dict[str, Any]:
    """The whole schema, one self-contained document.

    Where the catalogue has nobody's own models, of a manifest that names files of models no job or layer is judged.
    """
    fields = any_model(catalog)
    model = {"model": _model(catalog)}
    shared, own = {**_table(keys.SHARED), **model}, {**_table(keys.JOB), **model}
    listed = {name: {"$ref": f"#/definitions/layer/properties/{name}"} for name in fields}
    has_own = any(each.source.file for each in catalog)
    judged = _judged(catalog, _either([*shared, *fields]))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://batchrunner.invalid/schemas/manifest.schema.json",
        "title": "A batchrunner manifest, version 1",
        **_object(_top(catalog, shared)),
        **({"allOf": [judged]} if has_own else {"if": {"required": ["models"]}, "else": judged}),
        "definitions": {
            "layer": _object({**shared, **fields}),
            "profile": _object({**shared, "drop": _of_key(keys.PROFILE["drop"]), **listed}),
            "job": {
                "type": "object",
                "properties": {**own, "matrix": {"$ref": "#/definitions/matrix"}},
                "propertyNames": {"pattern": f"^({_NOTES}|{_either([*own, *fields])})"},
                **_by_its_model(catalog, listed),
            },
            "names_no_model": {"not": {"required": ["model"]}},
            "is_off": {"required": ["enabled"], "properties": {"enabled": {"const": False}}},
            "free": FREE,
            "matrix": _matrix(),
            "glob": _glob(),
            **{each.slug: definition(each, catalog, f"^({_NOTES}|{_either(keys.JOB)})") for each in catalog},
        },
    }


def _top(catalog: Catalog, shared: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a manifest, of those that depend on a model no more than what they are."""
    return _table(keys.MANIFEST) | {
        "model": {**_model(catalog), "description": keys.MANIFEST["model"].says},
        "$schema": {"description": "Where an editor finds this schema; we do not look at it."},
        "version": {"const": 1, "description": keys.MANIFEST["version"].says},
        "settings": _described(_object(_table(keys.SETTINGS)), keys.MANIFEST["settings"]),
        "defaults": _described({"type": "object", "properties": shared}, keys.MANIFEST["defaults"]),
        "templates": _described(_named({"type": "object"}), keys.MANIFEST["templates"]),
        "profiles": _described(_named({"type": "object"}), keys.MANIFEST["profiles"]),
        "vars": _described({"type": "object"}, keys.MANIFEST["vars"]),
        "jobs": _described({"type": "array", "items": {"type": "object"}}, keys.MANIFEST["jobs"]),
    }


def _judged(catalog: Catalog, shared: str) -> dict[str, Any]:
    """What holds for the fields of a manifest whose models are all known."""
    return {
        "properties": {
            "defaults": {"propertyNames": {"pattern": f"^({_NOTES}|{shared})"}},
            "templates": _named(_LAYER),
            "profiles": _named({"$ref": "#/definitions/profile"}),
            "jobs": {"items": {"$ref": "#/definitions/job"}},
        },
        **_by_the_top(catalog),
    }


def _by_its_model(catalog: Catalog, listed: Mapping[str, Any]) -> dict[str, Any]:
    """A job by the model that it names itself; one that is left out, or whose model is not known here, by any."""
    is_unknown = {"required": ["model"], "not": {"properties": {"model": {"enum": list(catalog.slugs)}}}}
    return {
        "if": {"anyOf": [_IS_OFF, is_unknown]},
        "then": {"properties": dict(listed)},
        "else": {"allOf": [_where_model_is(slug, reference(slug), ["model"]) for slug in catalog.slugs]},
    }


def _by_the_top(catalog: Catalog) -> dict[str, Any]:
    """The jobs that name no model, and the defaults, by the model of the whole manifest."""
    is_plain = {
        "required": ["model"],
        "properties": {
            "model": {"enum": list(catalog.slugs)},
            "defaults": _NAMES_NONE,
            "templates": {"additionalProperties": _NAMES_NONE},
        },
    }
    # no other model has anything of the defaults
    is_of_one = {
        "required": ["jobs"],
        "properties": {"jobs": {"items": _NAMES_NONE}},
        "not": {"required": ["include"]},
    }
    by_model = [
        _where_model_is(
            slug,
            {
                "properties": {"jobs": _unnamed(reference(slug))},
                "if": is_of_one,
                "then": {"properties": {"defaults": reference(slug)}},
                "else": {"properties": {"defaults": _LAYER}},
            },
        )
        for slug in catalog.slugs
    ]
    return {
        "if": is_plain,
        "then": {"allOf": by_model},
        "else": {"properties": {"jobs": _unnamed(_ANY_JOB), "defaults": _LAYER}},
    }


def _where_model_is(slug: str, then: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {"if": {**needed, "properties": {"model": {"const": slug}}}, "then": dict(then)}


def _unnamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A list whose jobs that name no model and are not left out have these fields."""
    return {"items": {"if": {"allOf": [_NAMES_NONE, {"not": _IS_OFF}]}, "then": dict(fields)}}


def _model(catalog: Catalog) -> dict[str, Any]:
    known = {"enum": list(catalog.slugs)}
    return {"description": keys.SHARED["model"].says, "anyOf": [known, _SLUG, _VARIABLE, {"type": "null"}]}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "patternProperties": _IGNORED,
        "additionalProperties": False,
    }


def _either(names: Iterable[str]) -> str:
    return "|".join(f"{re.escape(name)}$" for name in sorted(names))


def _named(layer: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": dict(layer)}


def _described(schema: Mapping[str, Any], key: Key) -> dict[str, Any]:
    return {**schema, "description": key.says}


def _table(table: Mapping[str, Key]) -> dict[str, Any]:
    return {name: _of_key(key) for name, key in table.items()}


def _of_key(key: Key) -> dict[str, Any]:
    allowed = [_KINDS[key.kind], *([_VARIABLE, {"type": "null"}] if key.filled else [])]
    return {"description": key.says, "anyOf": allowed}


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
