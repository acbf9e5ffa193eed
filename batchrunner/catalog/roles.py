"""What a field of a model is for: the words by which everything outside of the descriptions asks for it."""

from collections.abc import Mapping
from enum import StrEnum, auto


class Role(StrEnum):
    """The use of a field, whatever a model calls it. The values are the words of the descriptions."""

    PROMPT = auto()
    NEGATIVE_PROMPT = auto()
    FIRST_IMAGE = auto()
    LAST_IMAGE = auto()
    REFERENCE_IMAGES = auto()
    MASK = auto()
    AUDIO = auto()
    AUDIO_SWITCH = auto()
    SEED = auto()
    DURATION = auto()
    RESOLUTION = auto()
    ASPECT_RATIO = auto()


# The words of a manifest: each means the field of its role, whatever the job's model calls it.
ROLE_WORDS: Mapping[str, Role] = {
    "prompt": Role.PROMPT,
    "negativePrompt": Role.NEGATIVE_PROMPT,
    "image": Role.FIRST_IMAGE,
    "lastFrame": Role.LAST_IMAGE,
    "referenceImages": Role.REFERENCE_IMAGES,
    "duration": Role.DURATION,
    "durationSeconds": Role.DURATION,
    "resolution": Role.RESOLUTION,
    "aspectRatio": Role.ASPECT_RATIO,
    "seed": Role.SEED,
    "audio": Role.AUDIO_SWITCH,
}
