"""Stage 3: drafts become jobs, or every problem at once. The only file that knows JSON Schema."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from batchrunner.catalog import Model, Rule, find, request_of
from batchrunner.manifest import keys, nodes
from batchrunner.manifest.expand import Draft, Value
from batchrunner.nouns.job import Identity, Job
from batchrunner.places import Place
from batchrunner.problems import Code, Problem, Problems, nearest

_formats = FormatChecker(formats=())


def validate(draft: Draft, manifest: str, output: str, problems: Problems) -> Job | None:
    """The job behind a draft; None where it has problems."""
    model = find(draft.model)
    if model is None:  # expansion lets no other through
        raise AssertionError(draft.model)
    body = {name: wire_value(value.node, model.fields[name]) for name, value in _own_fields(draft, model)}
    wrong = set(_judge_fields(draft, model, body, problems))
    wrong |= set(_judge_required(draft, model, problems))
    broken = [rule for rule in model.rules if not wrong & set(rule.fields) and rule.breaks(body)]
    problems.extend(_broken(rule, draft) for rule in broken)
    if wrong or broken:
        return None
    identity = Identity(manifest, "", draft.id, draft.take)
    return Job(identity, body, request_of(model.slug, body), output, draft.tags, draft.place)


def _own_fields(draft: Draft, model: Model) -> Iterator[tuple[str, Value]]:
    """The written fields in the documentation's order; one that another model has was named a problem before."""
    return ((name, draft.fields[name]) for name in model.fields if name in draft.fields)


def wire_value(node: nodes.Node, schema: Mapping[str, Any]) -> object:
    """A value as the service wants it: what goes into a text field is the text that its author typed."""
    match node:
        case nodes.Scalar():
            return keys.text_of(node) if schema.get("type") == "string" and node.value is not None else node.value
        case nodes.Sequence():
            return [wire_value(item, schema.get("items", {})) for item in node.items]
        case nodes.Mapping():
            return {name: wire_value(entry.node, {}) for name, entry in node.entries.items()}


def _judge_fields(draft: Draft, model: Model, body: Mapping[str, object], problems: Problems) -> Iterator[str]:
    for name, value in body.items():
        for error in _field_errors(model.slug, name, value):
            problems.add(_shape_problem(name, error, draft.fields[name], draft.name))
            yield name


def _field_errors(slug: str, field: str, value: object) -> list[ValidationError]:
    # Values of few kinds come again and again in a large batch: each is judged once.
    if isinstance(value, str) and len(value) <= _SHORT:
        return _short_text_errors(slug, field, value)
    return list(_validator(slug, field).iter_errors(value))


_SHORT = 200


@cache
def _short_text_errors(slug: str, field: str, value: str) -> list[ValidationError]:
    return list(_validator(slug, field).iter_errors(value))


@cache
def _validator(slug: str, field: str) -> Draft202012Validator:
    model = find(slug)
    schema = model.fields[field] if model else {}
    return Draft202012Validator(schema, format_checker=_formats)


def _judge_required(draft: Draft, model: Model, problems: Problems) -> Iterator[str]:
    for name in model.schema.get("required", ()):
        if name not in draft.fields:
            said, hint = f"`{name}` is missing", f"write `{name}: …`"
            problems.add(Problem(Code.MISSING_KEY, draft.place, said, hint, name, (draft.name,)))
            yield name


def _shape_problem(name: str, error: ValidationError, value: Value, job: str) -> Problem:
    node = _node_at(value.node, list(error.absolute_path))
    code, said, hint = _in_words(name, error, node)
    origin = f" (from {value.layer})" if value.layer else ""
    return Problem(code, node.place, said + origin, hint, name, (job,))


def _node_at(node: nodes.Node, path: list[Any]) -> nodes.Node:
    for step in path:
        if isinstance(node, nodes.Sequence):
            node = node.items[step]
        elif isinstance(node, nodes.Mapping):
            node = node.entries[step].node
    return node


def _in_words(name: str, error: ValidationError, node: nodes.Node) -> tuple[Code, str, str | None]:
    wanted: Any = error.validator_value
    match error.validator:
        case "enum":
            return (
                Code.WRONG_VALUE,
                f"`{name}` cannot be {keys.described(node)}: it is one of {', '.join(wanted)}",
                _nearest_spelling(str(error.instance), wanted),
            )
        case "type":
            kind = {"string": "a text", "array": "a list"}.get(wanted, wanted)
            hint = f"write `{name}: [{keys.described(node)}]`" if wanted == "array" else None
            return Code.WRONG_TYPE, f"`{name}` must be {kind}, not {keys.described(node)}", hint
        case "minLength":
            return Code.WRONG_VALUE, f"`{name}` is empty", "write what should happen in the clip"
        case "minItems":
            return Code.TOO_FEW, f"`{name}` is an empty list", "name at least one, or remove the key"
        case "maxItems":
            return Code.TOO_MANY, f"`{name}` has more than {wanted} items", f"keep {wanted}"
        case _:
            code, said, hint = link_fault(str(error.instance)) or (Code.WRONG_VALUE, error.message, "")
            return code, f"`{name}` {said}", hint


def _nearest_spelling(text: str, wanted: list[str]) -> str | None:
    """What was probably meant: `4K` is 4k, `8.0` is 8, `16:09` is 16:9."""
    squeezed = re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"\.0+$", "", text.strip().rstrip("s"))).casefold()
    found = next((w for w in wanted if w.casefold() == squeezed), None) or nearest(text, wanted)
    return f'write "{found}"' if found else None


@_formats.checks("image-link")
def _is_image_link(value: object) -> bool:
    return not isinstance(value, str) or link_fault(value) is None


def link_fault(text: str) -> tuple[Code, str, str] | None:
    """What is wrong with an image link, as code, words and mend; None where it is one."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Code.BAD_LINK, f'is no web address: "{keys.shortened(text)}"', "write `https://…`"
    if parts.scheme in {"http", "https"} and host and text.isprintable() and " " not in text:
        return None
    if "://" in text or not text.strip() or parts.scheme in {"data", "http", "https"}:
        return Code.BAD_LINK, f'is no web address: "{keys.shortened(text)}"', "write `https://…`"
    said = f'is a local file, which is not supported yet: "{keys.shortened(text)}"'
    return Code.LOCAL_IMAGE, said, "upload it, and write its `https://…` address"


def _broken(rule: Rule, draft: Draft) -> Problem:
    return Problem(rule.code, _rule_place(rule, draft), rule.message, rule.hint, rule.fields[0], (draft.name,))


def _rule_place(rule: Rule, draft: Draft) -> Place:
    written = (draft.fields[name].place for name in rule.fields if name in draft.fields)
    return next(written, draft.place)
