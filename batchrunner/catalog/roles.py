"""What a field of a model is for: the words by which everything outside of the descriptions asks for it."""

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
