import pytest

from batchrunner.sandbox.body_rules import COMBINATIONS, FIELDS, SHAPES, refusal

URL = "https://example.com/a.jpg"
IMAGE = {"prompt": "p", "image": URL}
REFERENCES = {"prompt": "p", "referenceImages": [URL], "durationSeconds": "8"}
EIGHT = {"durationSeconds": "8"}


@pytest.mark.parametrize(
    "body",
    [
        IMAGE,
        REFERENCES,
        IMAGE | {"prompt": " "},
        IMAGE | {"negativePrompt": "blurry"},
        IMAGE | {"negativePrompt": ""},
        IMAGE | {"durationSeconds": "4"},
        IMAGE | {"durationSeconds": "6", "resolution": "720p"},
        IMAGE | {"resolution": "720p"},
        IMAGE | EIGHT | {"resolution": "1080p"},
        IMAGE | EIGHT | {"resolution": "4k", "aspectRatio": "9:16", "personGeneration": "allow_adult"},
        IMAGE | EIGHT | {"lastFrame": URL, "negativePrompt": "blurry"},
        IMAGE | {"image": "http://127.0.0.1:8080/a.png?x=1#y"},
        IMAGE | {"image": "HTTPS://EXAMPLE.COM/A"},
        REFERENCES | {"referenceImages": [URL, URL, URL]},
        REFERENCES | {"resolution": "4k", "aspectRatio": "9:16"},
    ],
)
def test_what_the_page_allows_is_accepted(body: object) -> None:
    assert refusal(body) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "JSON object"),
        (None, "JSON object"),
        ("text", "JSON object"),
        ({}, "prompt: string, required"),
        ({"prompt": "p"}, "image: Required unless"),
        (IMAGE | {"seed": 1}, "unknown field seed"),
        (IMAGE | {"duration_seconds": "8"}, "unknown field duration_seconds"),
        (IMAGE | EIGHT | {"lastFrame": URL, "referenceImages": [URL]}, "Cannot be combined"),
        (REFERENCES | {"image": URL}, "Cannot be combined with image"),
        (REFERENCES | {"lastFrame": URL}, "Cannot be combined with referenceImages"),
        (REFERENCES | {"negativePrompt": "blurry"}, "Negative prompt is not supported in your use case"),
        (REFERENCES | {"negativePrompt": ""}, "Negative prompt is not supported in your use case"),
        (REFERENCES | {"referenceImages": [URL] * 4}, "Maximum array length: 3"),
        (REFERENCES | {"referenceImages": []}, "referenceImages"),
        (IMAGE | {"referenceImages": []}, "referenceImages"),
        (EIGHT | {"prompt": "p", "lastFrame": URL}, "Requires image"),
        (IMAGE | {"lastFrame": URL}, "durationSeconds must be 8"),
        (IMAGE | {"lastFrame": URL, "durationSeconds": "6"}, "durationSeconds must be 8"),
        ({"prompt": "p", "referenceImages": [URL]}, "durationSeconds must be 8"),
        (REFERENCES | {"durationSeconds": "4"}, "durationSeconds must be 8"),
        (IMAGE | {"resolution": "1080p"}, "only available when durationSeconds is 8"),
        (IMAGE | {"resolution": "4k", "durationSeconds": "6"}, "only available when durationSeconds is 8"),
    ],
)
def test_a_broken_rule_is_refused_with_its_sentence(body: object, said: str) -> None:
    message = refusal(body)

    assert message is not None
    assert message.startswith("InvalidParameter: ")
    assert said in message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", 7),
        ("image", ""),
        ("image", "frame.png"),
        ("image", "ftp://example.com/a.jpg"),
        ("image", "data:image/png;base64,AAAA"),
        ("image", "https://"),
        ("image", "https:///a.jpg"),
        ("image", "https://:443/a.jpg"),
        ("image", "https://example.com:port/a.jpg"),
        ("image", "https://[::1/a.jpg"),
        ("image", "https://example.com/a b.jpg"),
        ("image", "https://example.com/a\n.jpg"),
        ("image", [URL]),
        ("lastFrame", "last.png"),
        ("negativePrompt", 3),
        ("referenceImages", URL),
        ("referenceImages", [1]),
        ("referenceImages", [None]),
        ("referenceImages", ["ref.png"]),
        ("aspectRatio", "1:1"),
        ("aspectRatio", 969),
        ("aspectRatio", ""),
        ("durationSeconds", 8),
        ("durationSeconds", "5"),
        ("durationSeconds", "8.0"),
        ("durationSeconds", ["8"]),
        ("resolution", "4K"),
        ("resolution", 720),
        ("personGeneration", "dont_allow"),
        ("personGeneration", True),
    ],
)
def test_a_value_of_another_shape_is_refused(field: str, value: object) -> None:
    message = refusal(IMAGE | EIGHT | {field: value})

    assert message is not None
    assert f": {field}: " in message


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_null_is_no_value_of_any_field(field: str) -> None:
    assert refusal(IMAGE | EIGHT | {field: None}) is not None


def test_every_field_of_the_page_is_known() -> None:
    assert {
        "prompt",
        "image",
        "lastFrame",
        "negativePrompt",
        "referenceImages",
        "aspectRatio",
        "durationSeconds",
        "resolution",
        "personGeneration",
    } == FIELDS
    assert all(rule.sentence for rule in (*SHAPES, *COMBINATIONS))
