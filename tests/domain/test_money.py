"""Money is exact, and read as people read it; what a clip costs is an estimate with a date."""

import json
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from batchrunner.catalog import read_prices, shipped, shipped_prices
from batchrunner.catalog.prices import read_price
from batchrunner.domain.money import FREE, Cost, dollars, sum_in_dollars

STANDARD, FAST = "google/veo-3.1-i2v", "google/veo-3.1-fast-i2v"


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"),
        ("2.576", "$2.58"),
        ("2.574", "$2.57"),
        ("0.004", "$0.00"),
        ("12880", "$12,880.00"),
        ("1234567.891", "$1,234,567.89"),
    ],
)
def test_dollars_are_written_as_people_read_them(usd: str, text: str) -> None:
    assert dollars(Decimal(usd)) == text


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["36.064", "10.304"], ("$46.368", ["$36.064", "$10.304"])),
        (["5.152", "2.576"], ("$7.73", ["$5.15", "$2.58"])),
        (["1234.5", "0.5"], ("$1,235.00", ["$1,234.50", "$0.50"])),
        (["0.00004", "0.00004"], ("$0.00", ["$0.00", "$0.00"])),
        (["0.0000004"] * 5, ("$0.00", ["$0.00"] * 5)),
        ([], ("$0.00", [])),
    ],
)
def test_a_sum_is_written_with_as_many_digits_as_it_takes_to_add_up(
    parts: list[str], shown: tuple[str, list[str]]
) -> None:
    assert sum_in_dollars([Decimal(part) for part in parts]) == shown


def test_costs_add_up_without_a_rounding_error() -> None:
    assert sum([Cost(Decimal("0.1"), Decimal("0.2"))] * 10, FREE) == Cost(Decimal("1.0"), Decimal("2.0"))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        ("1", "1", "$1.00"),
        ("1", "1.00", "$1.00"),
        ("1", "2.5", "$1.00 to $2.50"),
        ("0", "0.72", "at most $0.72"),
        ("0", "1.145", "at most $1.15"),
        ("0", "0.72000001", "at most $0.73"),
        ("0", "0", "$0.00"),
    ],
)
def test_a_cost_is_one_sum_or_a_range_or_a_bound(low: str, high: str, text: str) -> None:
    assert str(Cost(Decimal(low), Decimal(high))) == text


@pytest.mark.parametrize(
    ("model", "resolution", "seconds", "low", "high"),
    [
        (STANDARD, "720p", "4", "1.288", "1.288"),
        (STANDARD, "720p", "8", "2.576", "2.576"),
        (STANDARD, "1080p", "8", "2.576", "2.576"),
        (STANDARD, "4k", "8", "3.864", "3.864"),
        (FAST, "720p", "6", "0.483", "0.483"),
        (FAST, "1080p", "8", "0.7728", "0.7728"),
        (FAST, "4k", "8", "1.932", "1.932"),
        # no duration: 720p may be 4 to 8 seconds, the others can only be 8
        (STANDARD, "720p", None, "1.288", "2.576"),
        (STANDARD, "4k", None, "3.864", "3.864"),
        # no resolution: less than 8 seconds can only be 720p
        (STANDARD, None, "4", "1.288", "1.288"),
        (STANDARD, None, "8", "2.576", "3.864"),
        (FAST, None, "8", "0.644", "1.932"),
        (STANDARD, None, None, "1.288", "3.864"),
        (FAST, None, None, "0.322", "1.932"),
    ],
)
def test_what_a_request_leaves_open_makes_its_price_a_range(
    model: str, resolution: str | None, seconds: str | None, low: str, high: str
) -> None:
    body = {"resolution": resolution, "durationSeconds": seconds}
    request = shipped().request_of(model, {name: value for name, value in body.items() if value})
    assert shipped_prices().cost(request) == Cost(Decimal(low), Decimal(high))


@pytest.mark.parametrize(("bound", "low"), [("exact", "0.05"), ("upper", "0")])
def test_of_an_upper_bound_nobody_knows_the_lower_end(bound: str, low: str) -> None:
    """A sum of $2.58 and of what costs $0.72 at most is $2.58 to $3.30."""
    price = read_price({"read": date(2026, 8, 6), "bound": bound, "least": "0.05", "rows": [{"usd": ["0.04", "0.72"]}]})
    cost = price.cost({}, Decimal(0))
    assert cost == Cost(Decimal(low), Decimal("0.72"))
    assert cost is not None
    assert cost + Cost(Decimal("2.58"), Decimal("2.58")) == Cost(Decimal(low) + Decimal("2.58"), Decimal("3.30"))


def test_every_request_that_the_service_takes_has_a_price() -> None:
    for model, seconds, resolution in product((STANDARD, FAST), ("4", "6", "8", None), ("720p", "1080p", "4k", None)):
        if seconds in ("8", None) or resolution in ("720p", None):
            body = {"durationSeconds": seconds, "resolution": resolution}
            cost = shipped_prices().cost(shipped().request_of(model, {k: v for k, v in body.items() if v}))
            assert Decimal(0) < cost.low_usd <= cost.high_usd


def test_the_shipped_prices_tell_their_day() -> None:
    assert shipped_prices().prices[STANDARD].read_on == date(2026, 8, 18)
    assert shipped_prices().priced_on == min(price.read_on for price in shipped_prices().prices.values())


def test_a_file_of_prices_has_the_day_of_its_plain_rates_and_each_other_price_its_own() -> None:
    written = shipped_prices().as_json()
    assert written["priced_on"] == "2026-08-18"
    assert STANDARD in written["usd_per_second"]
    assert {slug: price["read"] for slug, price in written["prices"].items()} == {
        slug: price.read_on.isoformat()
        for slug, price in shipped_prices().prices.items()
        if slug not in written["usd_per_second"]
    }


@pytest.mark.parametrize(
    ("rates", "known"),
    [({}, False), ({STANDARD: {}}, False), ({STANDARD: {"4k": "1"}}, False), ({STANDARD: {"720p": "1"}}, True)],
)
def test_what_has_no_price_is_known_to_have_none(rates: dict[str, dict[str, str]], *, known: bool) -> None:
    text = json.dumps({"priced_on": "2026-01-01", "usd_per_second": rates})
    prices, request = read_prices(text, shipped()), shipped().request_of(STANDARD, {"resolution": "720p"})
    assert prices.knows(request) is known
    assert (prices.cost(request) == FREE) is not known
