"""A description to begin with, written from a published contract: what no program can know is left as a TODO.

What a field is for, whether a text is a link, what fields do to each other and what a clip costs stands in no schema.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from textwrap import wrap

from batchrunner.catalog.contract import Contract, FieldForm
from batchrunner.catalog.description_faults import TODO
from batchrunner.catalog.models import LINK_FORMATS
from batchrunner.catalog.roles import Role
from batchrunner.domain.text import printable

_WIDEST = 110
_MOST_CANDIDATES = 12
_LARGEST = 1_000_000_000
# What schemas/model.schema.json lets a field be called, and say.
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TYPES = ("string", "integer", "number", "boolean", "array")
_KNOWN_TYPES, _LINKS = ", ".join(_TYPES), ", ".join(LINK_FORMATS)
_NUMBERS = ("minimum", "maximum")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_UNCLEAR = "what is published of it is not clear; see the comments above"


def description_text(slug: str, contract: Contract, page: str, read: str) -> str:
    """The text of a description of a model, whose schema was read at a `page` on a day (`2026-11-23`).

    It is whole but for its TODOs, each of which names what a person has to fill in; what stands in prose only, and
    what is odd, is in its comments.
    """
    fields = {name: form for name, form in contract.fields.items() if _FIELD.fullmatch(name)}
    path = contract.path if contract.path in {slug, f"{slug}/async"} else None
    lines = [
        f"# {slug}, from its published schema. Each TODO is for you: `batchrunner validate` shows where they are.",
        f"slug: {slug}",
        f"path: {path or _todo(f'write {slug}, or {slug}/async: the published address is another one')}",
        f"source: {{page: {_text(page)}, read: {read}, confidence: doc}}",
        "",
        *_body(contract, fields),
        "",
        "# What a field is for: everything else asks by these words. There are:",
        *_comments([", ".join(Role)]),
        "roles:",
        *_roles(fields),
        "",
        "# What fields do to each other is told in prose only. It was published:",
        *_comments(contract.about or ("nothing",)),
        f"rules: {_todo('write what fields do to each other (see the prose above); remove this line if nothing')}",
        "",
        f"price: {_todo('what a clip costs, from a dated list of prices; without it a clip needs --allow-unpriced')}",
        "",
        "# Also to be told, where it is known: starter, pictures (limits of bytes, sides, ratio), latency_by,",
        "# retention_days, and as costly_defaults the fields whose documented default is paid for.",
    ]
    return "\n".join(lines) + "\n"


def _body(contract: Contract, fields: Mapping[str, FieldForm]) -> Iterator[str]:
    yield "# The fields of a request, and the defaults that are documented."
    yield from _comments(f"odd: {point}" for point in contract.points)
    yield from _comments(
        f"left out, no description has such a name: {each}" for each in contract.fields if each not in fields
    )
    yield "body:"
    yield "  type: object"
    yield f"  required: [{', '.join(name for name in contract.required if name in fields)}]"
    yield "  properties:"
    for name, form in fields.items():
        yield f"    {name}:"
        yield from _field(form, "      ")


def _field(form: FieldForm, indent: str) -> Iterator[str]:
    for line in _keywords(form):
        yield indent + line
    if form.said.get("type") == "array":
        if form.items is None or form.items.said.get("type") not in (*_TYPES[:4], None):
            yield f"{indent}items: {_todo('what the list holds: ' + _shape(form.items))}"
        else:
            yield f"{indent}items:"
            yield from _field(form.items, f"{indent}  ")
    if form.description:
        yield f"{indent}description: {_text(form.description)}"


def _keywords(form: FieldForm) -> Iterator[str]:
    kind = form.said.get("type")
    if kind in _TYPES:
        yield f"type: {kind}"
    else:
        yield f"type: {_todo(f'one of {_KNOWN_TYPES}, or remove this field: it is {_shape(form)}')}"
    if kind == "string" and "enum" not in form.said:
        yield f"format: {_todo(f'one of {_LINKS}, or remove this line: is it a link, and to what?')}"
    for name, value in form.said.items():
        if name == "type":
            continue
        if value is None:
            yield f"{name}: {_todo(_UNCLEAR)}"
        elif _can_say(name, value):
            yield f"{name}: {json.dumps(value, ensure_ascii=False)}"
        else:
            yield f"# {name}: {_plain(json.dumps(value))}, which a description cannot say"


def _can_say(name: str, value: object) -> bool:
    """Whether a description has a place for what a schema says."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _COUNTS:
        return is_number and isinstance(value, int) and 0 <= value <= _LARGEST
    return name in {"enum", "default"} or (name in _NUMBERS and is_number) or (name == "uniqueItems" and value is True)


def _shape(form: FieldForm | None) -> str:
    if form is None:
        return "not told"
    if form.fields:
        return f"an object with {', '.join(list(form.fields)[:_MOST_CANDIDATES])}"
    kind = form.said.get("type")
    return "not clear" if kind is None else f"of type {kind}"


def _is_text(form: FieldForm) -> bool:
    return form.said.get("type") == "string" and "enum" not in form.said


def _is_list(form: FieldForm) -> bool:
    return form.said.get("type") == "array"


def _is_number(form: FieldForm) -> bool:
    return form.said.get("type") in {"integer", "number"}


def _is_chosen(form: FieldForm) -> bool:
    return "enum" in form.said


def _is_switch(form: FieldForm) -> bool:
    return form.said.get("type") == "boolean"


_Kinds = tuple[Callable[[FieldForm], bool], ...]
# Which kinds of fields can have a role at all; which one has it, a person says.
_CAN_BE: Mapping[Role, _Kinds] = {
    Role.PROMPT: (_is_text,),
    Role.NEGATIVE_PROMPT: (_is_text,),
    Role.FIRST_IMAGE: (_is_text, _is_list),
    Role.LAST_IMAGE: (_is_text, _is_list),
    Role.REFERENCE_IMAGES: (_is_list,),
    Role.MASK: (_is_text, _is_list),
    Role.AUDIO: (_is_text, _is_list),
    Role.AUDIO_SWITCH: (_is_switch, _is_chosen),
    Role.SEED: (_is_number,),
    Role.DURATION: (_is_number, _is_chosen),
    Role.RESOLUTION: (_is_chosen,),
    Role.ASPECT_RATIO: (_is_chosen,),
}


def _roles(fields: Mapping[str, FieldForm]) -> Iterator[str]:
    for role, kinds in _CAN_BE.items():
        found = [name for name, form in fields.items() if any(is_kind(form) for is_kind in kinds)]
        named = ", ".join(found[:_MOST_CANDIDATES]) + (", …" if len(found) > _MOST_CANDIDATES else "")
        if found:
            said = f"which of {named} is the {role.value.replace('_', ' ')}; remove this line if none is"
            yield f"  {role.value}: {_todo(said)}"


def _todo(said: str) -> str:
    return _text(f"{TODO}: {said}")


def _text(text: str) -> str:
    """A text in double quotes, which YAML reads as JSON does."""
    return json.dumps(_plain(text), ensure_ascii=False)


def _plain(text: str) -> str:
    """A text on one line, without signs that a manifest may not hold."""
    return "".join(sign if sign.isprintable() else "?" for sign in printable(text))


def _comments(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (f"# {line}" for line in wrap(_plain(text), _WIDEST))
