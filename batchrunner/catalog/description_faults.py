"""What is wrong with a description that somebody wrote: each fault with its place, before it becomes a model."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from batchrunner.catalog.body_faults import field_faults
from batchrunner.catalog.description import day
from batchrunner.catalog.field_names import named_fields
from batchrunner.catalog.models import LINK_FORMATS
from batchrunner.catalog.picture_limits import read_limits
from batchrunner.catalog.prices import read_price
from batchrunner.catalog.rules import read_rule
from batchrunner.domain.suggestions import nearest_name
from batchrunner.io.resources import read_text

Path = tuple[str | int, ...]

# What an import leaves for a person to fill in begins with this word.
TODO = "TODO"
_SHORT = 60
# A large description has some 500 values, and is 7 deep.
MOST_VALUES, MOST_DEPTH = 10_000, 20


@dataclass(frozen=True, slots=True)
class DescriptionFault:
    """One mistake: the keys that lead to it, what is wrong, and what to write. `is_todo`: it was left open."""

    path: Path
    message: str
    hint: str
    is_todo: bool = False


def faults(written: Mapping[str, Any]) -> list[DescriptionFault]:
    """Everything that is wrong with a description, what it is like already filled in; none where it is a model.

    Raises nothing for whatever was written.
    """
    if not _is_small(written):
        said = f"a description has more than {MOST_VALUES:,} values, or is nested more than {MOST_DEPTH} deep"
        return [DescriptionFault((), said, "describe one model in it")]
    open_points = list(_todos(written, ()))
    if open_points:
        return open_points
    return list(_shape(written)) or [*_names(written), *_values(written)] or list(_parts(written))


def _is_small(written: object) -> bool:
    """Whether there is no more in it than a model needs: its rules and prices are asked for each job."""
    level, seen = [written], 0
    for _ in range(MOST_DEPTH):
        level = [each for value in level for each in _within(value)]
        seen += len(level)
        if not level or seen > MOST_VALUES:
            break
    return not level


def _within(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _todos(value: object, path: Path) -> Iterator[DescriptionFault]:
    """What an import left open; the description is not judged further before that is done."""
    match value:
        case str() if value.startswith(TODO):
            what = value.removeprefix(TODO).strip(" :") or "it was left open by an import"
            yield DescriptionFault(
                path, f"`{_dotted(path)}` is to do: {what}", "fill it in, or remove it", is_todo=True
            )
        case dict():
            for name, each in value.items():
                yield from _todos(each, (*path, str(name)))
        case list():
            for number, each in enumerate(value):
                yield from _todos(each, (*path, number))


@cache
def _validator() -> Draft7Validator:
    return Draft7Validator(json.loads(read_text("schemas/model.schema.json")))


def _shape(written: Mapping[str, Any]) -> Iterator[DescriptionFault]:
    for error in _validator().iter_errors(written):
        yield _fault_of(error)


def _fault_of(error: ValidationError) -> DescriptionFault:
    """What the schema says, in our words."""
    path = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    found: Any = error.instance
    schema: Any = error.schema
    name = _dotted(path) or "a description"
    match error.validator:
        case "required":
            missing = next(each for each in wanted if each not in found)
            return DescriptionFault(path, f"`{_dotted((*path, missing))}` is missing", f"write `{missing}: …`")
        case "additionalProperties":
            known: list[str] = list(schema.get("properties", {}))
            odd = next(str(each) for each in found if each not in known)
            near = nearest_name(odd, known)
            hint = f"did you mean `{near}`?" if near else f"known here: {', '.join(known)}"
            return DescriptionFault((*path, odd), f"`{_dotted((*path, odd))}` is no key of a description", hint)
        case "enum" | "const":
            listed = wanted if isinstance(wanted, list) else [wanted]
            return DescriptionFault(path, f"`{name}` cannot be {_shown(found)}", f"write {_or(listed)}")
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            return DescriptionFault(path, f"`{name}` cannot be {_shown(found)}", f"write {_or(kinds)}")
        case _:
            return DescriptionFault(
                path, f"`{name}` cannot be {_shown(found)}", "see docs/models.md for what it may be"
            )


def _names(written: Mapping[str, Any]) -> Iterator[DescriptionFault]:
    """Fields and roles that are named and are not there, and fields that are named twice."""
    fields = written["body"]["properties"]
    for path, name in named_fields(written):
        if name not in fields:
            near = nearest_name(name, fields)
            hint = f"did you mean `{near}`?" if near else f"the fields of `body` are {', '.join(fields)}"
            yield DescriptionFault(path, f"`{_dotted(path)}`: `body` has no field `{name}`", hint)
    roles: Mapping[str, str] = written["roles"]
    for role, name in roles.items():
        first = next(each for each, other in roles.items() if other == name)
        if first != role:
            said = f"`{name}` is the field of two roles, `{first}` and `{role}`"
            yield DescriptionFault(("roles", role), said, "keep one of the two")
    for role in written.get("starter", {}):
        if role not in roles:
            said = f"`starter.{role}` speaks of a role that the model does not have"
            yield DescriptionFault(("starter", role), said, f"its roles are {', '.join(roles)}")


def _values(written: Mapping[str, Any]) -> Iterator[DescriptionFault]:
    """What has to agree with something else in the same description."""
    slug, path = written["slug"], written["path"]
    if path not in (slug, f"{slug}/async"):
        yield DescriptionFault(("path",), f"`path` cannot be {_shown(path)}", f"write {slug}, or {slug}/async")
    for name, field in written["body"]["properties"].items():
        for place, said, hint in field_faults(name, field):
            yield DescriptionFault(place, said, hint)
        links = field.get("format", field.get("items", {}).get("format", ""))
        if name in written.get("pictures", {}) and LINK_FORMATS.get(links) != "picture":
            said = f"`pictures.{name}` speaks of a field that takes no picture"
            yield DescriptionFault(("pictures", name), said, f"give `{name}` in `body` the `format: image-link`")


def _parts(written: Mapping[str, Any]) -> Iterator[DescriptionFault]:
    """Rules, prices, limits and days that cannot be read as such."""
    for path, read in _readers(written):
        try:
            read()
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            yield DescriptionFault(path, f"`{_dotted(path)}`: {error}", "see docs/models.md for its forms")


def _readers(written: Mapping[str, Any]) -> Iterator[tuple[Path, Callable[[], object]]]:
    fields = written["body"]["properties"]
    defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
    yield ("source", "read"), partial(day, written["source"]["read"])
    for number, rule in enumerate(written.get("rules", ())):
        yield ("rules", number), partial(read_rule, rule, defaults, "")
    for name, limits in written.get("pictures", {}).items():
        yield ("pictures", name), partial(read_limits, limits)
    if "price" in written:
        yield ("price",), partial(read_price, written["price"])


def _dotted(path: Path) -> str:
    """The keys that lead to a place, as people write them: `rules[2].then`."""
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


def _or(words: list[object]) -> str:
    return " or ".join(map(str, words))
