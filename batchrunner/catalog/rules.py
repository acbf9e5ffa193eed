"""What fields do to each other, as a table: each rule with its code, its sentence and its hint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from batchrunner.domain.problem import Code, Severity

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rule:
    """One cross-field rule. `breaks` says whether a body of good shape breaks it.

    `fields` are named in the message, and the problem stands at the first of them that is written.
    """

    code: Code
    fields: tuple[str, ...]
    breaks: Callable[[Body], bool]
    message: str
    hint: str
    source: str

    @property
    def severity(self) -> Severity:
        """That of its code."""
        return self.code.severity


def _both(one: str, other: str) -> Callable[[Body], bool]:
    return lambda body: one in body and other in body


def _needs_8_seconds(applies: Callable[[Body], bool]) -> Callable[[Body], bool]:
    return lambda body: applies(body) and body.get("durationSeconds") != "8"


_SEED = "Modellix, veo-3.1-i2v, verified 2026-04-29"
_WRITE_8 = 'write `durationSeconds: "8"`'

# A token is about four bytes of text in every script, near enough for a warning.
_BYTES_PER_TOKEN = 4
_MOST_TOKENS = 1024


def _tokens(text: str) -> int:
    return len(text.encode(errors="replace")) // _BYTES_PER_TOKEN


VEO_3_1: tuple[Rule, ...] = (
    Rule(
        Code.IMAGE_MISSING,
        ("image", "referenceImages"),
        lambda body: not {"image", "referenceImages", "lastFrame"} & body.keys(),
        "neither `image` nor `referenceImages` is given",
        "add `image:` with the first frame, or `referenceImages:` with up to three images",
        _SEED,
    ),
    Rule(
        Code.IMAGE_WITH_REFERENCES,
        ("referenceImages", "image"),
        _both("image", "referenceImages"),
        "`referenceImages` cannot be combined with `image`",
        "keep one of the two",
        _SEED,
    ),
    Rule(
        Code.LAST_FRAME_WITHOUT_IMAGE,
        ("lastFrame", "image"),
        lambda body: "lastFrame" in body and not {"image", "referenceImages"} & body.keys(),
        "`lastFrame` needs `image`",
        "add `image:` with the first frame, or remove `lastFrame`",
        _SEED,
    ),
    Rule(
        Code.LAST_FRAME_WITH_REFERENCES,
        ("lastFrame", "referenceImages"),
        _both("lastFrame", "referenceImages"),
        "`lastFrame` cannot be combined with `referenceImages`",
        "remove one of the two",
        _SEED,
    ),
    Rule(
        Code.NEGATIVE_PROMPT_WITH_REFERENCES,
        ("negativePrompt", "referenceImages"),
        _both("negativePrompt", "referenceImages"),
        "`negativePrompt` is not supported together with `referenceImages`",
        "remove `negativePrompt`, or use `image` instead of `referenceImages`",
        _SEED,
    ),
    Rule(
        Code.LAST_FRAME_DURATION,
        ("durationSeconds", "lastFrame"),
        _needs_8_seconds(lambda body: "lastFrame" in body),
        "with `lastFrame`, `durationSeconds` must be 8",
        _WRITE_8,
        _SEED,
    ),
    Rule(
        Code.REFERENCES_DURATION,
        ("durationSeconds", "referenceImages"),
        _needs_8_seconds(lambda body: "referenceImages" in body),
        "with `referenceImages`, `durationSeconds` must be 8",
        _WRITE_8,
        _SEED,
    ),
    Rule(
        Code.RESOLUTION_DURATION,
        ("durationSeconds", "resolution"),
        _needs_8_seconds(lambda body: body.get("resolution") in {"1080p", "4k"}),
        "with `resolution` 1080p or 4k, `durationSeconds` must be 8",
        f"{_WRITE_8}, or use `resolution: 720p`",
        _SEED,
    ),
    Rule(
        Code.REFERENCES_ASPECT,
        ("aspectRatio", "referenceImages"),
        lambda body: "referenceImages" in body and body.get("aspectRatio") == "9:16",
        "reference images need `aspectRatio` 16:9, according to Google",
        "write `aspectRatio: 16:9`",
        "Google, Veo 3.1, reference images, 2026-11",
    ),
    Rule(
        Code.PROMPT_LENGTH,
        ("prompt",),
        lambda body: _tokens(str(body.get("prompt", ""))) > _MOST_TOKENS,
        f"the prompt is longer than about {_MOST_TOKENS:,} tokens: the service may cut it",
        "make it shorter",
        "Google, Veo 3.1, prompt limits, 2026-11",
    ),
    Rule(
        Code.NO_DURATION,
        ("durationSeconds",),
        lambda body: "durationSeconds" not in body,
        "no `durationSeconds` is given: the service chooses, and the price is not known",
        "write `durationSeconds: 8`, or put it into `defaults`",
        _SEED,
    ),
)
