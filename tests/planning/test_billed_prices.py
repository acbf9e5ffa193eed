"""The list of prices, corrected by bills: never below an exact price, and a range narrowed only by enough of them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchrunner.catalog import Catalog, price_list
from batchrunner.catalog.description import read_model
from batchrunner.domain.attempt import Adoption, Attempt
from batchrunner.domain.history import JobHistory
from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.observation import TaskState
from batchrunner.domain.request import Request
from batchrunner.planning.billed_prices import Estimates, estimates
from tests.catalog.test_models import described
from tests.moved_time import DAY_S
from tests.planning.histories import accepted, saw

NOW_S = 1_795_456_800.0
OWN = "minimax/example-i2v"
READ = "2026-09-01"
EXACT = {"read": READ, "rows": [{"when": {"resolution": "768P"}, "usd": "2.58"}, {"usd": "4"}]}
RANGE = {"read": READ, "rows": [{"usd": ["1", "3"]}]}
UPPER = {"read": READ, "bound": "upper", "rows": [{"usd": "0.72"}]}
SINCE_READ_S = 80 * DAY_S


def catalog(price: dict[str, Any] | None) -> Catalog:
    return _catalog(json.dumps(price))


@cache
def _catalog(text: str) -> Catalog:
    price = json.loads(text)
    written = described()
    written["body"]["properties"] |= {
        "seed": {"type": "integer", "description": "A number."},
        "fast": {"type": "boolean", "description": "A switch."},
        "references": {"type": "array", "items": {"type": "string", "format": "image-link"}, "description": "Frames."},
    }
    written["roles"] |= {"seed": "seed"}
    return Catalog([read_model(written | {"price": price})])


def request(models: Catalog, **fields: object) -> Request:
    return models.request_of(OWN, {"prompt": "She waves", "first_frame_image": "https://example.com/a.jpg", **fields})


def clip(
    number: int, usd: str | None, age_days: float = 1, state: TaskState = TaskState.SUCCESS, **fields: object
) -> Attempt:
    """A clip that was billed so much, so many days ago."""
    seen = replace(saw(state, NOW_S - age_days * DAY_S), billed_usd=None if usd is None else Decimal(usd))
    return accepted(seen, number=number, request=request(catalog(None), **fields))


def clips(*billed: str, age_days: float = 1, **fields: Any) -> list[Attempt]:
    return [clip(number, usd, age_days, **fields) for number, usd in enumerate(billed, 1)]


def by(price: dict[str, Any] | None, attempts: Sequence[Attempt]) -> Estimates:
    return estimates(price_list(catalog(price)), [JobHistory((attempt,)) for attempt in attempts], NOW_S)


def cost(price: dict[str, Any] | None, attempts: Sequence[Attempt], **fields: object) -> str:
    return str(by(price, attempts).cost(request(catalog(price), **fields)))


@pytest.mark.parametrize(
    ("price", "billed", "estimate"),
    [
        (EXACT, [], "$2.58"),
        (EXACT, ["2.58"], "$2.58"),
        (EXACT, ["2.41"], "$2.41 to $2.58"),
        (EXACT, ["2.41"] * 9, "$2.41 to $2.58"),
        (EXACT, ["2.70"], "$2.58 to $2.70"),
        (EXACT, ["2.41", "2.70", "2.58"], "$2.41 to $2.70"),
        (EXACT, ["0"] * 3, "$2.58"),
        (RANGE, ["2"], "$1.00 to $3.00"),
        (RANGE, ["2", "2"], "$1.00 to $3.00"),
        (RANGE, ["2", "2", "2.20"], "$2.00 to $2.20"),
        (RANGE, ["4"], "$1.00 to $4.00"),
        (RANGE, ["0.50", "4", "2"], "$0.50 to $4.00"),
        (UPPER, ["0.41"], "at most $0.72"),
        (UPPER, ["0.80"], "at most $0.80"),
        (UPPER, ["0.41"] * 3, "$0.41"),
        (None, [], "$0.00"),
        (None, ["0.41", "0.44"], "$0.00"),
        (None, ["0.41", "0.44", "0.43"], "$0.41 to $0.44"),
        (None, ["0"] * 3, "$0.00"),
    ],
)
def test_bills_correct_the_list(price: dict[str, Any] | None, billed: list[str], estimate: str) -> None:
    assert cost(price, clips(*billed)) == estimate


def test_a_model_without_a_price_has_one_from_three_bills_on() -> None:
    wanted = request(catalog(None))
    known = [by(None, clips(*["0.41"] * number)) for number in range(4)]
    assert [each.knows(wanted) for each in known] == [False, False, False, True]


ASIDE = {
    "another resolution": clips(*["9"] * 3, resolution="1080P"),
    "another duration": clips(*["9"] * 3, duration=10),
    "older than 60 days": clips(*["9"] * 3, age_days=61),
    "of a clock that is years ahead": clips(*["9"] * 3, age_days=-3_000),
    "of failed tasks": [clip(number, "9", state=TaskState.FAILED) for number in range(3)],
    "of no amount": [clip(number, None) for number in range(3)],
    "of clips that were taken over": [replace(each, adoption=Adoption(1, NOW_S, ())) for each in clips(*["9"] * 3)],
}


@pytest.mark.parametrize("attempts", ASIDE.values(), ids=ASIDE)
@pytest.mark.parametrize("price", [EXACT, RANGE, UPPER, None])
def test_bills_that_say_nothing_of_such_a_clip_change_nothing(
    price: dict[str, Any] | None, attempts: list[Attempt]
) -> None:
    assert cost(price, attempts) == cost(price, [])


def test_without_a_price_a_kind_is_all_but_texts_and_random_numbers() -> None:
    billed = [
        clip(1, "0.41", prompt="One", seed=1, fast=True),
        clip(2, "0.42", prompt="Two", seed=2, fast=True),
        clip(3, "0.43", prompt="Three", seed=3, fast=True, first_frame_image="https://example.com/other.jpg"),
    ]
    assert cost(None, billed, seed=4, fast=True) == "$0.41 to $0.43"
    others: list[dict[str, object]] = [{}, {"fast": False}, {"fast": 1}, {"fast": True, "references": ["a", "b"]}]
    assert [cost(None, billed, **fields) for fields in others] == ["$0.00"] * 4


def test_a_bill_is_counted_once_however_often_it_is_remembered() -> None:
    assert cost(UPPER, [clip(1, "0.41")] * 3) == "at most $0.72"


def told(attempts: list[Attempt]) -> list[Attempt]:
    return [replace(each, made_on="elsewhere") for each in attempts]


@pytest.mark.parametrize(
    ("price", "billed", "estimate"),
    [
        (UPPER, "0.01", "at most $0.72"),
        (RANGE, "0.01", "$0.01 to $3.00"),
        (None, "0.01", "$0.00"),
        (UPPER, "0.90", "at most $0.90"),
        (EXACT, "2.70", "$2.58 to $2.70"),
    ],
)
def test_what_receipts_of_others_say_raises_what_is_reserved_and_never_lowers_it(
    price: dict[str, Any] | None, billed: str, estimate: str
) -> None:
    assert cost(price, told(clips(*[billed] * 5))) == estimate


def test_bills_from_before_the_list_was_read_narrow_nothing() -> None:
    price = {**UPPER, "read": "2026-11-20"}
    assert cost(price, clips(*["0.41"] * 3, age_days=10)) == "at most $0.72"
    assert cost(price, clips(*["0.41"] * 3, age_days=1)) == "$0.41"
    assert cost(price, clips(*["0.90"] * 3, age_days=10)) == "at most $0.90"


# the promise of the reservation, whatever was billed

USD = st.decimals(0, 1000, places=4)
BILLS = st.lists(st.tuples(USD, st.floats(-2, 100), st.booleans(), st.sampled_from(["768P", "1080P"])), max_size=12)


def remembered(billed: list[tuple[Decimal, float, bool, str]]) -> list[Attempt]:
    return [
        replace(clip(number, str(usd), age_days, resolution=resolution), made_on="elsewhere" if is_told else None)
        for number, (usd, age_days, is_told, resolution) in enumerate(billed)
    ]


@given(BILLS, USD.filter(bool))
def test_no_less_is_reserved_than_an_exact_price_and_than_any_bill_of_late(
    billed: list[tuple[Decimal, float, bool, str]], listed: Decimal
) -> None:
    price = {"read": READ, "rows": [{"usd": str(listed)}]}
    known = by(price, remembered(billed)).cost(request(catalog(price)))
    lately = [usd for usd, age_days, _, _ in billed if 0 <= age_days <= 59]
    assert known.high_usd >= max([listed, *lately])
    assert known.low_usd <= listed


@given(BILLS, st.sampled_from([RANGE, UPPER, None]))
def test_no_less_is_reserved_than_any_bill_of_late_and_no_less_than_listed_without_three_of_them(
    billed: list[tuple[Decimal, float, bool, str]], price: dict[str, Any] | None
) -> None:
    wanted = request(catalog(price))
    known, plain = by(price, remembered(billed)), by(price, [])
    own = [usd for usd, age_days, is_told, at in billed if usd and not is_told and age_days <= 61 and at == "768P"]
    lately = [usd for usd, age_days, _, at in billed if 0 <= age_days <= 59 and at == "768P"]
    if len(own) < 3:
        assert known.cost(wanted).high_usd >= plain.cost(wanted).high_usd
        assert known.knows(wanted) is plain.knows(wanted)
    if known.knows(wanted):
        assert known.cost(wanted).high_usd >= max(lately, default=Decimal(0))
    else:
        assert known.cost(wanted) == FREE


def test_estimates_are_fixed_when_they_are_made() -> None:
    attempts = clips("2.41")
    fixed = by(EXACT, attempts)
    attempts += clips("9", "9", "9")
    assert fixed.cost(request(catalog(EXACT))) == Cost(Decimal("2.41"), Decimal("2.58"))
