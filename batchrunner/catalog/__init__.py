"""The models that can be asked: schema, rules and dated prices. A new model is a new entry in `models.py`."""

from batchrunner.catalog.models import Model, find, models, request_of
from batchrunner.catalog.pricing import PriceList, read_prices, shipped_prices
from batchrunner.catalog.rules import Rule

__all__ = ["Model", "PriceList", "Rule", "find", "models", "read_prices", "request_of", "shipped_prices"]
