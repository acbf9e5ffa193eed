"""What a clip costs by the descriptions: a table that is kept, and the sums that the price posts give."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from batchrunner.catalog import Role, shipped
from batchrunner.catalog.prices import Bound
from batchrunner.domain.money import NOTHING, Cost
from tests.catalog.price_table import GOLDEN, cost_of, table

# US dollars a second by what is chosen, read in the price posts apart from the descriptions: what is billed, or where
# that is not sure, the most of what is said.
Rates = Mapping[tuple[object, ...], str]

# "Without audio", and no field chooses it. Nobody says what it adds; at another maker it is as much again.
_VIDU: Rates = {("540p",): "0.0644", ("720p",): "0.1012", ("1080p",): "0.1196"}

# For each model the fields that choose a rate, the lengths of clips, and the rates.
PRICES: Mapping[str, tuple[tuple[str, ...], tuple[int, ...], Rates]] = {
    "google/veo-3.1-i2v": (("resolution",), (8,), {("720p",): "0.322", ("1080p",): "0.322", ("4k",): "0.483"}),
    "google/veo-3.1-fast-i2v": (
        ("resolution",),
        (8,),
        {("720p",): "0.0805", ("1080p",): "0.0966", ("4k",): "0.2415"},
    ),
    # in July; in August, .0403 to .0644 were read for its text-to-video sibling
    "google/veo-3.1-lite-i2v": (("resolution",), (4, 6, 8), {("720p",): "0.0420", ("1080p",): "0.0672"}),
    "vidu/viduq3-turbo-i2v": (("resolution",), (1, 5, 16), _VIDU),
    "vidu/viduq3-turbo-fl2v": (("resolution",), (1, 5, 16), _VIDU),
    "alibaba/happyhorse-1.0-i2v": (("resolution",), (3, 5, 15), {("720P",): "0.128", ("1080P",): "0.229"}),
    # a second, and not a clip; at 1080P another post has .106
    "minimax/hailuo-2.3-i2v": (
        ("duration", "resolution"),
        (6, 10),
        {(6, "768P"): "0.054", (10, "768P"): "0.0672", (6, "1080P"): "0.12"},
    ),
    # .069 to .138 for text to video; the .897 of the family are for 4K, which this one has not
    "bytedance/seedance-2.0-fast-i2v": (("resolution",), (4, 5, 15), {("480p",): "0.138", ("720p",): "0.138"}),
    # the posted rates are those of a silent clip, and sound costs as much again at the maker
    "bytedance/seedance-1.5-pro-i2v": (
        ("resolution", "generate_audio"),
        (4, 5, 12),
        {
            ("480p", False): "0.0276",
            ("720p", False): "0.0598",
            ("1080p", False): "0.1196",
            ("480p", True): "0.0552",
            ("720p", True): "0.1196",
            ("1080p", True): "0.2392",
        },
    ),
    "alibaba/wan2.7-i2v": (("resolution",), (2, 5, 15), {("720P",): "0.065", ("1080P",): "0.095"}),
    "kling/kling-v2.6-i2v": ((), (5, 10), {(): "0.19"}),
}
# Prices that were read for the very model, with what decides them; all others are bounds.
EXACT = {"google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"}


def sums() -> Iterator[Any]:
    """Each choice of each model with its length in seconds and its rate."""
    for slug, (names, lengths, rates) in PRICES.items():
        for seconds in lengths:
            for values, rate in rates.items():
                chosen = dict(zip(names, values, strict=True))
                if chosen.get("duration", seconds) == seconds:
                    shown = " ".join(map(str, values))
                    yield pytest.param(slug, seconds, chosen, rate, id=f"{slug} {seconds} s {shown}")


def fields_of(slug: str, seconds: int, chosen: Mapping[str, object]) -> dict[str, object]:
    model = shipped().find(slug)
    assert model is not None
    duration = str(model.field(Role.DURATION))
    is_text = model.fields[duration]["type"] == "string"
    return {**chosen, duration: str(seconds) if is_text else seconds}


def test_the_table_is_the_one_that_is_kept() -> None:
    """If it differs and is meant so: `python -m tests.catalog.price_table`."""
    assert table() == GOLDEN.read_text(encoding="utf-8")


def test_every_model_has_its_sums() -> None:
    assert PRICES.keys() == set(shipped().slugs)
    assert {model.slug for model in shipped() if model.price and model.price.bound is Bound.EXACT} == EXACT


@pytest.mark.parametrize(("slug", "seconds", "chosen", "rate"), [*sums()])
def test_a_clip_costs_what_the_price_posts_say(
    slug: str, seconds: int, chosen: Mapping[str, object], rate: str
) -> None:
    """Of a bound it is not known how far below it a bill is."""
    usd = Decimal(rate) * seconds
    assert cost_of(slug, fields_of(slug, seconds, chosen)) == Cost(usd if slug in EXACT else NOTHING, usd)


@pytest.mark.parametrize("slug", PRICES)
def test_what_is_left_to_the_service_is_reserved_whole(slug: str) -> None:
    """Where a request chooses nothing, its price is the highest that the documented defaults leave open."""
    model = shipped().find(slug)
    assert model is not None
    names, lengths, rates = PRICES[slug]
    duration = str(model.field(Role.DURATION))
    usd = [
        Decimal(str(seconds)) * Decimal(rate)
        for seconds in ([model.defaults[duration]] if duration in model.defaults else lengths)
        for values, rate in rates.items()
        if all(model.defaults.get(name, value) == value for name, value in zip(names, values, strict=True))
        if dict(zip(names, values, strict=True)).get("duration", seconds) == seconds
    ]
    cost = cost_of(slug, {})
    assert cost is not None
    assert cost.high_usd == max(usd)
