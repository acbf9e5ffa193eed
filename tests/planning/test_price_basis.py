"""What a plan says of its sum: prices of which day, whose descriptions, which defaults cost, what was billed lately."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from batchrunner.catalog import Catalog, PriceList, price_list
from batchrunner.catalog.description import read_model
from batchrunner.domain.job import Job
from batchrunner.domain.money import FREE, Cost
from batchrunner.planning.billed_prices import Bills, Estimates
from batchrunner.planning.price_basis import PriceBasis, price_basis
from tests.catalog.test_models import described
from tests.planning.histories import a_job

TODAY = date(2026, 11, 23)
BODY = {"prompt": "She waves", "first_frame_image": "https://example.com/a.jpg"}
COSTLY = {
    "generate_audio": {"type": "boolean", "default": True, "description": "Sound."},
    "quality": {"type": "string", "enum": ["high", "low"], "default": "high", "description": "How good."},
}
CHECK = "check with `batchrunner models check`"
OLD = (
    "prices older than 30 days may have changed: check them with `batchrunner models prices --check`, "
    "or pass newer ones with `--prices FILE`"
)


def a_model(slug: str, read: str | None = "2026-11-20", file: str = "", **parts: Any) -> Catalog:
    """One model whose clip costs two dollars, by a list that was read on this day; None: it has no price."""
    written = described() | {"slug": slug, "price": read and {"read": read, "rows": [{"usd": 2}]}} | parts
    written["source"] = {"page": "its page", "read": "2026-11-01", "confidence": "doc"} | parts.get("source", {})
    return Catalog([read_model(written, file)])


def jobs_of(models: Catalog, **fields: object) -> list[Job]:
    """A job of each model, with these fields."""
    return [a_job(models.request_of(slug, BODY | fields), slug) for slug in models.slugs]


def without_defaults(job: Job, **written: object) -> Job:
    return replace(job, body=BODY | written)


def basis(models: Catalog, known: Estimates | None = None, **fields: object) -> PriceBasis:
    jobs = [without_defaults(job, **fields) for job in jobs_of(models, **fields)]
    return price_basis(jobs, known or Estimates(price_list(models)), TODAY)


def both(*each: Catalog) -> Catalog:
    return Catalog([model for catalog in each for model in catalog])


def test_fresh_prices_are_only_dated() -> None:
    told = basis(a_model("one/a"))
    assert told.sum_in_words(Cost(Decimal(2), Decimal(2))) == "$2.00 (estimated, prices of 2026-11-20, 3 days old)"
    assert list(told.lines()) == [f"models as described: one/a (from the service's page, 2026-11-01); {CHECK}"]


@pytest.mark.parametrize(("read", "is_old"), [("2026-10-24", False), ("2026-10-23", True), ("2026-12-24", False)])
def test_prices_of_more_than_thirty_days_are_to_be_checked(read: str, *, is_old: bool) -> None:
    assert (OLD in basis(a_model("one/a", read)).lines()) is is_old


def test_prices_of_several_days_are_told_a_model_and_the_age_once() -> None:
    told = basis(both(a_model("one/a", "2026-08-06"), a_model("two/b", "2026-10-01"), a_model("three/c", None)))
    words = "$4.00 for 2 of them (estimated, prices of 2026-08-06 to 2026-10-01); no known price for 1"
    assert told.sum_in_words(Cost(Decimal(4), Decimal(4))) == words
    lines = list(told.lines())
    assert lines[:2] == ["prices: one/a 2026-08-06, two/b 2026-10-01", OLD]
    assert lines.count(OLD) == 1


def test_without_any_price_no_day_is_told() -> None:
    told = basis(a_model("one/a", None))
    assert told.sum_in_words(FREE) == "no known price"
    assert not any("prices" in line for line in told.lines())
    assert told.priced_on == date(2026, 11, 1), "programs get the day of the description"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (["2026-08-18", "2026-08-18"], "estimate for all jobs $4.00 (prices of 2026-08-18)"),
        (["2026-08-06", "2026-10-01"], "estimate for all jobs $4.00 (prices of 2026-08-06 to 2026-10-01)"),
        (["2026-08-06", None], "estimate for 1 of 2 jobs $4.00 (prices of 2026-08-06)"),
        ([None, None], "no known prices"),
        ([], "estimate for all jobs $4.00 (prices of 2026-11-23)"),
    ],
)
def test_a_report_says_of_which_days_its_prices_are_and_how_many_jobs_have_none(
    days: list[str | None], said: str
) -> None:
    models = both(*(a_model(f"many/m{number}", day) for number, day in enumerate(days)))
    told = basis(
        models, Estimates(PriceList(TODAY, {model.slug: model.price for model in models if model.price}, models))
    )
    assert told.estimate_in_words(Decimal(4)) == said


def test_whose_word_a_description_is_stands_in_one_line() -> None:
    models = both(
        a_model("one/a", source={"confidence": "code"}),
        a_model("two/b", source={"confidence": "inferred", "read": "2026-10-02"}),
        a_model("me/mine", file="models/mine.yaml"),
    )
    [line] = basis(models).lines()
    assert line == (
        "models as described: one/a (from the service's own programs, 2026-11-01), two/b (inferred, 2026-10-02), "
        f"me/mine (models/mine.yaml, from the service's page, 2026-11-01); {CHECK}"
    )


def test_of_many_models_five_are_named() -> None:
    [line] = basis(both(*(a_model(f"many/m{number}") for number in range(7)))).lines()
    assert "many/m4 (" in line
    assert f" and 2 more; {CHECK}" in line


def test_nothing_is_said_where_nothing_is_to_pay() -> None:
    told = price_basis([], Estimates(price_list(a_model("one/a", "2026-01-01"))), TODAY)
    assert list(told.lines()) == []


# defaults that cost


def costly(read: str | None = "2026-11-20") -> Catalog:
    written = described()
    body = {**written["body"], "properties": {**written["body"]["properties"], **COSTLY}}
    return a_model("one/a", read, body=body, costly_defaults=[*COSTLY])


SWITCH, CHOICE = "to leave it out, write `generate_audio: false`", "to choose another, write `quality`"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({}, f"generate_audio true, quality high (one/a); {SWITCH}; {CHOICE}"),
        ({"quality": "low"}, f"generate_audio true (one/a); {SWITCH}"),
        ({"generate_audio": True}, f"quality high (one/a); {CHOICE}"),
        ({"generate_audio": False, "quality": "high"}, None),
    ],
)
def test_a_default_that_costs_is_told_where_nobody_wrote_the_field(written: dict[str, Any], said: str | None) -> None:
    lines = [line for line in basis(costly(), **written).lines() if "defaults" in line]
    assert lines == ([f"the price includes defaults that cost: {said}"] if said else [])


def test_a_default_that_costs_is_told_without_a_price_too() -> None:
    [line] = (line for line in basis(costly(None)).lines() if "defaults" in line)
    assert line.startswith("defaults that cost: generate_audio true")


def test_one_job_that_leaves_it_open_is_enough() -> None:
    models = costly()
    job = jobs_of(models)[0]
    jobs = [without_defaults(job, generate_audio=False, quality="low"), without_defaults(job)]
    told = price_basis(jobs, Estimates(price_list(models)), TODAY)
    assert told.models[0].costly == (("generate_audio", True), ("quality", "high"))


# what was billed lately


def billed(prices: PriceList, job: Job, usd: str, *, clips: int = 3, are_enough: bool = True) -> Estimates:
    kind = prices.kind_of(job.request)
    assert kind is not None
    amount = Decimal(usd)
    return Estimates(prices, {kind: Bills(clips, Cost(amount, amount), are_enough)})


WHAT = "of one/a, 6 s, 768P"
THREE = "three bills that this machine has seen will price it"


@pytest.mark.parametrize(
    ("read", "usd", "clips", "said"),
    [
        ("2026-11-20", "1.81", 3, "$1.81 a clip (3 clips of one/a, 6 s), the list says $2.00"),
        ("2026-11-20", "2", 1, "$2.00 a clip (1 clip of one/a, 6 s), as listed"),
        (None, "0.41", 3, f"$0.41 a clip (3 clips {WHAT}); without a list price: priced by its bills"),
        (
            None,
            "0.41",
            2,
            f"$0.41 a clip (2 clips {WHAT}); without a list price: {THREE}",
        ),
    ],
)
def test_what_was_billed_stands_beside_the_list(read: str | None, usd: str, clips: int, said: str) -> None:
    models = a_model("one/a", read)
    known = billed(price_list(models), jobs_of(models)[0], usd, clips=clips, are_enough=clips > 2)
    assert f"billed lately: {said}" in basis(models, known).lines()


def test_what_is_priced_by_bills_alone_has_no_day() -> None:
    models = a_model("one/a", None)
    told = basis(models, billed(price_list(models), jobs_of(models)[0], "0.41"))
    usd = Decimal("0.41")
    assert told.sum_in_words(Cost(usd, usd)) == "$0.41 (estimated, by what was billed)"
    assert told.unpriced == 0


def test_of_many_kinds_ten_are_told_and_programs_get_all() -> None:
    models = both(*(a_model(f"many/m{number:02}") for number in range(12)))
    prices = price_list(models)
    each = [billed(prices, job, "1.81").bills for job in jobs_of(models)]
    told = basis(models, Estimates(prices, {kind: bills for one in each for kind, bills in one.items()}))
    lines = [line for line in told.lines() if line.startswith("billed lately")]
    assert len(lines) == 11
    assert lines[-1] == "billed lately: 2 more kinds of clips, see `plan -o json`"
    assert len(told.as_json()["billed"]) == 12


def test_programs_get_the_same() -> None:
    models = costly()
    told = basis(models, billed(price_list(models), jobs_of(models)[0], "1.81"), quality="low").as_json()
    assert told == {
        "unpriced": 0,
        "models": [
            {
                "model": "one/a",
                "described_on": "2026-11-01",
                "confidence": "doc",
                "file": None,
                "priced_on": "2026-11-20",
                "bound": "exact",
                "costly_defaults": [{"field": "generate_audio", "value": True}],
            }
        ],
        "billed": [
            {
                "model": "one/a",
                "values": [{"field": "duration", "value": 6}],
                "clips": 3,
                "billed": {"low_usd": 1.81, "high_usd": 1.81},
                "listed": {"low_usd": 2.0, "high_usd": 2.0},
            }
        ],
    }
