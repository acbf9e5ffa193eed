"""The installed command about models: it asks nobody, writes nothing, and needs no key."""

import json

from .service import Service
from .user import User


def test_a_manifest_is_begun_compared_and_priced_for_another_model_without_asking_anybody(
    user: User, service: Service
) -> None:
    user.writes("a")
    compared = user.types("models", "compare", "shots.yaml", "--with", "google/veo-3.1-fast-i2v", "-o", "json")
    assert compared.code == 0, compared.text
    [fast] = json.loads(compared.out)["models"]
    assert fast["total"] == {"low_usd": 0.644, "high_usd": 0.644}
    assert user.types("init", "new.yaml", "--model", "minimax/hailuo-2.3-i2v").code == 0
    assert "placeholder" in user.types("validate", "new.yaml").text
    schema = user.types("schema", "model")
    assert json.loads(schema.out)["title"] == "A description of an image-to-video model"
    assert service.submits == 0
