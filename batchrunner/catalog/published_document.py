"""What a service publishes about a model, before anything in it is believed: bytes, within bounds, as plain data."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from batchrunner.domain.text import printable

MOST_BYTES = 8 << 20
_DEEPEST = 64
_MOST_DIGITS = 20
# A provider's name, a model's, and a field's.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# Where requests go. Source: the service's documentation; `servers` of every schema that is known names it.
API = "https://api.modellix.ai/api/v1/"
_MOST_SHOWN = 100


class SchemaFault(ValueError):
    """A published document that cannot be read as a contract; the sentence says what is wrong with it."""


def read_document(data: bytes) -> Mapping[str, Any]:
    """The JSON object in these bytes.

    Raises:
        SchemaFault: they hold none, or one beyond the bounds of bytes, depth and digits, or a key twice.
    """
    if len(data) > MOST_BYTES:
        raise SchemaFault(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        found = json.loads(
            data.decode("utf-8-sig"),
            parse_int=_whole,
            parse_float=_number,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except SchemaFault:
        raise
    except (ValueError, RecursionError) as error:
        raise SchemaFault("it is not JSON") from error
    if not isinstance(found, dict):
        raise SchemaFault("it is not a JSON object")
    _check_depth(found)
    return found


def shown(text: object) -> str:
    """A foreign text in a sentence of ours."""
    return printable(str(text)[: 2 * _MOST_SHOWN], _MOST_SHOWN)


def target(document: Mapping[str, Any], reference: object) -> object:
    """What a reference within the document leads to. Source: RFC 6901.

    Raises:
        SchemaFault: it leads elsewhere, or nowhere.
    """
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise SchemaFault(f"its $ref {shown(reference)} leads out of the document, where nothing is read")
    found: object = document
    for step in unquote(reference[2:]).split("/") if reference != "#" else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and len(name) < _MOST_DIGITS and int(name) < len(found):
            found = found[int(name)]
        else:
            raise SchemaFault(f"its $ref {shown(reference)} leads nowhere")
    return found


def operation(document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The address that is posted to, empty where none is named, and what is said of that request.

    Raises:
        SchemaFault: there is no such request, or more than one.
    """
    server = _server(document)
    post = document.get("post")
    if isinstance(post, dict):
        return server, post
    paths = document.get("paths")
    posts = [
        (path, each["post"])
        for path, each in (paths.items() if isinstance(paths, dict) else ())
        if isinstance(each, dict) and isinstance(each.get("post"), dict)
    ]
    if len(posts) != 1:
        found = f"{len(posts)} of them" if posts else "none"
        raise SchemaFault(f"it has to tell of one request that is posted, and tells of {found}")
    path, post = posts[0]
    return (server.rstrip("/") + path if server else ""), post


def body_schema(document: Mapping[str, Any], post: Mapping[str, Any]) -> object:
    """The schema of a request's body.

    Raises:
        SchemaFault: there is none in JSON.
    """
    body: object = post.get("requestBody")
    if isinstance(body, dict) and "$ref" in body:
        body = target(document, body["$ref"])
    content = body.get("content") if isinstance(body, dict) else None
    in_json = content.get("application/json") if isinstance(content, dict) else None
    if not isinstance(in_json, dict) or "schema" not in in_json:
        raise SchemaFault("it has no requestBody.content.application/json.schema")
    return in_json["schema"]


def path_of(address: str) -> str | None:
    """The path below `/api/v1/` of an address of the service: `google/veo-3.1-i2v/async`; None where it is none."""
    path = address.removeprefix(API)
    return path if path != address and is_slug(path.removesuffix("/async")) else None


def is_slug(text: str) -> bool:
    """Whether it is a model's name: `google/veo-3.1-i2v`."""
    parts = text.split("/")
    return len(parts) == 2 and all(map(NAME.fullmatch, parts))  # noqa: PLR2004  # provider and name


def _server(document: Mapping[str, Any]) -> str:
    servers = document.get("servers")
    listed = servers if isinstance(servers, list) else []
    named = {str(each["url"]) for each in listed if isinstance(each, dict) and "url" in each}
    if len(named) > 1:
        raise SchemaFault("it names several servers")
    return next(iter(named), "")


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise SchemaFault(f"it holds a number of {len(text)} digits")
    return int(text)


def _number(text: str) -> float | int:
    value = float(text) if len(text) <= 2 * _MOST_DIGITS else math.inf
    if not math.isfinite(value):
        raise SchemaFault(f"it holds a number that nobody can compute with: {shown(text)}")
    return int(value) if value.is_integer() and abs(value) < 10**_MOST_DIGITS else value


def _no_number(text: str) -> object:
    raise SchemaFault(f"it holds {text}, which is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise SchemaFault(f"it says `{shown(twice)}` twice in one place")
    return found


def _check_depth(document: object) -> None:
    """Nothing, where it is nested no deeper than a person would nest it; level by level, without recursion."""
    level = [document]
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise SchemaFault(f"it is nested more than {_DEEPEST} deep")


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
