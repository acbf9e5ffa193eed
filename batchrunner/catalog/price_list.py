"""Dated prices of many models: what a clip is estimated to cost, before anything is spent."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from itertools import product
from typing import Any

from batchrunner.catalog.catalog import Catalog
from batchrunner.catalog.loader import shipped
from batchrunner.catalog.models import Model
from batchrunner.catalog.price_kinds import PriceKind, kind_of
from batchrunner.catalog.prices import Price, read_price, seconds_of, usd
from batchrunner.catalog.roles import Role
from batchrunner.domain.money import FREE, NOTHING, Cost
from batchrunner.domain.request import Request

# Of a request that leaves more than this open, no price is known: it is written by no hand. Each combination is looked
# up in all rows of the price, and that for each kind of job.
_MOST_COMBINATIONS, _MOST_LOOKS = 4096, 65_536


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices of models, by slug. `priced_on` is the day of the oldest among those that matter.

    `catalog` describes the models; one of which it knows nothing has no price.
    """

    priced_on: date
    prices: Mapping[str, Price]
    catalog: Catalog
    _known: dict[PriceKind, Cost | None] = field(default_factory=dict, compare=False, repr=False)

    def asked_by(self, slugs: Collection[str]) -> "PriceList":
        """The same, dated by the prices of these models; where none of them has one, by their descriptions."""
        asked = [model for slug in slugs if (model := self.catalog.find(slug))]
        days = [self.prices[model.slug].read_on for model in asked if model.slug in self.prices]
        days = days or [model.source.read_on for model in asked]
        return replace(self, priced_on=min(days, default=self.priced_on))

    def kind_of(self, request: Request) -> PriceKind | None:
        """Requests of one kind cost the same; None of a model that nobody describes."""
        model = self.catalog.find(request.model)
        return kind_of(model, self.prices.get(request.model), request.fields) if model else None

    def knows(self, request: Request) -> bool:
        """Whether there is a price for all that a request may become."""
        return self.find(request) is not None

    def is_exact(self, request: Request) -> bool:
        """Whether one sum is listed for a request, as what is billed: no range, and no bound above it."""
        cost, price = self.find(request), self.prices.get(request.model)
        return cost is not None and cost.low_usd == cost.high_usd and price is not None and price.is_exact

    def cost(self, request: Request) -> Cost:
        """The estimate for one clip; a range where what the price depends on is left to the service.

        What has no price costs nothing here: whoever pays asks `knows` first.
        """
        return self.find(request) or FREE

    def as_json(self) -> dict[str, Any]:
        """The form in which a file holds it: plain rates a second where that is all, else as a description has it.

        Its day is that of the plain rates; each other price has its own.
        """
        rates = {slug: price.rates for slug, price in self.prices.items() if price.rates}
        prices = {slug: _dated(price) for slug, price in self.prices.items() if not price.rates}
        day = min((self.prices[slug].read_on for slug in rates), default=self.priced_on)
        return {"priced_on": day.isoformat(), "usd_per_second": rates} | ({"prices": prices} if prices else {})

    def find(self, request: Request) -> Cost | None:
        """The estimate for one clip; None where there is no price for all that a request may become."""
        model, price = self.catalog.find(request.model), self.prices.get(request.model)
        if model is None or price is None:
            return None
        # jobs of few kinds come again and again in a large batch: each is priced once
        kind = kind_of(model, price, request.fields)
        if kind not in self._known:
            self._known[kind] = _estimate(model, price, request.fields)
        return self._known[kind]


def _estimate(model: Model, price: Price, fields: Mapping[str, object]) -> Cost | None:
    """What these fields cost: as they are chosen, else as the service may choose them."""
    duration = model.field(Role.DURATION) or ""
    names = tuple(dict.fromkeys((*([duration] if duration and price.is_per_second else []), *price.fields)))
    choices = [_choices(model, price, name, fields) for name in names]
    combinations = _product_of(len(each) for each in choices)
    if combinations > _MOST_COMBINATIONS or combinations * (len(price.rows) + len(price.extras)) > _MOST_LOOKS:
        return None
    every = [dict(zip(names, chosen, strict=True)) for chosen in product(*choices)]
    possible = [each for each in every if not model.forbids({k: v for k, v in each.items() if v is not None})] or every
    found = [_cost_of(price, each, each.get(duration)) for each in possible]
    known = [cost for cost in found if cost is not None]
    is_chosen = all(len(each) == 1 for each in choices)
    if not known or (is_chosen and len(known) < len(found)):
        return None
    return Cost(min(cost.low_usd for cost in known), max(cost.high_usd for cost in known))


def _choices(model: Model, price: Price, name: str, fields: Mapping[str, object]) -> tuple[object, ...]:
    """The value of a field; where it has none and no documented default, those that decide a price."""
    if name in fields:
        return (fields[name],)
    schema = model.fields.get(name, {})
    ends = [schema[end] for end in ("minimum", "maximum") if end in schema]
    if not schema.get("enum") and schema.get("type") == "boolean":
        return (False, True)
    return tuple(schema.get("enum") or dict.fromkeys([*ends, *price.values_of(name)])) or (None,)


def _cost_of(price: Price, values: Mapping[str, object], length: object) -> Cost | None:
    """What these values cost; None where no row has them, or the price depends on a length that nobody knows."""
    if not price.is_per_second:
        return price.cost(values, NOTHING)
    seconds = price.seconds if length is None else seconds_of(length)
    return None if seconds is None else price.cost(values, seconds)


def _product_of(numbers: Collection[int] | Any) -> int:  # noqa: ANN401
    found = 1
    for number in numbers:
        found *= max(number, 1)
    return found


def price_list(catalog: Catalog) -> PriceList:
    """The prices of the descriptions; their day is that of the oldest among them."""
    prices = {model.slug: model.price for model in catalog if model.price}
    days = [price.read_on for price in prices.values()] or [model.source.read_on for model in catalog]
    return PriceList(min(days), prices, catalog)


@cache
def shipped_prices() -> PriceList:
    """The prices that came with this release."""
    return price_list(shipped())


def read_prices(text: str, catalog: Catalog) -> PriceList:
    """The prices in a file's text: `{"priced_on": "2026-08-18", "prices": {MODEL: {"rows": […]}}}`.

    Each is written as in a description. The form of earlier releases is read, too: `"usd_per_second": {MODEL: {"720p":
    "0.322"}}`, US dollars a second by resolution.

    Raises:
        ValueError: it is no such text; the sentence says what is wrong.
    """
    try:
        data = json.loads(text)
        priced_on = date.fromisoformat(data["priced_on"])
        listed = {
            slug: _rates(slug, rates, catalog, priced_on) for slug, rates in data.get("usd_per_second", {}).items()
        }
        listed.update({slug: _price_of(slug, each, priced_on) for slug, each in data.get("prices", {}).items()})
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is not JSON: {error.msg}") from error
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it needs `priced_on` (a date) and `prices` (by model, as in a description)") from error
    if "prices" not in data and "usd_per_second" not in data:
        raise ValueError("it needs `priced_on` (a date) and `prices` (by model, as in a description)")
    return PriceList(priced_on, listed, catalog)


def _price_of(slug: str, written: Mapping[str, Any], priced_on: date) -> Price:
    try:
        return read_price({"read": priced_on, **written})
    except KeyError as error:
        raise ValueError(f"{slug}: it has no {error.args[0]!r}") from error
    except ValueError as error:
        raise ValueError(f"{slug}: {error}") from error


def _dated(price: Price) -> dict[str, Any]:
    return {**price.written, "read": price.read_on.isoformat()}


def _rates(slug: str, rates: Mapping[str, object], catalog: Catalog, priced_on: date) -> Price:
    """A price a second by resolution, or by what this model's price depends on."""
    model = catalog.find(slug)
    price = model.price if model else None
    by = next(iter(price.fields if price else ()), None) or (model and model.field(Role.RESOLUTION)) or ""
    rows = []
    for value, written in rates.items():
        try:
            if not usd(written):
                raise ValueError  # noqa: TRY301
        except ValueError:
            raise ValueError(f"{slug} {value}: {written!r} is not a price") from None
        rows.append({"when": {by: value}, "usd_per_second": str(written)})
    return read_price({"read": priced_on, "rows": rows})
