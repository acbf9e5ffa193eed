"""What is different between two requests: words of a prompt, and fields with their values."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.catalog import shipped
from batchrunner.reports.request_difference import (
    PieceKind,
    difference_in_words,
    request_lines,
    shown_value,
    word_difference,
)

MODEL = "google/veo-3.1-i2v"
TEXTS = st.lists(st.sampled_from(["She", "waves", "turns", ",", " ", "  ", ".", "ß", "女", "手", "\n"]), max_size=20)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("She waves", "She turns", "She [-waves-]{+turns+}"),
        ("She waves", "She waves, smiling", "She waves{+, smiling+}"),
        ("She waves slowly", "She waves", "She waves[- slowly-]"),
        ("", "She waves", "{+She waves+}"),
        ("女孩挥手", "女孩转手", "女孩[-挥-]{+转+}手"),
        ("A b" + " and on" * 20, "A c" + " and on" * 20, "A [-b-]{+c+} and on and on and on and on a…"),
    ],
)
def test_a_prompt_is_compared_word_by_word(old: str, new: str, shown: str) -> None:
    assert difference_in_words(old, new) == shown


@given(TEXTS.map("".join), TEXTS.map("".join))
def test_the_pieces_are_put_together_again_to_both_texts(old: str, new: str) -> None:
    pieces = word_difference(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind is not PieceKind.ADDED) == old
    assert "".join(piece.text for piece in pieces if piece.kind is not PieceKind.REMOVED) == new
    assert all(one.kind is not other.kind for one, other in pairwise(pieces))


@pytest.mark.parametrize(("count", "words"), [(5_000, ("a", "b")), (200, ("a b", "b a"))])
def test_texts_that_cost_too_much_to_compare_are_told_as_replaced_where_they_differ(
    count: int, words: tuple[str, str]
) -> None:
    old, new = (f"She {words}{f' {each}' * count} {words}. The end" for each, words in zip(words, "xy", strict=True))
    kinds = [piece.kind for piece in word_difference(old, new)]
    assert kinds == [PieceKind.SAME, PieceKind.REMOVED, PieceKind.ADDED, PieceKind.SAME]


def lines(before: Mapping[str, object] | None, now: Mapping[str, object], model: str = MODEL) -> list[str]:
    catalog = shipped()
    old = None if before is None else catalog.request_of(MODEL, before)
    return list(request_lines(old, catalog.request_of(model, now), catalog))


def test_the_first_request_is_told_whole() -> None:
    assert lines(None, {"prompt": "She waves", "resolution": "720p"}) == [
        "prompt: She waves",
        "google/veo-3.1-i2v, aspectRatio 16:9, resolution 720p",
    ]


def test_a_later_one_is_told_by_what_changed() -> None:
    before = {"prompt": "She waves", "resolution": "720p", "seed": "7"}
    now = {"prompt": "She turns", "resolution": "4k", "negativePrompt": "rain"}
    assert lines(before, now) == [
        "prompt: She [-waves-]{+turns+}",
        "negativePrompt: nothing → rain",
        "resolution: 720p → 4k",
        "seed: 7 → nothing",
    ]
    assert lines(before, before) == ["the same prompt and settings"]
    assert lines(before, before, "google/veo-3.1-fast-i2v")[0] == "model: google/veo-3.1-i2v → google/veo-3.1-fast-i2v"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"sha256:{'ab' * 32}", "sha256:abababababab…"),
        ("https://me:secret@example.com/a.jpg?sig=secret", "https://…@example.com/a.jpg?…"),
        (["https://example.com/a.jpg", "b"], "https://example.com/a.jpg, b"),
        (True, "true"),
        ("x" * 100, "x" * 79 + "…"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
    ],
)
def test_a_value_is_short_and_holds_no_secret(value: object, shown: str) -> None:
    assert shown_value(value) == shown
