"""The models, as data: fields, roles, rules and dated prices. A further model is a file in `data`."""

from batchrunner.catalog.loader import default_model, find, models
from batchrunner.catalog.models import Model
from batchrunner.catalog.pricing import PriceList, read_prices, shipped_prices
from batchrunner.catalog.request_roles import latency_kind, picture_fields, prompt_of, request_of, role_of, value_of
from batchrunner.catalog.roles import Role
from batchrunner.catalog.rules import Rule

__all__ = [
    "Model",
    "PriceList",
    "Role",
    "Rule",
    "default_model",
    "find",
    "latency_kind",
    "models",
    "picture_fields",
    "prompt_of",
    "read_prices",
    "request_of",
    "role_of",
    "shipped_prices",
    "value_of",
]
