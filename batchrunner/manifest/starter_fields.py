"""The fields of a new manifest: what it gives for every clip, and what its author has to fill in."""

from collections.abc import Collection, Mapping

from batchrunner.catalog import Model, Role
from batchrunner.manifest.placeholders import WORD
from batchrunner.manifest.rows.columns import Columns
from batchrunner.manifest.rows.field_values import in_words, listed_values, typed_value
from batchrunner.manifest.rows.naming import texts


def starter_values(model: Model) -> dict[str, object]:
    """What a new manifest gives, by the model's fields: what the description says, and what every request needs.

    What has to be a text or a picture is not among it: nobody but the author knows it.
    """
    values = {name: value for role, value in model.starter.items() if (name := model.field(role))}
    for name in model.required:
        field = model.fields[name]
        choice = next(iter(listed_values(field)), None)
        if name not in values and choice is not None:
            values[name] = typed_value(field, in_words(field.get("default", choice)))
    return values


def needed_fields(model: Model) -> tuple[str, ...]:
    """The fields that every job of a new manifest has to fill in: a prompt, a first image, and what is required."""
    named = (model.field(Role.PROMPT), model.field(Role.FIRST_IMAGE))
    given = starter_values(model)
    wanted = {name for name in (*named, *model.required) if name and name not in given}
    return tuple(name for name in model.fields if name in wanted)


def placeholder(model: Model, name: str) -> str:
    """What stands in a field until somebody has filled it in."""
    return f"[{WORD}]" if name in model.list_fields else WORD


def given_values(columns: Columns) -> tuple[dict[str, object], str]:
    """What the manifest of a sheet gives for every clip, and a sentence on it; it is empty where that is nothing.

    The resolution is the one that the description says where clips of all lengths of the sheet may have it, and the
    length likewise.
    """
    model = columns.model
    values = starter_values(model)
    length, resolution = (model.field(role) or "" for role in (Role.DURATION, Role.RESOLUTION))
    lengths, resolutions = (_told(columns, role) for role in (Role.DURATION, Role.RESOLUTION))
    wanted = values.get(resolution, model.defaults.get(resolution))
    why = ""
    if lengths and wanted is not None and Role.RESOLUTION not in columns.fields:
        found = _fitting(model, resolution, wanted, {length: lengths})
        if found != wanted:
            values[resolution] = found
            why = f", as {wanted} needs {_lengths_for(model, wanted)} seconds"
    if resolutions and length in values and Role.DURATION not in columns.fields:
        values[length] = _fitting(model, length, values[length], {resolution: resolutions})
    by_columns = set(map(columns.key, columns.fields))
    given = [f"`{name}` {in_words(value)}" for name, value in values.items() if name not in by_columns]
    return values, f"for every clip: {', '.join(given)}{why}" if given else ""


def _told(columns: Columns, role: Role) -> list[object]:
    """The values that a sheet has for a role, as the service spells them."""
    column = columns.fields.get(role)
    field = columns.model.fields.get(columns.model.field(role) or "", {})
    respelt = columns.respelt.get(column, {}) if column else {}
    filled = filter(None, texts(columns.table, column)) if column else ()
    return [typed_value(field, respelt.get(text, text)) for text in dict.fromkeys(filled)]


def _lengths_for(model: Model, resolution: object) -> str:
    """The lengths in which a resolution is rendered."""
    length, other = model.roles[Role.DURATION], model.roles[Role.RESOLUTION]
    field = model.fields[length]
    pairs = {text: {length: typed_value(field, text), other: resolution} for text in listed_values(field)}
    return " or ".join(text for text, pair in pairs.items() if not model.forbids(pair))


def _fitting(model: Model, name: str, wanted: object, others: Mapping[str, Collection[object]]) -> object:
    """The value that is wanted for a field, else the first that goes with all that other fields have in some job."""
    for value in (wanted, *(typed_value(model.fields[name], text) for text in listed_values(model.fields[name]))):
        pairs = ({name: value, other: each} for other, values in others.items() for each in values)
        if not any(map(model.forbids, pairs)):
            return value
    return wanted
