"""What people write for what the service spells in one way only, and what is too uncertain to be rewritten."""

import pytest

from batchrunner.catalog import shipped
from batchrunner.manifest.spellings import meant

MODEL = shipped().find("google/veo-3.1-i2v")
assert MODEL

CERTAIN = {
    "durationSeconds": {
        "4": [
            "4",
            "4s",
            "4 s",
            "4 sec",
            "4 sec.",
            "4 Sek.",
            "4,0",
            "4.0",
            "4.",
            "04",
            "4 Sekunden",
            "4 secondes",
            "4 秒",
            '4"',
        ],
        "8": ["8", "0:08", "00:08", "0:00:08", "00:00:08:00", "8 seg", "8 초", "8 s (fast)", "8.00 sec"],
    },
    "aspectRatio": {
        "16:9": [
            "16:9",
            "16x9",
            "16 : 9",
            "16/9",
            "16\u00d79",
            "16:09",
            "16:09:00",
            "1920x1080",
            "Querformat",
            "landscape",
        ],
        "9:16": ["9:16", "9x16", "09:16", "9:16 (portrait)", "Hochformat", "VERTICAL", "hoch", "vertical (9:16)", "縦"],
    },
    "resolution": {
        "720p": ["720", "720p", "720P", "1280x720", "HD ready"],
        "1080p": ["1080", "1080p", "1080 p", "1920x1080", "1080 x 1920", "Full HD", "FHD"],
        "4k": ["4K", "4k", "UHD", "2160p", "3840x2160"],
    },
}
UNCERTAIN = {
    "durationSeconds": [
        "",
        "7",
        "8,5",
        "8.5",
        "8 min",
        "8:00",
        "00:00:00:08",
        "1:08",
        "4-8",
        "4 or 8",
        "8 (4)",
        "8 (7)",
        "eight",
        "8 f",
        "8000",
    ],
    "aspectRatio": ["", "1:1", "4:3", "square", "16:9 (portrait)", "0:9", "16", "mp4", "not 9:16", "2.39:1"],
    "resolution": ["", "HD", "480p", "mp4", "16:9", "10800", "high", "720p / 1080p"],
}


@pytest.mark.parametrize(
    ("field", "text", "spelling"),
    [(field, text, spelling) for field, by in CERTAIN.items() for spelling, texts in by.items() for text in texts],
)
def test_what_is_certain_is_spelt_as_the_service_does(field: str, text: str, spelling: str) -> None:
    assert MODEL
    assert meant(MODEL.role(field), text, MODEL.fields[field]["enum"]) == spelling


@pytest.mark.parametrize(("field", "text"), [(field, text) for field, texts in UNCERTAIN.items() for text in texts])
def test_what_is_uncertain_is_left_to_a_person(field: str, text: str) -> None:
    assert MODEL
    assert meant(MODEL.role(field), text, MODEL.fields[field]["enum"]) is None


def test_a_field_without_spellings_of_its_own_knows_only_the_exact_ones() -> None:
    assert meant(None, "Allow_Adult", ["allow_adult"]) == "allow_adult"
    assert meant(None, "adults", ["allow_adult"]) is None
