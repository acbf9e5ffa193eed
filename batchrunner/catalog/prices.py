"""Dated prices: what a clip is estimated to cost, before anything is spent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from batchrunner.nouns.money import Cost
from batchrunner.nouns.request import Request
from batchrunner.resources import read_package_text

_DURATIONS = ("4", "6", "8")
_ONLY_8_SECONDS = {"1080p", "4k"}


@dataclass(frozen=True, slots=True)
class PriceList:
    """US dollars per second of video, by model and resolution, as they were on one day."""

    priced_on: date
    usd_per_second: Mapping[str, Mapping[str, Decimal]]

    def cost(self, request: Request) -> Cost:
        """The estimate for one clip; a range where duration or resolution are left to the service.

        Raises:
            KeyError: there is no price for this model.
        """
        rates = self.usd_per_second[request.model]
        prices = [
            rates[resolution] * Decimal(seconds)
            for resolution in _open_or(request.fields.get("resolution"), tuple(rates))
            for seconds in _open_or(request.fields.get("durationSeconds"), _DURATIONS)
            if seconds == "8" or resolution not in _ONLY_8_SECONDS
        ]
        return Cost(min(prices), max(prices))


def _open_or(value: object, possible: tuple[str, ...]) -> tuple[str, ...]:
    return possible if value is None else (str(value),)


@cache
def shipped_prices() -> PriceList:
    """The prices that came with this release."""
    data = json.loads(read_package_text("catalog/prices.json"))
    rates = {
        model: {resolution: Decimal(usd) for resolution, usd in by_resolution.items()}
        for model, by_resolution in data["usd_per_second"].items()
    }
    return PriceList(date.fromisoformat(data["priced_on"]), rates)
