"""All that is known of one model: its fields, rules, prices and times, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from batchrunner.catalog import ROLE_WORDS, Model
from batchrunner.catalog.models import Confidence
from batchrunner.domain.problem import Severity
from batchrunner.domain.text import Lines, duration, in_lines, plural, stacked
from batchrunner.reports.field_words import field_values, picture_words, value_in_words
from batchrunner.reports.model_prices import price_lines, shapes_as_json

_SURE: Mapping[Confidence, str] = {
    Confidence.DOC: "a page of the service",
    Confidence.CODE: "seen in a client of the service",
    Confidence.INFERRED: "inferred from the maker or a sibling",
}


def model_page(model: Model) -> Lines:
    """The page, block by block."""
    blocks = [in_lines(*_head(model)), in_lines("", "fields:", *_fields(model))]
    rules = list(_rules(model))
    if rules:
        blocks.append(in_lines("", "rules:", *rules))
    blocks += [in_lines(""), price_lines(model)]
    times = list(_times(model))
    return stacked(*blocks, in_lines("", *times))


def _head(model: Model) -> Iterator[str]:
    source = model.source
    yield model.slug
    yield f"  read {source.read_on.isoformat()}: {source.page} ({_SURE[source.confidence]})"
    if source.file:
        yield f"  described in {source.file}"
    yield f"  asked of {model.provider} at {model.path}"


def _fields(model: Model) -> Iterator[str]:
    for name, schema in model.fields.items():
        yield f"  {name}: {'; '.join(_facts(model, name, schema))}"
        yield f"      {schema.get('description', '')}"
        words = [f"`{word}`" for word in _words(model, name)]
        if words:
            yield f"      write {' or '.join([*words, f'`{name}`'])}"


def _facts(model: Model, name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield field_values(schema, model.links.get(name, ""))
    limits = picture_words(model.pictures[name]) if name in model.pictures else ""
    if limits:
        yield limits
    if name in model.required:
        yield "required"
    if "default" in schema:
        paid = ", which is paid for" if name in model.costly_defaults else ""
        yield f"{value_in_words(schema['default'])} if left out{paid}"


def _words(model: Model, name: str) -> list[str]:
    """The words of a manifest that mean a field of the model, but for its own name."""
    return [word for word, role in ROLE_WORDS.items() if model.field(role) == name and word != name]


def _rules(model: Model) -> Iterator[str]:
    for rule in model.rules:
        yield f"  {rule.sentence}{' (a warning)' if rule.severity is Severity.WARNING else ''}"


def _times(model: Model) -> Iterator[str]:
    timing = model.timing
    least, most = timing.retention_days
    if timing.latency_by:
        yield f"how long a render takes depends on {', '.join(f'`{name}`' for name in timing.latency_by)}"
    yield f"results are kept for {plural(most, 'day') if least == most else f'{least} to {most} days'}"
    if timing.longest_wait_s is not None:
        yield f"a task may wait up to {duration(timing.longest_wait_s)} before it is rendered"
    if timing.notifies:
        yield f"the service tells by {timing.notifies} that a task has ended"


def model_as_json(model: Model) -> dict[str, Any]:
    """The same for programs; `price` is as a description writes it, `clips` has the prices of shapes."""
    timing, source = model.timing, model.source
    return {
        "model": model.slug,
        "provider": model.provider,
        "path": model.path,
        "source": {
            "page": source.page,
            "read": source.read_on.isoformat(),
            "confidence": source.confidence.value,
            "file": source.file or None,
        },
        "fields": [_field(model, name, schema) for name, schema in model.fields.items()],
        "rules": [
            {
                "rule": rule.sentence,
                "severity": rule.severity.value,
                "code": rule.code.value,
                "fields": list(rule.fields),
                "source": rule.source,
            }
            for rule in model.rules
        ],
        "price": {**model.price.written, "read": model.price.read_on.isoformat()} if model.price else None,
        "clips": shapes_as_json(model),
        "latency_by": list(timing.latency_by),
        "retention_days": {"least": timing.retention_days[0], "most": timing.retention_days[1]},
        "longest_wait_s": timing.longest_wait_s,
        "notifies": timing.notifies or None,
    }


def _field(model: Model, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    role, limits = model.role(name), model.pictures.get(name)
    return {
        "name": name,
        "role": role.value if role else None,
        "words": _words(model, name),
        "required": name in model.required,
        "default_costs": name in model.costly_defaults,
        "schema": dict(schema),
        "limits": picture_words(limits) or None if limits else None,
    }
