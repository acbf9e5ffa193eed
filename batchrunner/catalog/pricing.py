"""Dated prices: what a clip is estimated to cost, before anything is spent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from batchrunner.domain.money import FREE, Cost
from batchrunner.domain.request import Request
from batchrunner.io.resources import read_package_text

_DURATIONS = ("4", "6", "8")
_ONLY_8_SECONDS = {"1080p", "4k"}


@dataclass(frozen=True, slots=True)
class PriceList:
    """US dollars per second of video, by model and resolution, as they were on one day."""

    priced_on: date
    usd_per_second: Mapping[str, Mapping[str, Decimal]]

    def knows(self, request: Request) -> bool:
        """Whether there is a price for all that a request may become."""
        rates = self.usd_per_second.get(request.model, {})
        resolution = request.fields.get("resolution")
        return bool(rates) if resolution is None else resolution in rates

    def cost(self, request: Request) -> Cost:
        """The estimate for one clip; a range where duration or resolution are left to the service.

        What has no price costs nothing here: whoever pays asks `knows` first.
        """
        if not self.knows(request):
            return FREE
        rates = self.usd_per_second[request.model]
        prices = [
            rates[resolution] * Decimal(seconds)
            for resolution in _open_or(request.fields.get("resolution"), tuple(rates))
            for seconds in _open_or(request.fields.get("durationSeconds"), _DURATIONS)
            if seconds == "8" or resolution not in _ONLY_8_SECONDS
        ]
        return Cost(min(prices), max(prices))

    def as_json(self) -> dict[str, Any]:
        """The form in which a file holds it."""
        rates = {
            model: {resolution: str(usd) for resolution, usd in by_resolution.items()}
            for model, by_resolution in self.usd_per_second.items()
        }
        return {"priced_on": self.priced_on.isoformat(), "usd_per_second": rates}


def _open_or(value: object, possible: tuple[str, ...]) -> tuple[str, ...]:
    return possible if value is None else (str(value),)


@cache
def shipped_prices() -> PriceList:
    """The prices that came with this release."""
    return read_prices(read_package_text("catalog/prices.json"))


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
        raise ValueError(f"line {error.lineno} is no JSON: {error.msg}") from error
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
            raise ValueError(f"{model} {resolution}: {usd!r} is no price")
    return rates
