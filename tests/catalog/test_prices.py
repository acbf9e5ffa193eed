"""What a request may cost: never less than what the service may make of it, and unknown where nobody can tell."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from batchrunner.catalog import Catalog, Model, PriceList, Role, price_list, shipped
from batchrunner.catalog.description import read_model
from batchrunner.catalog.prices import read_price
from batchrunner.domain.money import Cost
from batchrunner.domain.problem import Severity

SOURCE = {"page": "a page", "read": "2026-11-20", "confidence": "doc"}
FIELDS: Mapping[str, Any] = {
    "text": {"type": "string"},
    "seconds": {"type": "integer", "minimum": 2, "maximum": 15},
    "size": {"type": "string", "enum": ["small", "large"]},
    "sound": {"type": "boolean"},
    "pictures": {"type": "array", "items": {"type": "string", "format": "image-link"}},
}


def priced(price: Mapping[str, Any], fields: Mapping[str, Any] = FIELDS, **more: Any) -> PriceList:
    """The prices of a model of its own."""
    model = read_model(
        {
            "slug": "maker/own",
            "path": "maker/own",
            "source": SOURCE,
            "body": {"properties": fields},
            "roles": {"prompt": "text", "duration": "seconds", "resolution": "size"},
            "price": {"read": "2026-11-20", **price},
            **more,
        }
    )
    return price_list(Catalog([model]))


def cost(prices: PriceList, **fields: Any) -> Cost | None:
    request = prices.catalog.request_of("maker/own", {"text": "x", **fields})
    return prices.cost(request) if prices.knows(request) else None


def usd(low: str, high: str | None = None) -> Cost:
    return Cost(Decimal(low), Decimal(high or low))


BY_SIZE = [
    {"when": {"size": "small"}, "usd_per_second": 0.1},
    {"when": {"size": "large"}, "usd": 0.5, "usd_per_second": 0.2},
]


@pytest.mark.parametrize(
    ("price", "fields", "expected"),
    [
        ({"rows": [{"usd": 0.25}]}, {}, usd("0.25")),
        ({"rows": [{"usd_per_second": 0.05}]}, {"seconds": 4}, usd("0.20")),
        ({"rows": [{"usd_per_second": 0.05}]}, {}, usd("0.10", "0.75")),
        ({"rows": BY_SIZE}, {"seconds": 5, "size": "small"}, usd("0.5")),
        ({"rows": BY_SIZE}, {"seconds": 5, "size": "large"}, usd("1.5")),
        ({"rows": BY_SIZE}, {"seconds": 5}, usd("0.5", "1.5")),
        ({"rows": BY_SIZE}, {}, usd("0.2", "3.5")),
        ({"rows": BY_SIZE[:1]}, {"seconds": 5, "size": "large"}, None),
        ({"rows": [{"usd_per_second": [0.05, 0.19]}]}, {"seconds": 10}, usd("0.5", "1.9")),
        ({"rows": [{"usd": 0.1}], "round_to": "0.25"}, {}, usd("0.25")),
        ({"rows": [{"usd": 0.5}], "round_to": "0.25"}, {}, usd("0.5")),
        ({"rows": [{"usd_per_second": 0.01}], "least": 0.1}, {"seconds": 2}, usd("0.1")),
    ],
)
def test_each_shape_of_a_price(price: Mapping[str, Any], fields: Mapping[str, Any], expected: Cost | None) -> None:
    assert cost(priced(price), **fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sound": False}, usd("1")),
        ({"sound": True}, usd("1.5")),
        ({}, usd("1", "1.5")),
        ({"sound": True, "pictures": ["a", "b", "c"]}, usd("1.54")),
        ({"sound": False, "pictures": ["a"]}, usd("1")),
    ],
)
def test_what_is_added_for_a_switch_and_for_each_further_picture(fields: Mapping[str, Any], expected: Cost) -> None:
    extras = [{"when": {"sound": True}, "usd": 0.5}, {"for_each": "pictures", "beyond": 1, "usd": 0.02}]
    assert cost(priced({"rows": [{"usd": 1}], "extras": extras}), **fields) == expected


def test_a_documented_default_decides_a_price_that_nobody_wrote() -> None:
    fields = {**FIELDS, "sound": {"type": "boolean", "default": True}}
    extras = [{"when": {"sound": True}, "usd": 0.5}]
    assert cost(priced({"rows": [{"usd": 1}], "extras": extras}, fields)) == usd("1.5")


def test_a_number_is_no_switch() -> None:
    rows = [{"when": {"sound": True}, "usd": 1}, {"when": {"seconds": 1}, "usd": 2}]
    assert cost(priced({"rows": rows}), sound=False, seconds=1) == usd("2")


def test_a_clip_of_one_length_has_a_price_a_second_all_the_same() -> None:
    fields = {name: field for name, field in FIELDS.items() if name != "seconds"}
    assert cost(priced({"rows": [{"usd_per_second": 0.1}], "seconds": 5}, fields, roles={"prompt": "text"})) == usd(
        "0.5"
    )


def test_of_a_request_that_leaves_too_much_open_no_price_is_known() -> None:
    values = [str(number) for number in range(100)]
    fields = {**FIELDS, **{name: {"type": "string", "enum": values} for name in ("a", "b", "c")}}
    rows = [{"when": {"a": "1", "b": "1", "c": "1"}, "usd": 1}, {"usd": 2}]
    assert cost(priced({"rows": rows}, fields)) is None
    assert cost(priced({"rows": rows}, fields), a="1", b="1", c="1") == usd("1")


@pytest.mark.parametrize("odd", [-1, "x", True, None, "NaN", "1e9", [2, 1], [1], float("inf")])
def test_what_is_no_amount_is_no_price(odd: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_price({"read": "2026-11-20", "rows": [{"usd": odd}]})


PRICED = [model for model in shipped() if model.price]


def choices(model: Model, name: str) -> list[object]:
    """The values of a field that decide anything, and that it is not written."""
    field = model.fields[name]
    ends = [field[end] for end in ("minimum", "maximum") if end in field]
    switch = [True, False] if field["type"] == "boolean" else []
    return [None, *field.get("enum", [*ends, *switch])]


@pytest.mark.parametrize("model", PRICED, ids=lambda model: model.slug)
def test_an_estimate_holds_all_that_the_service_may_choose(model: Model) -> None:
    """What is left open costs no less at its low end, and no more at its high end, than each way to close it."""
    assert model.price
    priced = [name for name in (model.field(Role.DURATION), *model.price.fields) if name and name not in model.defaults]
    names = [name for name in dict.fromkeys(priced) if model.fields[name]["type"] != "array"]
    prices, errors = shipped_list(), [rule for rule in model.rules if rule.severity is Severity.ERROR]
    found: dict[tuple[object, ...], Cost] = {}
    for values in product(*(choices(model, name) for name in names)):
        body = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        known = [rule for rule in errors if set(rule.fields) <= body.keys()]
        if not any(rule.breaks(body) for rule in known):
            request = shipped().request_of(model.slug, body)
            assert prices.knows(request), body
            found[values] = prices.cost(request)
    assert found
    for values, some in found.items():
        assert 0 < some.high_usd >= some.low_usd >= 0
        for other, closed in found.items():
            if all(value in (None, its) for value, its in zip(values, other, strict=True)):
                assert some.low_usd <= closed.low_usd
                assert closed.high_usd <= some.high_usd, (values, other)


def shipped_list() -> PriceList:
    return price_list(shipped())
