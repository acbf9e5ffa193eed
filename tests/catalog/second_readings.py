"""What each shipped model takes, read a second time, in plain Python: the descriptions must agree with it.

Written from notes of the service's pages, schemas and price posts (2026-04 to 2026-09), and never from a description.
Veo 3.1 and Veo 3.1 Fast have theirs in `sandbox/body_rules.py`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.catalog.field_kinds import Kind, Link, Picture, Several, Switch, Text, Whole, Word

Body = Mapping[str, Any]


class Verdict(IntEnum):
    """What a body is; of several grounds the gravest counts."""

    FINE = 0
    # The sources are silent, or contradict each other: no error. Whether it deserves a warning is a matter of taste.
    OPEN = 1
    # Worth a look before it is paid for, and no mistake.
    WARNED = 2
    WRONG = 3


def no_grounds(_: Body) -> Iterator[Verdict]:
    return iter(())


@dataclass(frozen=True)
class Reading:
    """A model's fields, and what they do to each other.

    `grounds` are why a body whose fields are sound, each by itself, may be less than fine. `defaults` are those that
    the service documents. `unconfirmed`: fields that a sibling has; a description may have them or not.
    """

    fields: Mapping[str, Kind]
    required: frozenset[str]
    defaults: Mapping[str, object]
    grounds: Callable[[Body], Iterator[Verdict]] = no_grounds
    unconfirmed: frozenset[str] = field(default_factory=frozenset)

    def verdict(self, body: Body) -> Verdict:
        if not self.required <= body.keys() <= self.fields.keys():
            return Verdict.WRONG
        if not all(self.fields[name].fits(value) for name, value in body.items()):
            return Verdict.WRONG
        return max(self.grounds({**self.defaults, **body}), default=Verdict.FINE)


def no_length(seconds: object) -> Iterator[Verdict]:
    """Where no default is documented, the length of a clip is left to the service, and so is its price."""
    if seconds is None:
        yield Verdict.WARNED


# Google, Veo 3.1 Lite. The schema's own example has 6 seconds at 1080p; Google wants 8 for it, and so does the page of
# Veo 3.1, which also wants them for a last frame.
def lite(body: Body) -> Iterator[Verdict]:
    seconds = body.get("durationSeconds")
    if seconds in {"4", "6"} and body.get("resolution") == "1080p":
        yield Verdict.WARNED
    if len(body["prompt"]) >= 9000:  # at Google, 1,024 tokens are the most
        yield Verdict.WARNED
    if (seconds != "8" and "lastFrame" in body) or len(body.get("negativePrompt", "")) >= 9000:
        yield Verdict.OPEN
    yield from no_length(seconds)


LITE = Reading(
    {
        "prompt": Text(1),
        "image": Picture(),
        "lastFrame": Picture(),
        "negativePrompt": Text(),
        "aspectRatio": Word(("16:9", "9:16")),
        "durationSeconds": Word(("4", "6", "8")),
        "resolution": Word(("720p", "1080p")),
        "personGeneration": Word(("allow_adult",)),
    },
    frozenset({"prompt", "image"}),
    {"aspectRatio": "16:9"},
    lite,
)

VIDU = Reading(
    {
        "first_frame_image": Picture(),
        "prompt": Text(1, 5000),
        "duration": Whole(1, 16),
        "resolution": Word(("540p", "720p", "1080p")),
        "seed": Whole(),
    },
    frozenset({"first_frame_image"}),
    {"duration": 5, "resolution": "720p"},
)
VIDU_FRAMES = Reading(
    {**VIDU.fields, "last_frame_image": Picture()},
    frozenset({"first_frame_image", "last_frame_image"}),
    VIDU.defaults,
)


# Alibaba, HappyHorse. More than 2,500 Chinese characters are cut; the range of the seed is that of a sibling.
def happyhorse(body: Body) -> Iterator[Verdict]:
    if len(re.findall("[\u4e00-\u9fff]", body.get("prompt", ""))) > 2500:
        yield Verdict.OPEN
    if not 0 <= body.get("seed", 0) <= 2_147_483_647:
        yield Verdict.OPEN


HAPPYHORSE = Reading(
    {
        "first_frame_image": Picture(),
        "prompt": Text(0, 5000),
        "resolution": Word(("720P", "1080P")),
        "duration": Whole(3, 15),
        "seed": Whole(),
    },
    frozenset({"first_frame_image"}),
    {"resolution": "1080P", "duration": 5},
    happyhorse,
)


# MiniMax, Hailuo: "10 seconds only supports 768P; 1080P only supports 6 seconds"; fast_pretreatment is "only effective
# when prompt_optimizer=true".
def hailuo(body: Body) -> Iterator[Verdict]:
    if body["duration"] == 10 and body["resolution"] == "1080P":
        yield Verdict.WRONG
    if body["fast_pretreatment"] and not body["prompt_optimizer"]:
        yield Verdict.WARNED


HAILUO = Reading(
    {
        "first_frame_image": Picture(),
        "prompt": Text(1, 2000),
        "prompt_optimizer": Switch(),
        "fast_pretreatment": Switch(),
        "duration": Whole(only=(6, 10)),
        "resolution": Word(("768P", "1080P")),
    },
    frozenset({"first_frame_image"}),
    {"prompt_optimizer": True, "fast_pretreatment": False, "duration": 6, "resolution": "768P"},
    hailuo,
)

_SEEDANCE = {"duration": 5, "camera_fixed": False, "generate_audio": True, "execution_expires_after": 172_800}


def no_deadline(body: Body) -> Iterator[Verdict]:
    """By its default, a task that waits in a queue may begin, and be paid for, two days later."""
    if body["execution_expires_after"] == _SEEDANCE["execution_expires_after"]:
        yield Verdict.OPEN


# ByteDance, Seedance 2.0 Fast. Frames "do not use together with reference_images". The page calls all inputs optional,
# the service's own tool wants one of them. An older page ends a prompt at 2,000 characters, a newer one at 10,000.
# `[Image 1]` names an input: a reference image, and perhaps a frame.
def seedance_2_fast(body: Body) -> Iterator[Verdict]:
    yield from no_deadline(body)
    frames = {"first_frame_image", "last_frame_image"} & body.keys()
    references = body.get("reference_images", [])
    if frames and references:
        yield Verdict.WRONG
    if not frames and not references:
        yield Verdict.WARNED
    if frames == {"last_frame_image"}:
        yield Verdict.OPEN
    if len(body["prompt"]) > 2000:
        yield Verdict.WARNED
    images, sounds = _named(body, "Image"), _named(body, "Audio")
    if images > (len(references) or len(frames)) or sounds > len(body.get("audio_urls", [])):
        yield Verdict.WRONG
    if images and frames:
        yield Verdict.OPEN


def _named(body: Body, word: str) -> int:
    """The highest number by which the prompt names an input; 0 where it names none."""
    return max(map(int, re.findall(rf"\[{word} (\d+)\]", body["prompt"])), default=0)


SEEDANCE_2_FAST = Reading(
    {
        "prompt": Text(1, 10_000),
        "first_frame_image": Picture(),
        "last_frame_image": Picture(),
        "reference_images": Several(1, 9, Picture()),
        "audio_urls": Several(1, 3, Link()),
        "ratio": Word(("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")),
        "resolution": Word(("480p", "720p")),
        "duration": Whole(4, 15),
        "camera_fixed": Switch(),
        "generate_audio": Switch(),
        "execution_expires_after": Whole(3600, 259_200),
    },
    frozenset({"prompt"}),
    _SEEDANCE,
    seedance_2_fast,
    unconfirmed=frozenset({"seed", "service_tier"}),
)


# ByteDance, Seedance 1.5 Pro: "At least one of first_frame_image or last_frame_image must be provided". Whether a
# prompt is required lies behind the end of the copy; an older page ends it at 2,000 characters.
def seedance_1_5(body: Body) -> Iterator[Verdict]:
    yield from no_deadline(body)
    if not {"first_frame_image", "last_frame_image"} & body.keys():
        yield Verdict.WRONG
    if "first_frame_image" not in body or len(body.get("prompt", prose_beyond)) > 2000:
        yield Verdict.OPEN


prose_beyond = "x" * 2001

SEEDANCE_1_5 = Reading(
    {
        "first_frame_image": Picture(),
        "last_frame_image": Picture(),
        "prompt": Text(1, 10_000),
        "ratio": Word(("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")),
        "resolution": Word(("480p", "720p", "1080p")),
        "duration": Whole(4, 12),
        "seed": Whole(-1, 2_147_483_647),
        "camera_fixed": Switch(),
        "generate_audio": Switch(),
        "execution_expires_after": Whole(3600, 259_200),
    },
    frozenset(),
    _SEEDANCE,
    seedance_1_5,
    unconfirmed=frozenset({"service_tier"}),
)


# Alibaba, Wan 2.7: "Task mode must be one of" these six.
WAN_MODES = (
    {"first_frame"},
    {"first_frame", "last_frame"},
    {"first_frame", "driving_audio"},
    {"first_frame", "last_frame", "driving_audio"},
    {"first_clip"},
    {"first_clip", "last_frame"},
)


def wan(body: Body) -> Iterator[Verdict]:
    if body.keys() & {"first_frame", "last_frame", "driving_audio", "first_clip"} not in WAN_MODES:
        yield Verdict.WRONG
    yield from no_length(body.get("duration"))


WAN = Reading(
    {
        "first_frame": Picture(),
        "last_frame": Picture(),
        "first_clip": Link(),
        "driving_audio": Link(),
        "prompt": Text(0, 5000),
        "negative_prompt": Text(0, 500),
        "resolution": Word(("720P", "1080P")),
        "duration": Whole(2, 15),
        "prompt_extend": Switch(),
        "seed": Whole(0, 2_147_483_647),
    },
    frozenset(),
    {"resolution": "1080P"},
    wan,
)


# Kling 2.6. The page's copy has no names; those of a last image, a mask and a negative prompt are known from version 1
# alone. By the maker and not by the page, voices need sound, and there are two of them at most. Whether there is sound
# by default is unknown.
def kling(body: Body) -> Iterator[Verdict]:
    voices, sound = len(body.get("voice_ids", [])), body.get("sound")
    if voices > 2 or (voices and sound != "on"):
        yield Verdict.WARNED
    if sound is None:
        yield Verdict.OPEN
    yield from no_length(body.get("duration"))


KLING = Reading(
    {
        "image": Picture(),
        "prompt": Text(1, 2500),
        "sound": Word(("on", "off")),
        "voice_ids": Several(1, 10, Text(1)),
        "mode": Word(("std", "pro")),
        "duration": Whole(only=(5, 10)),
    },
    frozenset({"image"}),
    {},
    kling,
    unconfirmed=frozenset({"image_tail", "static_mask", "negative_prompt"}),
)

READINGS: Mapping[str, Reading] = {
    "google/veo-3.1-lite-i2v": LITE,
    "vidu/viduq3-turbo-i2v": VIDU,
    "vidu/viduq3-turbo-fl2v": VIDU_FRAMES,
    "alibaba/happyhorse-1.0-i2v": HAPPYHORSE,
    "minimax/hailuo-2.3-i2v": HAILUO,
    "bytedance/seedance-2.0-fast-i2v": SEEDANCE_2_FAST,
    "bytedance/seedance-1.5-pro-i2v": SEEDANCE_1_5,
    "alibaba/wan2.7-i2v": WAN,
    "kling/kling-v2.6-i2v": KLING,
}

_FRAMES = {"image": "first_frame_image", "lastFrame": "last_frame_image"}
_SAME = {"prompt": "prompt", "duration": "duration", "durationSeconds": "duration", "resolution": "resolution"}
# The field that is meant by a manifest's word; a word that is not there means none, and is a mistake.
WORDS: Mapping[str, Mapping[str, str]] = {
    "google/veo-3.1-lite-i2v": {
        **{name: name for name in ("prompt", "image", "lastFrame", "negativePrompt", "aspectRatio", "durationSeconds")},
        "duration": "durationSeconds",
        "resolution": "resolution",
    },
    "vidu/viduq3-turbo-i2v": {**_SAME, "image": "first_frame_image", "seed": "seed"},
    "vidu/viduq3-turbo-fl2v": {**_SAME, **_FRAMES, "seed": "seed"},
    "alibaba/happyhorse-1.0-i2v": {**_SAME, "image": "first_frame_image", "seed": "seed"},
    "minimax/hailuo-2.3-i2v": {**_SAME, "image": "first_frame_image"},
    "bytedance/seedance-2.0-fast-i2v": {
        **_SAME,
        **_FRAMES,
        "referenceImages": "reference_images",
        "aspectRatio": "ratio",
        "audio": "generate_audio",
    },
    "bytedance/seedance-1.5-pro-i2v": {
        **_SAME,
        **_FRAMES,
        "aspectRatio": "ratio",
        "audio": "generate_audio",
        "seed": "seed",
    },
    "alibaba/wan2.7-i2v": {
        **_SAME,
        "image": "first_frame",
        "lastFrame": "last_frame",
        "negativePrompt": "negative_prompt",
        "seed": "seed",
    },
    "kling/kling-v2.6-i2v": {
        "prompt": "prompt",
        "image": "image",
        "duration": "duration",
        "durationSeconds": "duration",
        "audio": "sound",
    },
}
