"""The fields of models in the manifest's schema for editors: what an author may write for each, under which names."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from batchrunner.catalog import ROLE_WORDS, Catalog, Model
from batchrunner.manifest.wire_values import spellings

Schema = dict[str, Any]

# What every field takes: a variable, whatever it stands for, and `null`, which leaves the field out.
FREE: Schema = {"anyOf": [{"type": "string", "pattern": r"\$\{"}, {"type": "null"}]}
_FREE = {"$ref": "#/definitions/free"}
_TEXT = ["string", "number", "boolean"]
_WHOLE = {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"}
_LIMITS = ("minimum", "maximum", "minLength", "maxLength")


def reference(slug: str, name: str = "") -> Schema:
    """Where the fields of a model are described, or one of them."""
    place = f"#/definitions/{slug.replace('/', '~1')}"
    return {"$ref": f"{place}/properties/{name}" if name else place}


def definition(model: Model, catalog: Catalog, others: str) -> Schema:
    """What may stand where a request of this model is described, whatever else the pattern `others` means.

    Its fields stand under their own names, under the words for their roles, and under the names that other models
    have for these, which are taken and not proposed. All other fields may only be left out.
    """
    twin = next(each for each in catalog if each.schema == model.schema and each.roles == model.roles)
    if twin is not model:
        return reference(twin.slug)
    words = {word: reference(model.slug, name) for word, name in _words(model) if word not in model.fields}
    fields = {name: _field(schema) for name, schema in model.fields.items()}
    foreign: dict[str, list[str]] = {}
    for word in sorted(catalog.field_names - fields.keys() - words.keys()):
        if name := _meant(word, model, catalog):
            foreign.setdefault(name, []).append(word)
    patterns = {f"^({'|'.join(listed)})$": reference(model.slug, name) for name, listed in foreign.items()}
    return {
        "properties": {**fields, **words},
        "patternProperties": {others: {}, **patterns},
        "additionalProperties": _FREE,
    }


def any_model(catalog: Catalog) -> Schema:
    """What a field takes in some model, by every name that a manifest may write for it."""
    found: Schema = {}
    for word in sorted(catalog.field_names, key=_order(catalog)):
        own = [(model, word) for model in catalog if word in model.fields]
        others = [
            (model, name) for model in catalog if word not in model.fields and (name := _meant(word, model, catalog))
        ]
        found[word] = _any_of([*own, *others]) if own or others else dict(_UNUSED)
    return found


_UNUSED: Schema = {"description": "No model that is known here has it.", "anyOf": [{"type": _TEXT}, _FREE]}


def _order(catalog: Catalog) -> Callable[[str], int]:
    """In the documentation's order, the words for roles last."""
    names = list(dict.fromkeys([*(name for model in catalog for name in model.fields), *ROLE_WORDS]))
    return names.index


def _meant(word: str, model: Model, catalog: Catalog) -> str | None:
    """The field of a model that a word means which is none of its names: by the role for which it stands."""
    role = ROLE_WORDS.get(word) or catalog.role_of(word)
    return model.field(role) if role else None


def _any_of(models: list[tuple[Model, str]]) -> Schema:
    """What one of these models takes for its field, described as the first of them does."""
    distinct: dict[str, Schema] = {}
    for model, name in models:
        distinct.setdefault(json.dumps(_values(model.fields[name])), reference(model.slug, name))
    first, name = models[0]
    return {"description": first.fields[name].get("description", name), "anyOf": list(distinct.values())}


def _words(model: Model) -> Iterator[tuple[str, str]]:
    """The words for roles that the model has, with its fields."""
    for word, role in ROLE_WORDS.items():
        if name := model.field(role):
            yield word, name


def _field(schema: Mapping[str, Any]) -> Schema:
    told = {key: schema[key] for key in ("description", "default") if key in schema}
    return {**told, "anyOf": [*_values(schema), _FREE]}


def _values(schema: Mapping[str, Any]) -> list[Schema]:
    """What may be written for a field: all that `validate` takes for the same as one of its values."""
    limits = {key: schema[key] for key in _LIMITS if key in schema}
    match schema:
        case {"enum": list(values)}:
            return [{"enum": list(dict.fromkeys(each for value in values for each in spellings(value)))}]
        case {"type": "array"}:
            bounds = {key: schema[key] for key in ("minItems", "maxItems") if key in schema}
            is_open = {"type": "array", "contains": {"type": "string", "pattern": r"\$\{"}}
            return [{"type": "array", "items": {"type": _TEXT}, **bounds}, is_open]
        case {"type": "integer" | "number" as kind}:
            return [{"type": kind, **limits}, _WHOLE]
        case {"type": "boolean"}:
            return [{"enum": [True, False, "true", "false"]}]
        case _:
            return [{"type": _TEXT, **limits}]
