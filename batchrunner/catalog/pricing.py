"""Dated prices: what a clip is estimated to cost, before anything is spent."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import product
from typing import Any

from batchrunner.catalog.loader import find, models
from batchrunner.catalog.models import Model
from batchrunner.catalog.roles import Role
from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.request import Request


@dataclass(frozen=True, slots=True)
class PriceList:
    """US dollars per second of video, by model and by what its price depends on, as they were on one day."""

    priced_on: date
    usd_per_second: Mapping[str, Mapping[str, Decimal]]

    def knows(self, request: Request) -> bool:
        """Whether there is a price for all that a request may become."""
        model, rates = find(request.model), self.usd_per_second.get(request.model, {})
        chosen = request.fields.get(_by(model)) if model else None
        return model is not None and (bool(rates) if chosen is None else chosen in rates)

    def cost(self, request: Request) -> Cost:
        """The estimate for one clip; a range where what the price depends on is left to the service.

        What has no price costs nothing here: whoever pays asks `knows` first.
        """
        model = find(request.model)
        if model is None or not self.knows(request):
            return FREE
        rates = self.usd_per_second[request.model]
        prices = [rates[value] * Decimal(seconds) for value, seconds in _possible(model, request, rates)]
        return Cost(min(prices), max(prices))

    def as_json(self) -> dict[str, Any]:
        """The form in which a file holds it."""
        rates = {
            model: {resolution: str(usd) for resolution, usd in by_resolution.items()}
            for model, by_resolution in self.usd_per_second.items()
        }
        return {"priced_on": self.priced_on.isoformat(), "usd_per_second": rates}


def _by(model: Model) -> str:
    """The field on which a second's price depends."""
    return (model.price.by if model.price else model.field(Role.RESOLUTION)) or ""


def _possible(model: Model, request: Request, priced: Iterable[str]) -> list[tuple[Any, Any]]:
    """What a second's price depends on, and the seconds: as they are chosen, else as the service may choose them."""
    by, duration = _by(model), model.field(Role.DURATION) or ""
    chosen, seconds = request.fields.get(by), request.fields.get(duration)
    values = priced if chosen is None else (chosen,)
    pairs = list(product(values, model.takes(Role.DURATION) if seconds is None else (seconds,)))
    return [pair for pair in pairs if not model.forbids({by: pair[0], duration: pair[1]})] or pairs


@cache
def shipped_prices() -> PriceList:
    """The prices that came with this release; their day is that of the oldest among them."""
    priced = {slug: model.price for slug, model in models().items() if model.price}
    return PriceList(
        min(price.read_on for price in priced.values()),
        {slug: price.usd_per_second for slug, price in priced.items()},
    )


def read_prices(text: str) -> PriceList:
    """The prices in a file's text: `{"priced_on": "2026-08-18", "usd_per_second": {MODEL: {"720p": "0.322"}}}`.

    Raises:
        ValueError: it is no such text; the sentence says what is wrong.
    """
    try:
        data = json.loads(text)
        priced_on = date.fromisoformat(data["priced_on"])
        rates = {model: _rates(model, listed) for model, listed in data["usd_per_second"].items()}
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is not JSON: {error.msg}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it needs `priced_on` (a date) and `usd_per_second` (by model and resolution)") from error
    return PriceList(priced_on, rates)


def _rates(model: str, listed: Mapping[str, object]) -> dict[str, Decimal]:
    rates = {}
    for resolution, usd in listed.items():
        try:
            rates[resolution] = Decimal(str(usd))
        except InvalidOperation:
            rates[resolution] = Decimal("NaN")
        if not (rates[resolution].is_finite() and rates[resolution] > 0):
            raise ValueError(f"{model} {resolution}: {usd!r} is not a price")
    return rates
