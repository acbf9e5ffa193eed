"""The document that the service would publish of one of our models, with what is changed in it."""

import json
from collections.abc import Callable
from typing import Any

from batchrunner.catalog import shipped

SLUG = "google/veo-3.1-i2v"
API = "https://api.modellix.ai/api/v1/"


def published(slug: str = SLUG, change: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
    """It says what our description says; `change` is given the schema of the body."""
    model = shipped().find(slug)
    assert model
    schema = json.loads(json.dumps(dict(model.schema)))
    if change is not None:
        change(schema)
    post = {"description": "A model.", "requestBody": {"content": {"application/json": {"schema": schema}}}}
    return {"servers": [{"url": f"{API}{model.path}"}], "post": post}


def without_4k(schema: dict[str, Any]) -> None:
    """A change of the contract as it may come over night."""
    schema["properties"]["resolution"]["enum"] = ["720p", "1080p"]
