"""What a clip costs on the imitated service."""

from collections.abc import Mapping
from decimal import Decimal

_USD_PER_SECOND: Mapping[str, Mapping[str, Decimal]] = {
    "google/veo-3.1-i2v": {
        "720p": Decimal("0.322"),
        "1080p": Decimal("0.322"),
        "4k": Decimal("0.483"),
    },
    "google/veo-3.1-fast-i2v": {
        "720p": Decimal("0.0805"),
        "1080p": Decimal("0.0966"),
        "4k": Decimal("0.2415"),
    },
}

MODELS = tuple(_USD_PER_SECOND)


def price_usd(model: str, body: Mapping[str, object]) -> Decimal:
    """The charge for one clip: seconds of video times the price of its resolution.

    Where the body does not say, 8 seconds of 720p are taken; the service documents neither default.
    Source: Modellix's price list of 2026-08-18.
    """
    resolution = str(body.get("resolution", "720p"))
    return _USD_PER_SECOND[model][resolution] * Decimal(str(body.get("durationSeconds", "8")))
