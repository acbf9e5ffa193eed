"""What the service refuses in a request body: the sentences of its page, each with its check.

Written from the page alone, so that it can contradict the validator it is tested against.
Source: the page of google/veo-3.1-i2v; it speaks for Veo 3.1 and Veo 3.1 Fast alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# The shapes are checked before the combinations, so the latter may take them for granted.
Body = Mapping[str, Any]

_CATEGORY = "InvalidParameter"


@dataclass(frozen=True, slots=True)
class BodyRule:
    """One sentence of the page, about one field, and when a body breaks it."""

    field: str
    sentence: str
    broken: Callable[[Body], bool]


def refusal(body: object) -> str | None:
    """The message of the 400 that a body gets, `<Category>: <detail>`; None where it is accepted."""
    if not isinstance(body, dict):
        return f"{_CATEGORY}: the body must be a JSON object"
    unknown = sorted(str(name) for name in body if name not in FIELDS)
    if unknown:
        return f"{_CATEGORY}: unknown field {', '.join(unknown)}"
    for rule in (*SHAPES, *COMBINATIONS):
        if rule.broken(body):
            return f"{_CATEGORY}: {rule.field}: {rule.sentence}"
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_filled_text(value: object) -> bool:
    return isinstance(value, str) and len(value) >= 1


def _is_url(value: object) -> bool:
    """Whether it is an absolute web address. No blanks or control characters: urlsplit would drop some."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _is_url_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_url(item) for item in value)


def _one_of(*choices: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in choices


def _shape(field: str, sentence: str, fits: Callable[[object], bool]) -> BodyRule:
    return BodyRule(field, sentence, lambda body: field in body and not fits(body[field]))


SHAPES = (
    BodyRule("prompt", "string, required", lambda body: "prompt" not in body),
    _shape("prompt", "Minimum string length: 1", _is_filled_text),
    _shape("image", "Starting frame. Accepts an image URL (e.g. https://example.com/frame.jpg).", _is_url),
    _shape("lastFrame", "End frame. Accepts an image URL.", _is_url),
    _shape("negativePrompt", "string: Text describing what to avoid in the generated video.", _is_text),
    _shape(
        "referenceImages",
        "string[]: Each item is an image URL (e.g. https://example.com/ref.jpg).",
        _is_url_list,
    ),
    _shape("aspectRatio", "Available options: 16:9, 9:16", _one_of("16:9", "9:16")),
    _shape(
        "durationSeconds",
        "Video duration in seconds (string type). Available options: 4, 6, 8",
        _one_of("4", "6", "8"),
    ),
    _shape("resolution", "Available options: 720p, 1080p, 4k", _one_of("720p", "1080p", "4k")),
    _shape("personGeneration", "Available options: allow_adult", _one_of("allow_adult")),
)
FIELDS = frozenset(rule.field for rule in SHAPES)


def _has_both(first: str, second: str) -> Callable[[Body], bool]:
    return lambda body: first in body and second in body


def _is_not_8_seconds_with(field: str) -> Callable[[Body], bool]:
    """A duration that is left out is not 8: the page names no default."""
    return lambda body: field in body and body.get("durationSeconds") != "8"


_MOST_REFERENCE_IMAGES = 3

COMBINATIONS = (
    BodyRule(
        "referenceImages",
        "Maximum array length: 3",
        lambda body: len(body.get("referenceImages", ())) > _MOST_REFERENCE_IMAGES,
    ),
    BodyRule(
        "referenceImages",
        # An empty list is neither mode: it stands in the way of image, and it shows nothing to be guided by.
        "Reference images for style/character/visual guidance (up to 3).",
        lambda body: body.get("referenceImages") == [],
    ),
    BodyRule(
        "referenceImages",
        "Cannot be combined with image or lastFrame.",
        _has_both("referenceImages", "image"),
    ),
    BodyRule("lastFrame", "Cannot be combined with referenceImages.", _has_both("lastFrame", "referenceImages")),
    BodyRule(
        "negativePrompt",
        "Negative prompt is not supported in your use case",
        _has_both("negativePrompt", "referenceImages"),
    ),
    BodyRule(
        "lastFrame",
        "Requires image (cannot be used alone).",
        lambda body: "lastFrame" in body and "image" not in body,
    ),
    BodyRule(
        "image",
        "Required unless using referenceImages-only mode.",
        lambda body: "image" not in body and "referenceImages" not in body,
    ),
    BodyRule(
        "lastFrame",
        "durationSeconds must be 8 when using this parameter.",
        _is_not_8_seconds_with("lastFrame"),
    ),
    BodyRule(
        "referenceImages",
        "durationSeconds must be 8 when using this parameter.",
        _is_not_8_seconds_with("referenceImages"),
    ),
    BodyRule(
        "resolution",
        "1080p and 4k are only available when durationSeconds is 8.",
        lambda body: body.get("resolution") in {"1080p", "4k"} and body.get("durationSeconds") != "8",
    ),
)
