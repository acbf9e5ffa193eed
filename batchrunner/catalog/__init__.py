"""The models, as data: fields, roles, rules and dated prices. A further model is a file."""

from batchrunner.catalog.catalog import Catalog
from batchrunner.catalog.loader import shipped
from batchrunner.catalog.models import Model
from batchrunner.catalog.price_list import PriceList, price_list, read_prices, shipped_prices
from batchrunner.catalog.roles import ROLE_WORDS, Role
from batchrunner.catalog.rules import Rule

__all__ = [
    "ROLE_WORDS",
    "Catalog",
    "Model",
    "PriceList",
    "Role",
    "Rule",
    "price_list",
    "read_prices",
    "shipped",
    "shipped_prices",
]
